"""An erasure's record says where a consultation was cut, and only what lies before the cut is gone."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.chain import EVENTS_CHAIN, link
from pipeline.broker.base import Record, RecordRef
from pipeline.domain.audit import GENESIS, AuditEvent, AuditRecord
from pipeline.domain.sealing import WrappedKey
from pipeline.runtime.erased import ASKED, Asked, ErasedConsultations, asked_in, cut_detail
from tests import strategies

offsets = st.integers(0, 2**53)


def _event(value: bytes | None) -> Record:
    return Record(RecordRef("consult.audit.events", 0, 0), None, value, (), 0)


def _chunk(consult_id: str | None, *, partition: int = 0, offset: int = 0) -> Record:
    key = None if consult_id is None else consult_id.encode()
    return Record(RecordRef("consult.chunks", partition, offset), key, b"", (), 0)


def _linked(outcome: str = ASKED, *, event: AuditEvent = AuditEvent.ERASED, **fields: object) -> bytes:
    record = AuditRecord(event, outcome, 7, None, "test", **fields)  # type: ignore[arg-type]
    return link(record, chain_id=EVENTS_CHAIN, head=GENESIS)[0]


@given(strategies.identifiers, st.lists(offsets, max_size=12))
def test_the_cut_is_read_as_it_was_written(consult_id: str, ends: list[int]) -> None:
    value = _linked(consult_id=consult_id, detail={"reason": "asked for"} | cut_detail(dict(enumerate(ends))))

    assert asked_in(_event(value)) == Asked(consult_id, 7, tuple(ends))


@pytest.mark.parametrize("outcome", ["done", "unfinished"])
def test_the_end_of_an_erasure_asks_for_none(outcome: str) -> None:
    assert asked_in(_event(_linked(outcome, consult_id="c"))) is None


@pytest.mark.parametrize("event", [event for event in AuditEvent if event is not AuditEvent.ERASED])
def test_another_event_asks_for_none_whatever_its_words_are(event: AuditEvent) -> None:
    assert asked_in(_event(_linked(event=event, consult_id="c", detail={"say": '"event":"erased"'}))) is None


@pytest.mark.parametrize("cut", [{}, {"chunks_before": "1 x"}, {"chunks_before": "-1"}, {"chunks_before": ""}])
def test_an_erasure_without_a_readable_cut_is_still_heard(cut: dict[str, str]) -> None:
    assert asked_in(_event(_linked(consult_id="c", detail=cut))) == Asked("c", 7)


@given(st.none() | st.binary(max_size=80), st.booleans())
def test_what_is_no_record_asks_for_none(value: bytes | None, marked: bool) -> None:
    assert asked_in(_event(value and value + b'"event":"erased"' * marked)) is None


@pytest.mark.parametrize("field", ["consult_id", "recorded_at_ms", "outcome", "event"])
@pytest.mark.parametrize("value", [None, [], {}, 1.5])
def test_a_field_of_another_type_asks_for_none(field: str, value: object) -> None:
    body = orjson.loads(_linked(consult_id="c")) | {field: value, "mark": '"event":"erased"'}

    assert asked_in(_event(orjson.dumps(body))) is None


@given(offsets, offsets)
def test_what_lies_before_the_cut_of_its_partition_is_gone_and_nothing_else(end: int, offset: int) -> None:
    erased = ErasedConsultations()
    erased.add(Asked("gone", 7, (end, 0)))

    assert erased.hold(_chunk("gone", offset=offset)) == (offset < end)
    assert not erased.hold(_chunk("gone", partition=1, offset=offset))
    assert not erased.hold(_chunk("gone", partition=2, offset=offset))
    assert not erased.hold(_chunk("kept", offset=offset))
    assert not erased.hold(_chunk(None, offset=offset))


def test_an_erasure_done_again_cuts_where_the_last_one_did() -> None:
    erased = ErasedConsultations()
    erased.add(Asked("gone", 7, (3,)))
    erased.add(Asked("gone", 9, (5,)))

    assert [offset for offset in range(7) if erased.hold(_chunk("gone", offset=offset))] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("consult_id", "later_ms", "gone"),
    [("gone", -1, True), ("gone", 0, True), ("gone", 120_000, False), ("kept", -1, False)],
)
def test_a_key_from_before_is_gone_and_one_made_clearly_after_is_not(
    consult_id: str, later_ms: int, gone: bool
) -> None:
    erased = ErasedConsultations()
    erased.add(Asked("gone", 1_000_000, (5,)))

    assert erased.hold_key(WrappedKey(consult_id, "dk", "kek", b"", 1_000_000 + later_ms)) == gone
