"""A proof holds for the record it is of, under the checkpoint it carries, and for nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audit.chain import link
from pipeline.audit.checkpoint import read
from pipeline.audit.checkpointer import Checkpointer
from pipeline.audit.proof import Disproved, Made, ProofFlaw, Proven, find_mentions, prove, verify_proof
from pipeline.broker.base import TopicPartition
from pipeline.domain.audit import GENESIS, AuditEvent, AuditRecord, SourcePosition
from pipeline.errors import AuditBroken, CheckpointForged, ProofUnavailable
from pipeline.testing.fake_clock import FakeClock
from tests.audit_chains import chain, entry
from tests.unit.audit.checkpoints import KEY, ORIGIN, OTHER_KEY, checkpoint
from tests.unit.audit.listed_reader import ListedReader

TOPIC = "consult.audit"
P0, P1 = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
A, B = "consult.chunks/0", "consult.chunks/1"
CHAINS = {A: P0, B: P1}
LINKS = chain(46, chain_id=A)
PUBLIC = KEY.public_key()


def _reader(size: int) -> ListedReader:
    reader = ListedReader(gap=1)
    reader.append(P0, LINKS[:size])
    return reader


def _checkpoint(reader: ListedReader) -> bytes:
    checkpointer = Checkpointer(reader, audit_topic=TOPIC, partitions=2, origin=ORIGIN, key=KEY, clock=FakeClock())
    checkpointer.advance()
    return checkpointer.checkpoint()


def _prove(reader: ListedReader, chunk_id: str, value: bytes | None) -> Made:
    return prove(reader, CHAINS, chunk_id=chunk_id, checkpoint=value, public_key=PUBLIC, origin=ORIGIN)


@cache
def _proof(size: int = 11, index: int = 6) -> bytes:
    reader = _reader(size)
    return _prove(reader, f"chk_{index}", _checkpoint(reader)).value


def _with(proof: bytes, **changes: object) -> bytes:
    return orjson.dumps(orjson.loads(proof) | changes, option=orjson.OPT_SORT_KEYS)


def _flaw(value: bytes) -> ProofFlaw:
    found = verify_proof(value, public_key=PUBLIC, origin=ORIGIN)
    assert isinstance(found, Disproved)
    assert found.words
    return found.flaw


@settings(max_examples=50)
@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.integers(0, 5))
def test_every_record_that_a_checkpoint_covers_can_be_proven(place: tuple[int, int], more: int) -> None:
    size, index = place
    reader = _reader(size)
    value = _checkpoint(reader)
    reader.append(P0, LINKS[size : size + more])

    made = _prove(reader, f"chk_{index}", value)
    found = verify_proof(made.value, public_key=PUBLIC)

    assert isinstance(found, Proven)
    assert (found.chain_id, found.index, found.record["chunk_id"]) == (A, index, f"chk_{index}")
    assert found.checkpoint == read(value, public_key=PUBLIC)
    assert found == made.proven


@given(st.data())
def test_any_byte_changed_anywhere_makes_it_fail(data: st.DataObject) -> None:
    proof = bytearray(_proof())
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != proof[place]))

    assert isinstance(verify_proof(bytes(proof), public_key=PUBLIC), Disproved)


@given(st.data())
def test_any_byte_added_or_left_out_makes_it_fail(data: st.DataObject) -> None:
    proof = _proof()
    place = data.draw(st.integers(0, len(proof)))
    added = data.draw(st.binary(max_size=2))
    cut = data.draw(st.integers(0 if added else 1, 3))
    changed = proof[:place] + added + proof[place + cut :]

    assert changed == proof or isinstance(verify_proof(changed, public_key=PUBLIC), Disproved)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.binary(max_size=80) | JSON.map(orjson.dumps))
def test_rubbish_is_a_flaw_and_no_fault(value: bytes) -> None:
    assert _flaw(value) is ProofFlaw.UNREADABLE


@settings(max_examples=50)
@given(st.sampled_from(["schema", "record", "chain", "index", "size", "path", "checkpoint", "more"]), JSON)
def test_a_field_of_any_other_content_is_a_flaw_and_no_fault(field: str, value: object) -> None:
    if orjson.loads(_proof()).get(field) != value:
        assert _flaw(_with(_proof(), **{field: value})) in set(ProofFlaw)


@pytest.mark.parametrize("field", ["record", "checkpoint"])
def test_what_is_nested_too_deeply_is_a_flaw_and_no_fault(field: str) -> None:
    deep = '{"chain":{"id":"a","prev":"b","seq":0},"hash":"c","x":' + "[" * 400 + "]" * 400 + "}"

    assert _flaw(_with(_proof(), **{field: deep})) in (ProofFlaw.RECORD, ProofFlaw.CHECKPOINT)
    assert _flaw(deep.encode()) is ProofFlaw.UNREADABLE


def _path(proof: bytes) -> list[str]:
    found: list[str] = orjson.loads(proof)["path"]
    return found


OF_ANOTHER_DEPLOYMENT = checkpoint(0, {A: 11}, origin="elsewhere").decode()
BY_ANOTHER_KEY = checkpoint(0, {A: 11}, key=OTHER_KEY).decode()
OF_OTHER_CHAINS = checkpoint(0, {B: 11}).decode()
OF_ANOTHER_HISTORY = checkpoint(0, {A: 11}).decode()
TAMPERED: Mapping[str, tuple[Callable[[bytes], Mapping[str, object]], ProofFlaw]] = {
    "wrong index": (lambda _: {"index": 5}, ProofFlaw.PLACE),
    "index past the end": (lambda _: {"index": 11}, ProofFlaw.PLACE),
    "another chain": (lambda _: {"chain": B}, ProofFlaw.PLACE),
    "another record": (lambda _: {"record": orjson.loads(_proof(11, 5))["record"]}, ProofFlaw.PLACE),
    "another record, given out for its own": (
        lambda _: {"record": orjson.loads(_proof(11, 5))["record"], "index": 5},
        ProofFlaw.PATH,
    ),
    "altered record": (
        lambda proof: {"record": orjson.loads(proof)["record"].replace('"outcome":"unsafe"', '"outcome":"safe"')},
        ProofFlaw.RECORD,
    ),
    "wrong size": (lambda _: {"size": 12}, ProofFlaw.COVERAGE),
    "covers too little": (
        lambda _: {"size": 4, "checkpoint": orjson.loads(_proof(4, 0))["checkpoint"]},
        ProofFlaw.COVERAGE,
    ),
    "covers other chains": (lambda _: {"checkpoint": OF_OTHER_CHAINS}, ProofFlaw.COVERAGE),
    "covers another history": (lambda _: {"checkpoint": OF_ANOTHER_HISTORY}, ProofFlaw.PATH),
    "another key": (lambda _: {"checkpoint": BY_ANOTHER_KEY}, ProofFlaw.CHECKPOINT),
    "another deployment": (lambda _: {"checkpoint": OF_ANOTHER_DEPLOYMENT}, ProofFlaw.CHECKPOINT),
    "altered checkpoint": (
        lambda proof: {"checkpoint": orjson.loads(proof)["checkpoint"].replace('"seq":0', '"seq":1')},
        ProofFlaw.CHECKPOINT,
    ),
    "short path": (lambda proof: {"path": _path(proof)[:-1]}, ProofFlaw.PATH),
    "long path": (lambda proof: {"path": [*_path(proof), "ab" * 32]}, ProofFlaw.PATH),
    "path in another order": (lambda proof: {"path": _path(proof)[::-1]}, ProofFlaw.PATH),
    "no path": (lambda _: {"path": []}, ProofFlaw.PATH),
    "upper-case path": (lambda proof: {"path": [found.upper() for found in _path(proof)]}, ProofFlaw.UNREADABLE),
    "another version": (lambda _: {"schema": "consult.audit-proof/2"}, ProofFlaw.UNREADABLE),
    "a field more": (lambda _: {"note": "trust me"}, ProofFlaw.UNREADABLE),
    "true for one": (lambda _: {"index": True}, ProofFlaw.UNREADABLE),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_each_tampering_is_named(name: str) -> None:
    change, flaw = TAMPERED[name]

    assert _flaw(_with(_proof(), **change(_proof()))) is flaw


def test_the_origin_is_asked_for_only_where_it_is_given() -> None:
    assert isinstance(verify_proof(_proof(), public_key=PUBLIC), Proven)
    found = verify_proof(_proof(), public_key=PUBLIC, origin="elsewhere")
    assert isinstance(found, Disproved)
    assert found.flaw is ProofFlaw.CHECKPOINT


def test_another_public_key_proves_nothing() -> None:
    found = verify_proof(_proof(), public_key=OTHER_KEY.public_key())

    assert isinstance(found, Disproved)
    assert found.flaw is ProofFlaw.CHECKPOINT


def _mixed(*events: AuditEvent) -> ListedReader:
    """A chain in which each record is about the chunk `chk_0`, with another chunk's between."""
    head, values = GENESIS, []
    for number, event in enumerate(events):
        for chunk_id in ("chk_0", f"chk_other_{number}"):
            value, head = link(replace(entry(number), event=event, chunk_id=chunk_id), chain_id=A, head=head)
            values.append(value)
    reader = ListedReader()
    reader.append(P0, values)
    return reader


