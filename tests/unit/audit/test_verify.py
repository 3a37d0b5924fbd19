"""No link can be changed, moved, left out or put in without `verify` finding it, and saying what was done."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.canonical import canonical, hash_of
from pipeline.audit.chain import link
from pipeline.audit.verify import FlawKind, Signed, Verification, verify
from pipeline.domain.audit import GENESIS, ChainHead
from tests.audit_chains import CHAIN, chain, entry, records


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value that holds no further places."""
    if isinstance(value, dict) and value:
        return [found for key, inner in value.items() for found in _paths(inner, (*path, key))]
    if isinstance(value, list) and value:
        return [found for index, inner in enumerate(value) for found in _paths(inner, (*path, index))]
    return [path]


def _kind(found: Verification) -> FlawKind | None:
    return None if found.flaw is None else found.flaw.kind


def _offset(found: Verification) -> int | None:
    return None if found.flaw is None else found.flaw.offset


LINKS = chain(5)
PLACES = _paths(orjson.loads(LINKS[2]))


def _changed(value: bytes, path: tuple[Any, ...]) -> bytes:
    body = orjson.loads(value)
    inner = body
    for part in path[:-1]:
        inner = inner[part]
    old = inner[path[-1]]
    inner[path[-1]] = old + 1 if isinstance(old, int | float) else f"{old}x"
    hashed = body.pop("hash")
    return canonical(body)[:-1] + b',"hash":' + orjson.dumps(hashed) + b"}"


def test_an_untouched_chain_is_verified_to_its_head() -> None:
    found = verify(records(LINKS), chain_id=CHAIN)

    assert found.verified
    assert (found.records, found.head.seq, found.began, found.flaw) == (5, 4, 0, None)


def test_an_empty_chain_is_verified() -> None:
    assert verify([], chain_id=CHAIN).head == GENESIS


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_change_of_any_one_field_is_found_where_it_is(path: tuple[Any, ...]) -> None:
    links = [*LINKS[:2], _changed(LINKS[2], path), *LINKS[3:]]

    found = verify(records(links), chain_id=CHAIN)

    assert not found.verified
    assert (found.records, _offset(found)) == (2, 2)


@pytest.mark.parametrize(
    "path", [path for path in PLACES if path != ("hash",)], ids=lambda path: ".".join(map(str, path))
)
def test_a_change_with_its_hash_recomputed_is_found_there_or_at_the_next_link(path: tuple[Any, ...]) -> None:
    body = orjson.loads(_changed(LINKS[2], path))
    del body["hash"]
    forged = canonical(body)[:-1] + b',"hash":"' + hash_of(body).encode() + b'"}'

    found = verify(records([*LINKS[:2], forged, *LINKS[3:]]), chain_id=CHAIN)

    assert not found.verified
    assert _offset(found) in {2, 3}


def test_a_removed_and_an_added_field_are_found() -> None:
    for edit in ({"note": "fine"}, {"outcome": None}):
        body = orjson.loads(LINKS[2]) | edit
        body = {key: value for key, value in body.items() if key != "outcome" or value is not None}
        digest = body.pop("hash")
        links = [*LINKS[:2], canonical(body)[:-1] + b',"hash":"' + digest.encode() + b'"}', *LINKS[3:]]
        assert _kind(verify(records(links), chain_id=CHAIN)) == "altered"


def test_a_field_written_twice_is_found_although_the_last_one_wins() -> None:
    smuggled = b'{"outcome":"safe",' + LINKS[2][1:]

    assert _kind(verify(records([*LINKS[:2], smuggled]), chain_id=CHAIN)) == "altered"


def test_another_spelling_of_the_same_record_is_found() -> None:
    spaced = orjson.dumps(orjson.loads(LINKS[2]), option=orjson.OPT_INDENT_2)

    assert _kind(verify(records([*LINKS[:2], spaced]), chain_id=CHAIN)) == "altered"


@pytest.mark.parametrize(
    "value",
    [None, b"", b"null", b"[]", b'"x"', b"{}", b"{", b"\xff", b'{"hash":"a"}', b'{"hash":"a","chain":[]}',
     b'{"hash":null,"chain":{"id":"a","seq":0,"prev":"b"}}', b'{"hash":["a"],"chain":{"id":"a","seq":0,"prev":"b"}}'],
)  # fmt: skip
def test_what_is_no_audit_record_is_found_and_never_raises(value: bytes | None) -> None:
    found = verify(records([LINKS[0], value]), chain_id=CHAIN)

    assert (found.records, _offset(found)) == (1, 1)
    assert not found.verified


@given(st.binary(max_size=80))
def test_no_bytes_are_a_link_by_chance(value: bytes) -> None:
    assert not verify(records([value]), chain_id=CHAIN).verified


@given(st.permutations(range(5)), st.integers(0, 5))
def test_of_any_order_and_selection_only_a_beginning_of_the_chain_is_verified(order: list[int], length: int) -> None:
    chosen = order[:length]

    found = verify(records([LINKS[number] for number in chosen]), chain_id=CHAIN)

    assert found.verified == (chosen == list(range(length)))


