"""What is written is what is read, in order, and only once it is committed."""

import pytest

from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.errors import BrokerError
from tests.contract.rig import CLOCK, Rig


def test_a_partition_gives_records_back_in_the_order_they_were_published(rig: Rig) -> None:
    topic = rig.topic()
    values = [b"%d" % number for number in range(250)]
    rig.publish(topic, values[:100])
    rig.publish(topic, values[100:])

    assert rig.values(topic) == values


def test_offsets_rise_and_publish_returns_the_places_it_wrote(rig: Rig) -> None:
    topic = rig.topic(partitions=2)
    with rig.publishing() as publish:
        refs = publish([OutgoingRecord(topic, b"k", b"%d" % number, number % 2) for number in range(10)])

    for partition in (0, 1):
        found = rig.records(topic, partition)
        assert [record.ref for record in found] == [ref for ref in refs if ref.partition == partition]
        offsets = [record.ref.offset for record in found]
        assert offsets == sorted(set(offsets))
        assert [record.value for record in found] == [b"%d" % number for number in range(partition, 10, 2)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"consult-1", b"plain"),
        (None, b"no key"),
        (b"", b"empty key"),
        (b"k", b""),
        (b"\x00\xff\xfe", bytes(range(256))),
        (b"large", b"\xf0\x9f\xa9\xba" * 225_000),
    ],
    ids=["text", "no-key", "empty-key", "empty-value", "binary", "900-kB"],
)
def test_key_and_value_come_back_byte_for_byte(rig: Rig, key: bytes | None, value: bytes) -> None:
    topic = rig.topic()
    with rig.publishing() as publish:
        publish([OutgoingRecord(topic, key, value, 0)])

    (record,) = rig.records(topic)
    assert (record.key, record.value) == (key, value)


def test_headers_come_back_in_order_with_repeats_and_bytes(rig: Rig) -> None:
    topic = rig.topic()
    headers = (("b", b"1"), ("a", b"\x00\xff"), ("b", b""), ("naïve 名", "值".encode()))
    with rig.publishing() as publish:
        publish([OutgoingRecord(topic, b"k", b"v", 0, headers), OutgoingRecord(topic, b"k", b"w", 0)])

    assert [record.headers for record in rig.records(topic)] == [headers, ()]


def test_without_a_partition_the_key_decides_as_in_kafka(rig: Rig) -> None:
    """The partitions were computed with the Java client: `Utils.toPositive(Utils.murmur2(key)) % 4`."""
    topic = rig.topic(partitions=4)
    keys = [b"21", b"foobar", b"a-little-bit-long-string", b"a-little-bit-longer-string", b"abc"]
    hashes = [-973932308, -790332482, -985981536, -1486304829, 479470107]
    with rig.publishing() as publish:
        refs = publish([OutgoingRecord(topic, key, b"v") for key in keys])

    assert [ref.partition for ref in refs] == [(murmur2 & 0x7FFFFFFF) % 4 for murmur2 in hashes]


def test_one_publish_spans_topics_and_partitions(rig: Rig) -> None:
    first, second = rig.topic(partitions=2), rig.topic()
    with rig.publishing() as publish:
        publish(
            [
                OutgoingRecord(first, b"k", b"1", 0),
                OutgoingRecord(second, b"k", b"2", 0),
                OutgoingRecord(first, b"k", b"3", 1),
            ]
        )

    assert (rig.values(first), rig.values(second), rig.values(first, 1)) == ([b"1"], [b"2"], [b"3"])


def test_publish_writes_nothing_when_one_record_cannot_be_written(rig: Rig) -> None:
    topic = rig.topic(partitions=1)
    with rig.publishing() as publish, pytest.raises(BrokerError):
        publish([OutgoingRecord(topic, b"k", b"fits", 0), OutgoingRecord(topic, b"k", b"no such partition", 7)])

    assert rig.values(topic) == []


def test_publishing_nothing_is_allowed(rig: Rig) -> None:
    with rig.publishing() as publish:
        assert list(publish([])) == []


