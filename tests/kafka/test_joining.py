"""A worker whose polls are too short for a join still joins."""

from collections.abc import Callable

from pipeline.broker.base import OutgoingRecord
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.clock import Deadline
from tests.kafka.serving import CLOCK
from tests.kafka.test_commit_faults import Owned


def test_a_join_that_ends_between_two_polls_is_not_lost(
    broker: KafkaBroker, topic: Callable[[int], str], unique: Callable[[str], str]
) -> None:
    name, group, owned = topic(2), unique("group"), Owned()
    publisher = broker.publisher(publisher_id=unique("publisher"))
    publisher.publish([OutgoingRecord(name, b"k", b"v", 1)])
    publisher.close()
    stream = broker.stream(topic=name, group=group, instance_id="worker-0")
    stream.open(owned)
    deadline = Deadline(30, clock=CLOCK)
    polls = 0
    while len(owned.positions) < 2:
        assert not deadline.passed, f"no partition after {polls} polls"
        stream.poll(timeout_seconds=0.001, max_records=10)
        CLOCK.sleep(0.15)
        polls += 1
    stream.close(Deadline(5, clock=CLOCK))

    assert polls < 20