@pytest.mark.parametrize("place", range(1, 5))
def test_a_link_put_in_twice_is_found(place: int) -> None:
    links = [*LINKS[:place], LINKS[place - 1], *LINKS[place:]]

    assert _offset(verify(records(links), chain_id=CHAIN)) == place


def test_a_chain_cut_at_its_start_is_found_unless_its_head_there_is_known() -> None:
    rest = records(LINKS)[2:]
    known = verify(records(LINKS[:2]), chain_id=CHAIN).head

    assert _kind(verify(rest, chain_id=CHAIN)) == "missing"
    assert verify(rest, chain_id=CHAIN, after=known).verified
    assert not verify(rest, chain_id=CHAIN, after=ChainHead(known.seq, "f" * 64)).verified


def test_a_chain_is_not_taken_for_another_partitions() -> None:
    assert _kind(verify(records(LINKS), chain_id="consult.chunks/4")) == "foreign"


def _linked_after(head: ChainHead, number: int) -> bytes:
    return link(entry(number), chain_id=CHAIN, head=head)[0]


def _head(links: list[bytes]) -> ChainHead:
    return verify(records(links), chain_id=CHAIN).head


OTHER = chain(3, chain_id="consult.chunks/9")
TAMPERINGS: dict[str, tuple[Callable[[], list[bytes]], FlawKind, int]] = {
    "an edited record": (lambda: [*LINKS[:2], LINKS[2].replace(b"unsafe", b"safe"), *LINKS[3:]], FlawKind.ALTERED, 2),
    "a deleted record": (lambda: [*LINKS[:2], *LINKS[3:]], FlawKind.MISSING, 2),
    "a deleted beginning": (lambda: LINKS[1:], FlawKind.MISSING, 0),
    "two records changed over": (lambda: [LINKS[0], LINKS[2], LINKS[1], *LINKS[3:]], FlawKind.REORDERED, 1),
    "the last two changed over": (lambda: [*LINKS[:3], LINKS[4], LINKS[3]], FlawKind.REORDERED, 3),
    "a record twice": (lambda: [*LINKS[:3], LINKS[1], *LINKS[3:]], FlawKind.DUPLICATED, 1),
    "a record put in, linked to the one before": (
        lambda: [*LINKS[:2], _linked_after(_head(LINKS[:2]), 99), *LINKS[2:]],
        FlawKind.FORKED,
        2,
    ),
    "a record put in, linked to nothing": (
        lambda: [*LINKS[:2], _linked_after(ChainHead(1, "e" * 64), 99), *LINKS[2:]],
        FlawKind.INSERTED,
        2,
    ),
    "another history from here on": (
        lambda: [*LINKS[:2], _linked_after(ChainHead(1, "e" * 64), 99)],
        FlawKind.FORKED,
        2,
    ),
    "another chain's record": (lambda: [*LINKS[:2], OTHER[2], *LINKS[2:]], FlawKind.FOREIGN, 2),
    "what is no record": (lambda: [*LINKS[:2], b"{}", *LINKS[2:]], FlawKind.UNREADABLE, 2),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tampering_is_called_by_its_name_and_found_at_its_place(name: str) -> None:
    make, kind, place = TAMPERINGS[name]

    found = verify(records(make()), chain_id=CHAIN)

    assert found.flaw is not None
    assert (found.flaw.kind, found.flaw.seq, found.flaw.chain_id) == (kind, place, CHAIN)


def test_a_cut_tail_is_found_by_what_a_checkpoint_signed() -> None:
    signed = Signed(5, _head(LINKS).hash)

    assert verify(records(LINKS), chain_id=CHAIN, signed=signed).verified
    assert verify(records([*LINKS, _linked_after(_head(LINKS), 5)]), chain_id=CHAIN, signed=signed).verified
    cut = verify(records(LINKS[:3]), chain_id=CHAIN, signed=signed)
    assert cut.flaw is not None
    assert (cut.flaw.kind, cut.flaw.seq, cut.flaw.offset) == (FlawKind.TAIL_CUT, 3, None)
    assert _kind(verify([], chain_id=CHAIN, signed=signed)) == FlawKind.TAIL_CUT


def test_a_chain_sound_in_itself_that_is_not_the_signed_one_is_found() -> None:
    head, forged = GENESIS, []
    for number in range(5, 11):
        value, head = link(entry(number), chain_id=CHAIN, head=head)
        forged.append(value)

    assert verify(records(forged), chain_id=CHAIN).verified
    found = verify(records(forged), chain_id=CHAIN, signed=Signed(5, _head(LINKS).hash))
    assert found.flaw is not None
    assert (found.flaw.kind, found.flaw.seq) == (FlawKind.REPLACED, 4)


def test_a_chain_whose_beginning_retention_cut_is_followed_from_its_first_record() -> None:
    found = verify(records(LINKS[2:]), chain_id=CHAIN, after=None, signed=Signed(5, _head(LINKS).hash))

    assert found.verified
    assert (found.records, found.began, found.head.seq) == (3, 2, 4)


def test_a_repeated_record_is_told_from_a_forged_one_however_long_ago_it_was() -> None:
    long = chain(40)

    assert _kind(verify(records([*long, long[3]]), chain_id=CHAIN)) == FlawKind.DUPLICATED
