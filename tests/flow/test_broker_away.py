"""A broker that is away for a while delays the work and loses none of it."""

from collections.abc import Iterator, Mapping

from pipeline.broker.base import Reader, Record, TopicPartition
from pipeline.errors import AuditBroken, BrokerUnavailable
from tests.flow.conversations import interleaved
from tests.flow.harness import TOPICS, Fault, FaultyStream, Site, wait_until

SAID = interleaved(consultations=4, chunks=8)


class FlakyReader:
    """Does not answer the first calls that need the broker."""

    def __init__(self, inner: Reader, *, failures: int) -> None:
        self._inner = inner
        self.failures = failures

    def begin_offset(self, partition: TopicPartition) -> int:
        if self.failures:
            self.failures -= 1
            raise BrokerUnavailable("no broker answered")
        return self._inner.begin_offset(partition)

    def end_offset(self, partition: TopicPartition) -> int:
        return self._inner.end_offset(partition)

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        return self._inner.read(partition, start=start, stop=stop)

    def offset_for_time(self, partition: TopicPartition, timestamp_ms: int) -> int:
        return self._inner.offset_for_time(partition, timestamp_ms)

    def last(self, partition: TopicPartition, *, settle_seconds: float) -> Record | None:
        return self._inner.last(partition, settle_seconds=settle_seconds)

    def committed(self, group: str, partition: TopicPartition) -> int | None:
        return self._inner.committed(group, partition)

    def close(self) -> None:
        self._inner.close()


def test_taking_a_partition_over_waits_for_the_broker(site: Site) -> None:
    site.say(SAID)
    running = site.worker(reader=FlakyReader(site.broker.reader(), failures=1)).start()
    site.wait_settled()
    running.stop()

    site.check()


def test_a_worker_waits_for_a_broker_that_stays_away_until_it_is_stopped(site: Site) -> None:
    site.say(SAID)
    reader = FlakyReader(site.broker.reader(), failures=1000)
    running = site.worker(reader=reader).start()
    wait_until(lambda: reader.failures < 998)

    assert not running.health.state.ready
    running.stop()
    assert site.count(TOPICS.audit) == 0


class SlowRecovery(FaultyStream):
    """Recovery does not reach the broker the first time."""

    tries = 0

    def recover(self) -> Mapping[TopicPartition, int]:
        self.tries += 1
        if self.tries == 1:
            raise BrokerUnavailable("no broker answered")
        return super().recover()


def test_recovery_is_tried_until_the_broker_answers(site: Site) -> None:
    site.say(SAID)
    running = site.worker(wrap=lambda stream: SlowRecovery(stream, {0: Fault.UNKNOWN_BUT_HAPPENED})).start()
    site.wait_settled()
    running.stop()

    site.check()


def test_a_worker_refuses_a_partition_whose_chain_does_not_continue(site: Site) -> None:
    site.say(SAID[:8])
    running = site.worker().start()
    site.wait_settled()
    running.stop()
    (first, *_) = [record for record in site.read(TOPICS.audit) if record.ref.partition == 0]
    forged = (first.value or b"").replace(b'"outcome":"safe"', b'"outcome":"unsafe"')
    site.append(TOPICS.audit, forged, partition=0)
    written = site.count(TOPICS.audit)
    site.say(SAID[8:])
    refusing = site.worker().start()

    assert isinstance(refusing.join(), AuditBroken)
    assert site.count(TOPICS.audit) == written
