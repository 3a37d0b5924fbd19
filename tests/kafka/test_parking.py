"""A partition that was paused with records already fetched is delivered again once it is resumed."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.clock import Deadline, SystemClock


class Listener:
    def assigned(self, positions: Mapping[TopicPartition, int]) -> None: ...

    def revoked(self, partitions: Sequence[TopicPartition]) -> None: ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None: ...


def test_a_resumed_partition_goes_on_though_no_other_brings_anything(
    broker: KafkaBroker, topic: Callable[[int], str], unique: Callable[[str], str]
) -> None:
    name = topic(2)
    with closing(broker.publisher(publisher_id=unique("p"))) as publisher:
        publisher.publish([OutgoingRecord(name, b"k", b"v", number % 2) for number in range(20)])
    stream = broker.stream(topic=name, group=unique("g"), instance_id="one")
    stream.open(Listener())
    end = time.monotonic() + 60
    seen = [0, 0]

    def poll(*, until: Callable[[], bool]) -> None:
        while not until():
            assert time.monotonic() < end, f"it did not come to that in time: {seen}"
            for record in stream.poll(timeout_seconds=0.1, max_records=1):
                seen[record.ref.partition] += 1

    poll(until=lambda: sum(seen) == 3)
    paused = 0 if seen[0] else 1
    stream.pause([TopicPartition(name, paused)])
    poll(until=lambda: seen[1 - paused] == 10)
    stream.resume([TopicPartition(name, paused)])
    poll(until=lambda: seen == [10, 10])
    stream.close(Deadline(10.0, clock=SystemClock()))
