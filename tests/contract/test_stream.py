"""One worker alone: what it is given, what its commits do, and what a failed one leaves."""

import pytest

from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.errors import BrokerError, CommitAborted, Fenced
from tests.contract.rig import Rig, copies, next_offsets


def test_a_new_group_is_given_everything_from_the_beginning_in_order(rig: Rig) -> None:
    topic = rig.topic(partitions=2)
    for partition in (0, 1):
        rig.publish(topic, [b"%d" % number for number in range(30)], partition=partition)
    stream, journal = rig.open(topic, group=rig.unique("group"))
    records = rig.take(stream, 60)

    assert journal.owned == {TopicPartition(topic, 0): 0, TopicPartition(topic, 1): 0}
    for partition in (0, 1):
        values = [record.value for record in records if record.ref.partition == partition]
        assert values == [b"%d" % number for number in range(30)]


def test_a_record_keeps_key_headers_and_time_on_its_way_to_a_worker(rig: Rig) -> None:
    topic = rig.topic()
    with rig.publishing() as publish:
        publish([OutgoingRecord(topic, None, b"", 0, (("h", b"\x00"), ("h", b"2")))])
    stream, _ = rig.open(topic, group=rig.unique("group"))

    assert rig.take(stream, 1) == rig.records(topic)


def test_poll_never_gives_more_than_asked_and_loses_nothing_between_polls(rig: Rig) -> None:
    topic = rig.topic(partitions=3)
    for partition in range(3):
        rig.publish(topic, [b"%d" % number for number in range(20)], partition=partition)
    stream, _ = rig.open(topic, group=rig.unique("group"))
    batches: list[list[tuple[int, bytes | None]]] = []

    def all_came() -> bool:
        batches.append([(r.ref.partition, r.value) for r in stream.poll(timeout_seconds=0.2, max_records=7)])
        return sum(map(len, batches)) >= 60

    rig.until(all_came)

    assert max(map(len, batches)) <= 7
    seen = [row for batch in batches for row in batch]
    assert sorted(seen) == sorted((partition, b"%d" % number) for partition in range(3) for number in range(20))


def test_a_record_published_while_polling_is_delivered(rig: Rig) -> None:
    topic = rig.topic()
    member = rig.member(topic, group=rig.unique("group"))
    rig.until(lambda: bool(member.owned))
    rig.publish(topic, [b"new"])
    rig.until(lambda: bool(member.delivered))

    assert [record.value for record in member.delivered] == [b"new"]


def test_nothing_is_visible_before_the_commit_and_everything_after(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1", b"2", b"3"])
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 3)

    assert rig.values(sink) == []
    assert rig.committed(group, source) is None

    stream.commit(copies(records, sink), offsets=next_offsets(records))

    assert rig.values(sink) == [b"1", b"2", b"3"]
    assert rig.committed(group, source) == records[-1].ref.offset + 1


def test_a_commit_spans_topics_and_partitions(rig: Rig) -> None:
    source, first, second = rig.topic(partitions=2), rig.topic(partitions=2), rig.topic(partitions=2)
    group = rig.unique("group")
    for partition in (0, 1):
        rig.publish(source, [b"a", b"b"], partition=partition)
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 4)
    stream.commit([*copies(records, first), *copies(records, second)], offsets=next_offsets(records))

    for partition in (0, 1):
        assert rig.values(first, partition) == rig.values(second, partition) == [b"a", b"b"]
        assert rig.committed(group, source, partition) == next_offsets(records)[TopicPartition(source, partition)]


def test_a_commit_may_carry_offsets_alone(rig: Rig) -> None:
    source, group = rig.topic(), rig.unique("group")
    rig.publish(source, [b"1"])
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 1)
    stream.commit([], offsets=next_offsets(records))

    assert rig.committed(group, source) == records[0].ref.offset + 1