def test_the_record_that_judged_the_chunk_is_proven_and_the_others_are_told() -> None:
    reader = _mixed(AuditEvent.DUPLICATE, AuditEvent.JUDGED, AuditEvent.DUPLICATE, AuditEvent.JUDGED)

    made = _prove(reader, "chk_0", _checkpoint(reader))

    assert (made.proven.record["event"], made.proven.index) == ("judged", 2)
    assert [(other.event, other.seq) for other in made.others] == [("judged", 6), ("duplicate", 0), ("duplicate", 4)]


def test_what_was_never_judged_can_be_proven_too() -> None:
    reader = _mixed(AuditEvent.DUPLICATE, AuditEvent.DEAD_LETTERED)

    made = _prove(reader, "chk_0", _checkpoint(reader))

    assert made.proven.record["event"] == "dead_lettered"


def test_a_chunk_is_found_in_whichever_chain_it_is() -> None:
    reader = _reader(3)
    source = SourcePosition("consult.chunks", 1, 0)
    record: AuditRecord = replace(entry(0), chunk_id="chk_elsewhere", source=source)
    reader.append(P1, [link(record, chain_id=B, head=GENESIS)[0]])

    assert _prove(reader, "chk_elsewhere", _checkpoint(reader)).proven.chain_id == B


