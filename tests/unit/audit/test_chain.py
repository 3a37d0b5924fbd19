"""No link can be changed, moved, left out or put in without `verify` finding it."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.canonical import canonical, hash_of
from pipeline.audit.chain import chain_id_of, link, resume, verify
from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.domain.audit import GENESIS, AuditEvent, AuditRecord, ChainHead, Latency, SourcePosition
from pipeline.domain.judgment import ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.verdict import DecidedBy, Verdict
from pipeline.errors import AuditBroken

SOURCE = TopicPartition("consult.chunks", 3)
CHAIN = "consult.chunks/3"


def _verdict() -> Verdict:
    return Verdict(
        level=RiskLevel.UNSAFE,
        rule="judge_unsafe",
        decided_by=DecidedBy.JUDGE,
        reason="It names an employer.",
        categories=(Category.PHI,),
        evidence=(),
        scores=Scores(0.01, 0.04, 0.95),
        label_mass=0.99,
        policy_id="hipaa-consult",
        policy_version="1",
        model=ModelIdentity("guard", "r1", "p1"),
    )


def _entry(number: int) -> AuditRecord:
    return AuditRecord(
        event=AuditEvent.JUDGED,
        outcome="unsafe",
        recorded_at_ms=1_750_000_000_000 + number,
        source=SourcePosition(SOURCE.topic, SOURCE.partition, number),
        actor="consultguard-worker/0.1.0 w1",
        consult_id="consult-1",
        chunk_id=f"chk_{number}",
        seq=number,
        verdict_id=f"vrd_{number}",
        verdict=_verdict(),
        cleaner_version="clean-1",
        latency=Latency(1, 2, 3, 6),
    )


def _chain(length: int, *, chain_id: str = CHAIN) -> list[bytes]:
    head, values = GENESIS, []
    for number in range(length):
        value, head = link(_entry(number), chain_id=chain_id, head=head)
        values.append(value)
    return values


def _records(values: Sequence[bytes | None]) -> list[Record]:
    return [
        Record(RecordRef("consult.audit", SOURCE.partition, offset), b"consult-1", value, (), 0)
        for offset, value in enumerate(values)
    ]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value that holds no further places."""
    if isinstance(value, dict) and value:
        return [found for key, inner in value.items() for found in _paths(inner, (*path, key))]
    if isinstance(value, list) and value:
        return [found for index, inner in enumerate(value) for found in _paths(inner, (*path, index))]
    return [path]


LINKS = _chain(5)
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
    found = verify(_records(LINKS), chain_id=CHAIN)

    assert found.verified
    assert (found.records, found.head.seq, found.flaw, found.offset) == (5, 4, None, None)


def test_an_empty_chain_is_verified() -> None:
    assert verify([], chain_id=CHAIN).head == GENESIS


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_change_of_any_one_field_is_found_where_it_is(path: tuple[Any, ...]) -> None:
    links = [*LINKS[:2], _changed(LINKS[2], path), *LINKS[3:]]

    found = verify(_records(links), chain_id=CHAIN)

    assert not found.verified
    assert (found.records, found.offset) == (2, 2)


@pytest.mark.parametrize(
    "path", [path for path in PLACES if path != ("hash",)], ids=lambda path: ".".join(map(str, path))
)
def test_a_change_with_its_hash_recomputed_is_found_there_or_at_the_next_link(path: tuple[Any, ...]) -> None:
    body = orjson.loads(_changed(LINKS[2], path))
    del body["hash"]
    forged = canonical(body)[:-1] + b',"hash":"' + hash_of(body).encode() + b'"}'

    found = verify(_records([*LINKS[:2], forged, *LINKS[3:]]), chain_id=CHAIN)

    assert not found.verified
    assert found.offset in {2, 3}


def test_a_removed_and_an_added_field_are_found() -> None:
    for edit in ({"note": "fine"}, {"outcome": None}):
        body = orjson.loads(LINKS[2]) | edit
        body = {key: value for key, value in body.items() if key != "outcome" or value is not None}
        digest = body.pop("hash")
        links = [*LINKS[:2], canonical(body)[:-1] + b',"hash":"' + digest.encode() + b'"}', *LINKS[3:]]
        assert verify(_records(links), chain_id=CHAIN).flaw == "altered"


def test_a_field_written_twice_is_found_although_the_last_one_wins() -> None:
    smuggled = b'{"outcome":"safe",' + LINKS[2][1:]

    assert verify(_records([*LINKS[:2], smuggled]), chain_id=CHAIN).flaw == "altered"


