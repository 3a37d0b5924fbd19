"""A dead letter is the record itself with the reason beside it, and too many of them break a limit."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker.base import Record, RecordRef
from pipeline.sink.dead_letter import DeadLetterLimit, DeadLetterMeter, dead_letter

REF = RecordRef("consult.chunks", 4, 17)

headers = st.lists(
    st.tuples(st.text(max_size=10).filter(lambda name: not name.startswith("consult.")), st.binary(max_size=10))
).map(tuple)


@given(st.none() | st.binary(), st.binary(), headers)
def test_it_keeps_key_bytes_and_headers_and_stays_on_its_partition(
    key: bytes | None, value: bytes, kept: tuple[tuple[str, bytes], ...]
) -> None:
    record = Record(REF, key, value, kept, 5)

    letter = dead_letter(record, topic="consult.dead-letter", stage="source", code="not_json")

    assert (letter.topic, letter.partition, letter.key, letter.value) == ("consult.dead-letter", 4, key, value)
    assert letter.headers[: len(kept)] == kept


def test_its_headers_say_where_it_was_and_what_is_wrong() -> None:
    record = Record(REF, b"k", b"hello", (), 5)

    letter = dead_letter(record, topic="dl", stage="source", code="missing_field", field="speaker.id")

    assert dict(letter.headers) == {
        "consult.error.stage": b"source",
        "consult.error.code": b"missing_field",
        "consult.error.field": b"speaker.id",
        "consult.source.topic": b"consult.chunks",
        "consult.source.partition": b"4",
        "consult.source.offset": b"17",
    }


def test_a_producer_cannot_forge_the_reason_and_a_second_death_replaces_the_first() -> None:
    record = Record(REF, b"k", b"x", (("consult.error.code", b"fine"), ("traceparent", b"t")), 5)

    letter = dead_letter(record, topic="dl", stage="source", code="not_json")

    assert [value for name, value in letter.headers if name == "consult.error.code"] == [b"not_json"]
    assert ("traceparent", b"t") in letter.headers


def test_a_record_without_a_value_becomes_an_empty_letter() -> None:
    assert dead_letter(Record(REF, None, None, (), 5), topic="dl", stage="source", code="empty_record").value == b""


def test_a_run_of_dead_letters_breaks_the_limit_and_a_good_record_ends_the_run() -> None:
    meter = DeadLetterMeter(DeadLetterLimit(run=3, ratio=1.0, window=1000))

    counted = [meter.count(dead=dead) for dead in (True, True, False, True, True)]

    assert counted == [None] * 5
    assert meter.count(dead=True) == "3 unreadable records in a row"


def test_a_share_breaks_the_limit_only_once_the_window_is_full() -> None:
    meter = DeadLetterMeter(DeadLetterLimit(run=100, ratio=0.5, window=4))

    assert [meter.count(dead=dead) for dead in (True, True, True)] == [None] * 3
    assert meter.count(dead=False) == "3 unreadable records among the last 4"


def test_a_share_exactly_at_the_ratio_is_allowed() -> None:
    meter = DeadLetterMeter(DeadLetterLimit(run=100, ratio=0.5, window=4))

    assert [meter.count(dead=dead) for dead in (True, False, True, False)] == [None] * 4


@given(
    st.lists(st.booleans(), max_size=60),
    st.builds(DeadLetterLimit, run=st.integers(1, 6), ratio=st.floats(0.1, 1), window=st.integers(1, 8)),
)
def test_it_agrees_with_looking_at_the_whole_history(history: list[bool], limit: DeadLetterLimit) -> None:
    meter = DeadLetterMeter(limit)
    for number, dead in enumerate(history):
        past = history[: number + 1]
        run = len(past) - max((place + 1 for place, one in enumerate(past) if not one), default=0)
        recent = past[-limit.window :]
        broken = run >= limit.run or (len(recent) == limit.window and sum(recent) > limit.ratio * limit.window)
        assert (meter.count(dead=dead) is not None) == broken
