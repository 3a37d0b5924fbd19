"""A chain of several writers, and records that are erased by key, on both brokers."""

import threading
from collections.abc import Callable

import pytest

from pipeline.broker.base import Erasure, OutgoingRecord, Record, TopicPartition
from pipeline.errors import BrokerError
from tests.contract.rig import Rig


def _counted(topic: str) -> Callable[[Record | None], OutgoingRecord]:
    """One more than the last record says."""

    def make(last: Record | None) -> OutgoingRecord:
        number = 0 if last is None else int(last.value or b"") + 1
        return OutgoingRecord(topic, b"key", b"%d" % number, 0)

    return make


def test_an_appended_record_follows_the_last_one(rig: Rig) -> None:
    topic = rig.topic()
    publisher = rig.broker.publisher(publisher_id=rig.unique("events"))

    for _ in range(3):
        publisher.append(TopicPartition(topic, 0), _counted(topic))
    publisher.publish([OutgoingRecord(topic, b"key", b"7", 0)])
    publisher.append(TopicPartition(topic, 0), _counted(topic))
    publisher.close()

    assert rig.values(topic) == [b"0", b"1", b"2", b"7", b"8"]


def test_two_writers_of_one_chain_never_follow_the_same_record(rig: Rig) -> None:
    topic, publisher_id = rig.topic(), rig.unique("events")
    faults: list[BrokerError] = []

    def write() -> None:
        publisher = rig.broker.publisher(publisher_id=publisher_id)
        try:
            for _ in range(4):
                publisher.append(TopicPartition(topic, 0), _counted(topic))
        except BrokerError as error:
            faults.append(error)
        finally:
            publisher.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(rig.patience_seconds * 4)

    assert faults == []
    assert rig.values(topic) == [b"%d" % number for number in range(8)]


def test_what_making_raises_leaves_nothing(rig: Rig) -> None:
    topic = rig.topic()
    publisher = rig.broker.publisher(publisher_id=rig.unique("events"))

    def refuse(_last: Record | None) -> OutgoingRecord:
        raise LookupError("no")

    with pytest.raises(LookupError):
        publisher.append(TopicPartition(topic, 0), refuse)
    publisher.append(TopicPartition(topic, 0), _counted(topic))
    publisher.close()

    assert rig.values(topic) == [b"0"]


def test_an_erased_key_is_gone_for_readers_or_its_broker_says_until_when(rig: Rig) -> None:
    topic = rig.topic(cleanup_policy="compact")
    with rig.publishing() as publish:
        publish([OutgoingRecord(topic, key, b"secret of " + key, 0) for key in (b"a", b"b", b"a")])
    admin = rig.broker.topics()

    became = admin.erase(topic, {0: [b"a"]})
    admin.erase(topic, {0: [b"a", b"never there"]})
    admin.close()

    reader = rig.broker.reader()
    latest = {record.key: record.value for record in reader.read(TopicPartition(topic, 0), start=0)}
    reader.close()
    assert became in (Erasure.GONE, Erasure.WITH_COMPACTION)
    assert latest.pop(b"b") == b"secret of b"
    assert not any(latest.values())


def test_a_reader_finds_its_way_among_erased_records(rig: Rig) -> None:
    """The broker that removes single records leaves gaps of offsets; one that does not keeps them until retention."""
    topic = rig.topic()
    with rig.publishing() as publish:
        publish([OutgoingRecord(topic, b"%d" % (number % 2), b"%d" % number, 0) for number in range(9)])
    admin = rig.broker.topics()
    became = admin.erase(topic, {0: [b"0"]})
    admin.close()

    partition = TopicPartition(topic, 0)
    reader = rig.broker.reader()
    kept = [1, 3, 5, 7] if became is Erasure.GONE else list(range(9))
    assert [int(record.value or b"") for record in reader.read(partition, start=0)] == kept
    last = reader.last(partition, settle_seconds=5)
    assert last is not None
    assert int(last.value or b"") == kept[-1]
    assert reader.offset_for_time(partition, 0) == kept[0]
    assert reader.offset_for_time(partition, last.timestamp_ms + 1) == reader.end_offset(partition)
    reader.close()