def test_a_part_of_what_was_delivered_may_be_committed(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1", b"2", b"3"])
    instance_id = rig.unique("instance")
    stream, _ = rig.open(source, group=group, instance_id=instance_id)
    records = rig.take(stream, 3)
    stream.commit(copies(records[:1], sink), offsets=next_offsets(records[:1]))
    stream.close(rig.deadline())
    successor, journal = rig.open(source, group=group, instance_id=instance_id)

    assert [record.value for record in rig.take(successor, 2)] == [b"2", b"3"]
    assert journal.owned == next_offsets(records[:1])


def test_groups_do_not_share_offsets(rig: Rig) -> None:
    source = rig.topic()
    rig.publish(source, [b"1"])
    first, _ = rig.open(source, group=rig.unique("group"))
    first.commit([], offsets=next_offsets(rig.take(first, 1)))
    second, _ = rig.open(source, group=rig.unique("group"))

    assert [record.value for record in rig.take(second, 1)] == [b"1"]


def test_uncommitted_work_is_delivered_again_after_a_restart(rig: Rig) -> None:
    source, sink, group, instance_id = rig.topic(), rig.topic(), rig.unique("group"), rig.unique("instance")
    rig.publish(source, [b"1", b"2"])
    stream, _ = rig.open(source, group=group, instance_id=instance_id)
    rig.take(stream, 2)
    stream.close(rig.deadline())
    successor, _ = rig.open(source, group=group, instance_id=instance_id)
    records = rig.take(successor, 2)
    successor.commit(copies(records, sink), offsets=next_offsets(records))

    assert rig.values(sink) == [b"1", b"2"]


def test_recover_rewinds_to_the_committed_offset(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1", b"2", b"3"])
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 3)
    stream.commit(copies(records[:1], sink), offsets=next_offsets(records[:1]))

    assert stream.recover() == next_offsets(records[:1])
    again = rig.take(stream, 2)
    assert [record.value for record in again] == [b"2", b"3"]

    stream.commit(copies(again, sink), offsets=next_offsets(again))
    assert rig.values(sink) == [b"1", b"2", b"3"]


def test_a_commit_that_cannot_be_written_whole_leaves_nothing(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1"])
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 1)
    impossible = [*copies(records, sink), OutgoingRecord(sink, b"k", b"no such partition", 9)]
    with pytest.raises(BrokerError):
        stream.commit(impossible, offsets=next_offsets(records))

    assert rig.values(sink) == []
    assert rig.committed(group, source) is None

    stream.recover()
    again = rig.take(stream, 1)
    stream.commit(copies(again, sink), offsets=next_offsets(again))
    assert rig.values(sink) == [b"1"]


def test_offsets_of_a_partition_never_assigned_are_refused_with_the_records(rig: Rig) -> None:
    source, other, sink, group = rig.topic(), rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1"])
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 1)
    with pytest.raises(CommitAborted):
        stream.commit(copies(records, sink), offsets={**next_offsets(records), TopicPartition(other, 0): 1})

    assert rig.values(sink) == []
    assert rig.committed(group, source) is None


def test_a_paused_partition_is_silent_until_resumed_and_loses_nothing(rig: Rig) -> None:
    topic = rig.topic(partitions=2)
    stream, journal = rig.open(topic, group=rig.unique("group"))
    rig.until(lambda: not stream.poll(timeout_seconds=0.05, max_records=10) and len(journal.owned) == 2)
    paused = TopicPartition(topic, 0)
    stream.pause([paused])
    rig.publish(topic, [b"held"], partition=0)
    rig.publish(topic, [b"flows"], partition=1)

    assert [record.value for record in rig.take(stream, 1)] == [b"flows"]
    assert not stream.poll(timeout_seconds=0.3, max_records=10)

    stream.resume([paused])
    assert [record.value for record in rig.take(stream, 1)] == [b"held"]


