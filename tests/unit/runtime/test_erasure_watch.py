"""A worker hears of every erasure once, and of what keeps it from hearing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from pipeline.broker.base import Broker, Reader, Record, TopicPartition
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clock import Deadline, SystemClock
from pipeline.domain.audit import AuditEvent, Origin
from pipeline.errors import BrokerUnavailable, TopicMismatch
from pipeline.runtime.erased import cut_detail
from pipeline.runtime.erasure_watch import ErasureWatch
from pipeline.runtime.journal import Journal
from tests.flow.harness import wait_until

TOPICS = TopicNames()
CLOCK = SystemClock()


class AwayReader:
    """Is not answered the first times."""

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self.refusals = 1
        self.closed = False

    def offset_for_time(self, partition: TopicPartition, timestamp_ms: int) -> int:
        return self._inner.offset_for_time(partition, timestamp_ms)

    def end_offset(self, partition: TopicPartition) -> int:
        self.refusals -= 1
        if self.refusals >= 0:
            raise BrokerUnavailable("planned")
        return self._inner.end_offset(partition)

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        return self._inner.read(partition, start=start, stop=stop)

    def close(self) -> None:
        self.closed = True
        self._inner.close()


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    broker = LocalBroker(tmp_path, clock=CLOCK)
    with closing(broker.topics()) as admin:
        ensure(admin, required_topics(TOPICS, partitions=1, replication=1, min_insync=1), clock=CLOCK)
    return broker


@pytest.fixture
def journal(broker: Broker) -> Iterator[Journal]:
    one = Journal(broker, topic=TOPICS.audit_events, actor="test", origin=Origin("here", 1, "0"), clock=CLOCK)
    yield one
    one.close(Deadline(1.0, clock=CLOCK))


@pytest.fixture
def reader(broker: Broker) -> AwayReader:
    return AwayReader(broker.reader())


@pytest.fixture
def watch(reader: AwayReader) -> Iterator[ErasureWatch]:
    one = ErasureWatch(cast(Reader, reader), events_topic=TOPICS.audit_events, clock=CLOCK)
    yield one
    one.close(timeout_seconds=10.0)


def _ask(journal: Journal, consult_id: str) -> None:
    journal.write(AuditEvent.STARTED, "worker")
    journal.write(AuditEvent.ERASED, "asked", consult_id=consult_id, detail=cut_detail({0: 3}))
    journal.write(AuditEvent.ERASED, "done", consult_id=consult_id)


def test_what_was_asked_for_before_is_known_once_it_is_ready_and_what_comes_after_is_heard_once(
    watch: ErasureWatch, journal: Journal, reader: AwayReader
) -> None:
    """It is ready only then, and a broker that is away at first is asked again."""
    _ask(journal, "first")
    assert not watch.ready
    watch.start()
    wait_until(lambda: watch.ready)
    assert [(one.consult_id, one.ends) for one in watch.heard()] == [("first", (3,))]
    assert reader.refusals < 0

    _ask(journal, "second")
    heard: list[str] = []

    def hears() -> bool:
        heard.extend(one.consult_id for one in watch.heard())
        return bool(heard)

    wait_until(hears)

    assert heard == ["second"]
    assert watch.heard() == []


def test_a_topic_that_is_not_there_is_the_workers_fault_to_raise(broker: Broker) -> None:
    watch = ErasureWatch(broker.reader(), events_topic="consult.no-such", clock=CLOCK)
    watch.start()

    with pytest.raises(TopicMismatch):
        wait_until(lambda: watch.ready)
    with pytest.raises(TopicMismatch):
        watch.heard()
    watch.close(timeout_seconds=10.0)


def test_closing_ends_it_and_closes_its_reader_and_a_second_time_does_nothing(
    watch: ErasureWatch, reader: AwayReader
) -> None:
    watch.start()
    watch.close(timeout_seconds=10.0)
    watch.close(timeout_seconds=10.0)

    assert reader.closed