def test_a_record_that_no_checkpoint_covers_yet_is_refused_with_the_mend() -> None:
    reader = _reader(5)
    value = _checkpoint(reader)
    reader.append(P0, LINKS[5:7])

    with pytest.raises(ProofUnavailable, match=r"number 5 of chain consult\.chunks/0.* 5 records.*--once"):
        _prove(reader, "chk_5", value)
    with pytest.raises(ProofUnavailable, match="and 0 records are covered"):
        _prove(reader, "chk_5", None)


def test_a_chunk_of_no_record_is_said() -> None:
    with pytest.raises(ProofUnavailable, match="no audit record is about this chunk"):
        _prove(_reader(5), "chk_77", None)


def test_a_beginning_that_retention_cut_is_said() -> None:
    reader = _reader(5)
    value = _checkpoint(reader)
    reader.cut(P0, 2)

    with pytest.raises(ProofUnavailable, match="begins with record 2: retention"):
        _prove(reader, "chk_3", value)


def test_a_chain_that_is_not_what_was_signed_makes_no_proof() -> None:
    values = LINKS[:6]
    reader = _reader(6)
    value = _checkpoint(reader)
    head, rewritten = GENESIS, []
    for number in range(6):
        made, head = link(replace(entry(number), outcome="safe"), chain_id=A, head=head)
        rewritten.append(made)

    for replaced in (rewritten, values[:5], [*values[:2], values[3]], [*values[:5], b"{}"]):
        reader.replace(P0, replaced)
        with pytest.raises(AuditBroken, match="audit verify"):
            _prove(reader, "chk_3", value)


def test_a_record_that_is_altered_is_not_passed_over_in_silence() -> None:
    reader = ListedReader()
    reader.append(P0, [value.replace(b'"outcome":"unsafe"', b'"outcome":"safe"') for value in LINKS[:1]])

    with pytest.raises(AuditBroken, match=r"offset 0 of consult\.audit/0"):
        find_mentions(reader, CHAINS, chunk_id="chk_0")


def test_a_checkpoint_of_another_key_makes_no_proof() -> None:
    with pytest.raises(CheckpointForged):
        _prove(_reader(3), "chk_1", checkpoint(0, {A: 3}, key=OTHER_KEY))