def test_pausing_after_a_partial_delivery_resumes_where_it_stopped(rig: Rig) -> None:
    topic = rig.topic()
    rig.publish(topic, [b"%d" % number for number in range(10)])
    stream, _ = rig.open(topic, group=rig.unique("group"))
    first: list[bytes | None] = []

    def some_came() -> bool:
        first.extend(record.value for record in stream.poll(timeout_seconds=0.1, max_records=4))
        return bool(first)

    rig.until(some_came)
    place = TopicPartition(topic, 0)
    stream.pause([place])
    assert not stream.poll(timeout_seconds=0.2, max_records=10)
    stream.resume([place])

    rest = [record.value for record in rig.take(stream, 10 - len(first))]
    assert first + rest == [b"%d" % number for number in range(10)]


def test_pausing_what_is_not_owned_is_ignored(rig: Rig) -> None:
    topic, other = rig.topic(), rig.topic()
    stream, _ = rig.open(topic, group=rig.unique("group"))
    stream.pause([TopicPartition(other, 0)])
    stream.resume([TopicPartition(other, 0)])
    rig.publish(topic, [b"1"])

    assert [record.value for record in rig.take(stream, 1)] == [b"1"]


def test_a_commit_works_while_everything_is_paused(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1"])
    stream, _ = rig.open(source, group=group)
    records = rig.take(stream, 1)
    stream.pause([TopicPartition(source, 0)])
    stream.commit(copies(records, sink), offsets=next_offsets(records))

    assert rig.values(sink) == [b"1"]


def test_a_second_holder_of_an_instance_id_fences_the_first_at_once(rig: Rig) -> None:
    source, sink, group, instance_id = rig.topic(), rig.topic(), rig.unique("group"), rig.unique("instance")
    rig.publish(source, [b"1", b"2"])
    stream, _ = rig.open(source, group=group, instance_id=instance_id)
    records = rig.take(stream, 2)
    stream.commit(copies(records[:1], sink), offsets=next_offsets(records[:1]))

    successor, journal = rig.open(source, group=group, instance_id=instance_id)
    with pytest.raises(Fenced):
        stream.commit(copies(records[1:], sink), offsets=next_offsets(records[1:]))

    again = rig.take(successor, 1)
    assert [record.value for record in again] == [b"2"]
    assert journal.owned == next_offsets(records[:1])
    successor.commit(copies(again, sink), offsets=next_offsets(again))
    assert rig.values(sink) == [b"1", b"2"]


def test_closing_a_fenced_stream_takes_nothing_from_its_successor(rig: Rig) -> None:
    source, sink, group, instance_id = rig.topic(), rig.topic(), rig.unique("group"), rig.unique("instance")
    stream, _ = rig.open(source, group=group, instance_id=instance_id)
    successor = rig.member(source, group=group, instance_id=instance_id, copy_to=sink)
    rig.until(lambda: bool(successor.owned))
    stream.close(rig.deadline())
    rig.publish(source, [b"1"])
    rig.until(lambda: rig.values(sink) == [b"1"])

    assert successor.told("revoked") == successor.told("lost") == frozenset()


def test_closing_revokes_what_is_owned_while_a_commit_still_works(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1"])
    member = rig.member(source, group=group, copy_to=sink, lazy=True)
    rig.until(lambda: bool(member.delivered))
    member.close()

    assert member.fault is None
    assert rig.values(sink) == [b"1"]
    assert not member.owned


def test_a_stream_closes_twice_and_without_having_been_opened(rig: Rig) -> None:
    topic = rig.topic()
    never = rig.broker.stream(topic=topic, group=rig.unique("group"), instance_id=rig.unique("instance"))
    never.close(rig.deadline())
    never.close(rig.deadline())
    stream, _ = rig.open(topic, group=rig.unique("group"))
    stream.close(rig.deadline())
    stream.close(rig.deadline())


def test_a_broker_says_which_it_is(rig: Rig) -> None:
    assert rig.broker.name in {"local", "kafka"}
