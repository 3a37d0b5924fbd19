"""Two workers of one group: ownership moves without a record lost or done twice."""

import pytest

from pipeline.broker.base import TopicPartition
from pipeline.errors import CommitAborted, Fenced
from tests.contract.rig import Member, Rig, copies, next_offsets


def balanced(*members: Member, partitions: int) -> bool:
    shares = [len(member.owned) for member in members]
    return sum(shares) == partitions and max(shares) - min(shares) <= 1


def test_partitions_spread_over_the_members_and_return_when_one_leaves(rig: Rig) -> None:
    topic, group = rig.topic(partitions=4), rig.unique("group")
    first = rig.member(topic, group=group)
    rig.until(lambda: len(first.owned) == 4)
    second = rig.member(topic, group=group)
    rig.until(lambda: balanced(first, second, partitions=4))

    assert not first.owned.keys() & second.owned.keys()

    second.close()
    rig.until(lambda: len(first.owned) == 4)
    assert (first.fault, second.fault) == (None, None)


def test_a_moving_partition_is_revoked_before_it_is_assigned_elsewhere(rig: Rig) -> None:
    topic, group = rig.topic(partitions=4), rig.unique("group")
    told: list[tuple[Member, str, TopicPartition]] = []
    first = rig.member(topic, group=group, told=told)
    rig.until(lambda: len(first.owned) == 4)
    second = rig.member(topic, group=group, told=told)
    rig.until(lambda: balanced(first, second, partitions=4))

    for partition in second.owned:
        story = [(member, kind) for member, kind, which in told if which == partition]
        assert story[-2:] == [(first, "revoked"), (second, "assigned")]


def test_work_committed_inside_revoked_is_not_delivered_to_the_next_owner(rig: Rig) -> None:
    source, sink, group = rig.topic(partitions=2), rig.topic(partitions=2), rig.unique("group")
    for partition in (0, 1):
        rig.publish(source, [b"1", b"2"], partition=partition)
    first = rig.member(source, group=group, copy_to=sink, lazy=True)
    rig.until(lambda: len(first.delivered) == 4)
    second = rig.member(source, group=group, copy_to=sink)
    rig.until(lambda: balanced(first, second, partitions=2) and bool(second.owned))

    moved = second.owned.keys() & {record.ref.topic_partition for record in first.delivered}
    assert moved
    for partition in moved:
        assert rig.values(sink, partition.partition) == [b"1", b"2"]
    assert second.delivered == []


def test_no_record_is_done_twice_or_lost_while_members_come_and_go(rig: Rig) -> None:
    source, sink, group = rig.topic(partitions=4), rig.topic(partitions=4), rig.unique("group")
    values = [b"%d" % number for number in range(120)]
    publish_to = [values[start : start + 10] for start in range(0, 120, 10)]
    members = [rig.member(source, group=group, copy_to=sink)]
    for turn, some in enumerate(publish_to):
        for partition in range(4):
            rig.publish(source, some, partition=partition)
        if turn in (2, 5):
            members.append(rig.member(source, group=group, copy_to=sink))
        if turn == 8:
            members[0].close()
    rig.until(lambda: all(len(rig.records(sink, partition)) >= 120 for partition in range(4)))

    assert [member.fault for member in members] == [None] * len(members)
    for partition in range(4):
        assert rig.values(sink, partition) == values
        assert rig.committed(group, source, partition) == rig.records(source, partition)[-1].ref.offset + 1


def test_a_silent_member_loses_its_partitions_and_cannot_commit_for_them(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1", b"2"])
    silent = rig.member(source, group=group)
    rig.until(lambda: len(silent.delivered) == 2)
    silent.stall()
    successor = rig.member(source, group=group, copy_to=sink)
    rig.until(lambda: rig.values(sink) == [b"1", b"2"])

    stale = copies(silent.delivered, sink)
    with pytest.raises((CommitAborted, Fenced)) as refused:
        silent.ask(lambda stream: stream.commit(stale, offsets=next_offsets(silent.delivered)))

    assert rig.values(sink) == [b"1", b"2"]
    if refused.type is CommitAborted:
        assert silent.ask(lambda stream: stream.recover()) == {}
        assert silent.told("lost") == {TopicPartition(source, 0)}
    assert successor.fault is None


def test_a_member_that_was_away_comes_back_and_goes_on_from_the_committed_offset(rig: Rig) -> None:
    source, sink, group = rig.topic(), rig.topic(), rig.unique("group")
    rig.publish(source, [b"1"])
    away = rig.member(source, group=group, copy_to=sink)
    rig.until(lambda: rig.values(sink) == [b"1"])
    away.stall()
    other = rig.member(source, group=group, copy_to=sink)
    rig.publish(source, [b"2"])
    rig.until(lambda: rig.values(sink) == [b"1", b"2"])
    away.go_on()
    rig.until(lambda: away.fault is not None or away.told("lost") == {TopicPartition(source, 0)})
    other.close()
    if away.fault is None:
        rig.publish(source, [b"3"])
        rig.until(lambda: rig.values(sink) == [b"1", b"2", b"3"])
    assert away.fault is None or isinstance(away.fault, Fenced)


def test_pausing_everything_keeps_the_membership(rig: Rig) -> None:
    topic, group = rig.topic(), rig.unique("group")
    member = rig.member(topic, group=group)
    rig.until(lambda: bool(member.owned))
    member.ask(lambda stream: stream.pause([TopicPartition(topic, 0)]))
    polls_seen: list[int] = []
    rig.publish(topic, [b"held"])
    for _ in range(3):
        member.ask(lambda stream: polls_seen.append(len(stream.poll(timeout_seconds=1.0, max_records=5))))

    assert polls_seen == [0, 0, 0]
    assert member.told("lost") == member.told("revoked") == frozenset()
    member.ask(lambda stream: stream.resume([TopicPartition(topic, 0)]))
    rig.until(lambda: [record.value for record in member.delivered] == [b"held"])


def test_more_members_than_partitions_leave_the_spare_ones_waiting(rig: Rig) -> None:
    topic, group = rig.topic(), rig.unique("group")
    first = rig.member(topic, group=group)
    rig.until(lambda: len(first.owned) == 1)
    spare = rig.member(topic, group=group)
    rig.publish(topic, [b"1"])
    rig.until(lambda: len(first.delivered) + len(spare.delivered) == 1)
    owner, waiting = (first, spare) if first.owned else (spare, first)

    assert (len(owner.owned), len(waiting.owned)) == (1, 0)
    owner.close()
    rig.until(lambda: len(waiting.owned) == 1)