def test_another_spelling_of_the_same_record_is_found() -> None:
    spaced = orjson.dumps(orjson.loads(LINKS[2]), option=orjson.OPT_INDENT_2)

    assert verify(_records([*LINKS[:2], spaced]), chain_id=CHAIN).flaw == "altered"


@pytest.mark.parametrize(
    "value",
    [None, b"", b"null", b"[]", b'"x"', b"{}", b"{", b"\xff", b'{"hash":"a"}', b'{"hash":"a","chain":[]}',
     b'{"hash":null,"chain":{"id":"a","seq":0,"prev":"b"}}', b'{"hash":["a"],"chain":{"id":"a","seq":0,"prev":"b"}}'],
)  # fmt: skip
def test_what_is_no_audit_record_is_found_and_never_raises(value: bytes | None) -> None:
    found = verify(_records([LINKS[0], value]), chain_id=CHAIN)

    assert (found.records, found.offset) == (1, 1)
    assert not found.verified


@given(st.binary(max_size=80))
def test_no_bytes_are_a_link_by_chance(value: bytes) -> None:
    assert not verify(_records([value]), chain_id=CHAIN).verified


@given(st.permutations(range(5)), st.integers(0, 5))
def test_of_any_order_and_selection_only_a_beginning_of_the_chain_is_verified(order: list[int], length: int) -> None:
    chosen = order[:length]

    found = verify(_records([LINKS[number] for number in chosen]), chain_id=CHAIN)

    assert found.verified == (chosen == list(range(length)))


@pytest.mark.parametrize("place", range(1, 5))
def test_a_link_put_in_twice_is_found(place: int) -> None:
    links = [*LINKS[:place], LINKS[place - 1], *LINKS[place:]]

    assert verify(_records(links), chain_id=CHAIN).offset == place


def test_a_chain_cut_at_its_start_is_found_unless_its_head_there_is_known() -> None:
    rest = _records(LINKS)[2:]
    known = verify(_records(LINKS[:2]), chain_id=CHAIN).head

    assert verify(rest, chain_id=CHAIN).flaw == "out of sequence"
    assert verify(rest, chain_id=CHAIN, after=known).verified
    assert not verify(rest, chain_id=CHAIN, after=ChainHead(known.seq, "f" * 64)).verified


def test_a_chain_is_not_taken_for_another_partitions() -> None:
    assert verify(_records(LINKS), chain_id="consult.chunks/4").flaw == "of another chain"


def test_a_new_owner_continues_after_the_last_record() -> None:
    head = resume(_records(LINKS)[-1], chain_id=CHAIN)
    value, _ = link(_entry(5), chain_id=CHAIN, head=head)

    assert verify(_records([*LINKS, value]), chain_id=CHAIN).records == 6


def test_without_a_record_a_chain_begins() -> None:
    assert resume(None, chain_id=CHAIN) == GENESIS


@pytest.mark.parametrize(
    "value", [b"", b"{}", LINKS[4].replace(b"unsafe", b"safe"), _chain(1, chain_id="consult.chunks/0")[0]]
)
def test_a_worker_refuses_to_write_after_a_record_that_is_no_sound_link(value: bytes) -> None:
    with pytest.raises(AuditBroken, match="offset 0"):
        resume(_records([value])[0], chain_id=CHAIN)


def test_a_sequence_number_that_is_no_whole_number_is_no_link() -> None:
    body = orjson.loads(LINKS[4])
    del body["hash"]
    body["chain"]["seq"] = "4"
    forged = canonical(body)[:-1] + b',"hash":"' + hash_of(body).encode() + b'"}'

    with pytest.raises(AuditBroken):
        resume(_records([forged])[0], chain_id=CHAIN)


def test_a_writer_links_the_same_again_until_it_is_told_that_they_are_committed() -> None:
    writer = ChainWriter(audit_topic="consult.audit")
    writer.own(SOURCE, GENESIS)

    first, head = writer.write(SOURCE, [_entry(0), _entry(1)])
    again, _ = writer.write(SOURCE, [_entry(0), _entry(1)])
    writer.committed({SOURCE: head})
    third, _ = writer.write(SOURCE, [_entry(2)])

    assert first == again
    assert [record.partition for record in first] == [3, 3]
    assert [record.key for record in first] == [b"consult-1", b"consult-1"]
    assert verify(_records([record.value for record in (*first, *third)]), chain_id=chain_id_of(SOURCE)).records == 3
