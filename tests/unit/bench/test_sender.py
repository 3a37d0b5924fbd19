"""The sender keeps to its schedule, and does not hide where it could not."""

import threading
from collections.abc import Callable, Sequence

import pytest

from pipeline.bench.sender import Sender
from pipeline.bench.talk import plan_talk
from pipeline.broker.base import OutgoingRecord, Record, RecordRef, TopicPartition
from pipeline.errors import BrokerRefused, CommitAborted

TALK = plan_talk(40, consults=4, at_once=4)


class Written:
    """A publisher that keeps what it is given, and waits before the first until it is let."""

    def __init__(self, *, faults: Sequence[Exception] = ()) -> None:
        self.records: list[OutgoingRecord] = []
        self.closed = False
        self.let = threading.Event()
        self.let.set()
        self._faults = list(faults)

    def publish(self, records: Sequence[OutgoingRecord]) -> Sequence[RecordRef]:
        assert self.let.wait(30)
        if self._faults:
            raise self._faults.pop(0)
        self.records.extend(records)
        return [RecordRef(record.topic, record.partition or 0, number) for number, record in enumerate(records)]

    def append(self, partition: TopicPartition, make: Callable[[Record | None], OutgoingRecord]) -> RecordRef:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def run(sender: Sender) -> None:
    sender.start()
    while sender.sending:
        threading.Event().wait(0.01)


def test_every_chunk_goes_out_once_in_order_and_is_counted() -> None:
    publisher = Written()
    sender = Sender(lambda: publisher, TALK, [0.002 * number for number in range(40)], topic="chunks")
    run(sender)
    assert [record.key for record in publisher.records] == [
        TALK.chunk(number).consult_id.encode() for number in range(40)
    ]
    assert sender.sent == 40
    assert publisher.closed


def test_a_chunk_that_goes_out_late_is_still_due_when_the_schedule_says() -> None:
    publisher = Written()
    publisher.let.clear()
    sender = Sender(lambda: publisher, TALK, [0.0] * 39 + [0.05], topic="chunks")
    sender.start()
    threading.Event().wait(0.2)
    publisher.let.set()
    while sender.sending:
        threading.Event().wait(0.01)
    last = TALK.chunk(39).chunk_id
    assert sender.due_at[last] == pytest.approx(sender.began + 0.05)
    assert min(sender.late_seconds) >= 0.1


def test_with_a_spread_every_partition_gets_as_many_consultations() -> None:
    publisher = Written()
    run(Sender(lambda: publisher, TALK, [0.0] * 40, topic="chunks", spread_over=2))
    assert [record.partition for record in publisher.records] == [number % 4 % 2 for number in range(40)]


def test_what_keeps_it_from_sending_is_raised_to_who_waits_for_it() -> None:
    publisher = Written(faults=[BrokerRefused("not allowed")])
    sender = Sender(lambda: publisher, TALK, [0.0] * 40, topic="chunks")
    with pytest.raises(BrokerRefused):
        run(sender)
    assert sender.sent == 0


def test_a_send_that_did_not_go_through_is_made_again_and_its_chunks_are_late() -> None:
    publisher = Written(faults=[CommitAborted("rolled back"), CommitAborted("rolled back")])
    sender = Sender(lambda: publisher, TALK, [0.0] * 40, topic="chunks")
    run(sender)
    assert (sender.sent, len(publisher.records)) == (40, 40)
    assert min(sender.late_seconds) >= 0.1


def test_told_to_stop_it_sends_no_more() -> None:
    publisher = Written()
    sender = Sender(lambda: publisher, TALK, [0.0] * 5 + [3600.0] * 35, topic="chunks")
    sender.start()
    while sender.sent < 5:
        threading.Event().wait(0.01)
    sender.stop()
    assert (sender.sent, sender.sending) == (5, False)