def test_a_new_partition_is_empty(rig: Rig) -> None:
    place = TopicPartition(rig.topic(), 0)
    with rig.reading() as reader:
        assert reader.begin_offset(place) == reader.end_offset(place) == 0
        assert reader.last(place, settle_seconds=5.0) is None
        assert list(reader.read(place, start=0)) == []
        assert reader.offset_for_time(place, 0) == 0
        assert reader.committed("nobody", place) is None


def test_read_keeps_to_start_and_stop(rig: Rig) -> None:
    topic = rig.topic()
    offsets = rig.publish(topic, [b"%d" % number for number in range(10)])
    place = TopicPartition(topic, 0)
    with rig.reading() as reader:
        reader.last(place, settle_seconds=5.0)
        middle = list(reader.read(place, start=offsets[3], stop=offsets[7]))
        rest = list(reader.read(place, start=offsets[8]))
        past = list(reader.read(place, start=reader.end_offset(place)))
        beyond = list(reader.read(place, start=0, stop=offsets[-1] + 1_000))

    assert [record.value for record in middle] == [b"3", b"4", b"5", b"6"]
    assert [record.value for record in rest] == [b"8", b"9"]
    assert past == []
    assert len(beyond) == 10


def test_read_without_stop_ends_where_the_log_ended_when_it_was_called(rig: Rig) -> None:
    topic = rig.topic()
    rig.publish(topic, [b"before"])
    place = TopicPartition(topic, 0)
    with rig.reading() as reader:
        reader.last(place, settle_seconds=5.0)
        records = reader.read(place, start=0)
        rig.publish(topic, [b"after"])

        assert [record.value for record in records] == [b"before"]


def test_one_reader_reads_partitions_in_turn_and_again(rig: Rig) -> None:
    topic = rig.topic(partitions=2)
    rig.publish(topic, [b"a", b"b"], partition=0)
    rig.publish(topic, [b"c"], partition=1)
    first, second = TopicPartition(topic, 0), TopicPartition(topic, 1)
    with rig.reading() as reader:
        for place in (first, second):
            reader.last(place, settle_seconds=5.0)
        seen = [[record.value for record in reader.read(place, start=0)] for place in (first, second, first)]

    assert seen == [[b"a", b"b"], [b"c"], [b"a", b"b"]]


def test_last_is_the_newest_record_and_lies_before_the_end(rig: Rig) -> None:
    topic = rig.topic()
    rig.publish(topic, [b"1", b"2"])
    rig.publish(topic, [b"3"])
    place = TopicPartition(topic, 0)
    with rig.reading() as reader:
        last = reader.last(place, settle_seconds=10.0)

        assert last is not None
        assert last.value == b"3"
        assert reader.begin_offset(place) == 0
        assert reader.end_offset(place) > last.ref.offset


def test_reading_from_the_offset_of_a_time_begins_with_the_first_record_at_or_after_it(rig: Rig) -> None:
    """The offset may be one that holds no record (in Kafka, the end of a transaction); nothing older follows it."""
    topic = rig.topic()
    place = TopicPartition(topic, 0)
    rig.publish(topic, [b"early"])
    early = rig.records(topic)[0]
    rig.until(lambda: CLOCK.now_ms() > early.timestamp_ms + 5)
    rig.publish(topic, [b"late", b"later"])
    late = rig.records(topic)[1]

    with rig.reading() as reader:

        def first_at(timestamp_ms: int) -> bytes | None:
            return next(reader.read(place, start=reader.offset_for_time(place, timestamp_ms))).value

        assert first_at(0) == first_at(early.timestamp_ms) == b"early"
        assert first_at(early.timestamp_ms + 1) == first_at(late.timestamp_ms) == b"late"
        assert reader.offset_for_time(place, late.timestamp_ms + 3_600_000) == reader.end_offset(place)


def test_a_record_carries_the_time_it_was_written(rig: Rig) -> None:
    topic = rig.topic()
    before_ms = _now_ms()
    rig.publish(topic, [b"v"])
    after_ms = _now_ms()

    assert before_ms <= rig.records(topic)[0].timestamp_ms <= after_ms


def test_sessions_outside_a_group_close_twice(rig: Rig) -> None:
    for session in (rig.broker.reader(), rig.broker.publisher(publisher_id=rig.unique("p")), rig.broker.topics()):
        session.close()
        session.close()


def _now_ms() -> int:
    return CLOCK.now_ms()
