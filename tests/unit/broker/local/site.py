"""A log in a directory of a test, with time in the test's hands."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pipeline.broker.base import OutgoingRecord, Record, TopicPartition, TopicSpec
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.local.stream import LocalStream
from pipeline.clock import Deadline
from pipeline.testing.fake_clock import FakeClock
from tests.contract.rig import Journal, copies, next_offsets

SESSION_SECONDS = 10.0
HEARTBEAT_SECONDS = 1.0


class Forgetting(Journal):
    """Drops what is in flight for a partition that goes, as the contract asks."""

    def __init__(self, pending: list[Record]) -> None:
        super().__init__()
        self._pending = pending

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        super().revoked(partitions)
        self._forget(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        super().lost(partitions)
        self._forget(partitions)

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        self._pending[:] = [record for record in self._pending if record.ref.topic_partition not in partitions]


class Worker:
    """One stream that copies `source` to `sink`, step by step."""

    def __init__(self, site: "Site", instance_id: str) -> None:
        self.pending: list[Record] = []
        self.journal = Forgetting(self.pending)
        self._site = site
        self._stream: LocalStream = site.broker.stream(topic="source", group="group", instance_id=instance_id)
        self._stream.open(self.journal)

    def poll(self, *, max_records: int = 100, timeout_seconds: float = 0.0) -> list[Record]:
        """One look, if it is time, and one fetch."""
        records = list(self._stream.poll(timeout_seconds=timeout_seconds, max_records=max_records))
        self.pending += records
        return records

    def commit(self) -> None:
        self._stream.commit(copies(self.pending, "sink"), offsets=next_offsets(self.pending))
        self.pending.clear()

    def recover(self) -> dict[TopicPartition, int]:
        self.pending.clear()
        return dict(self._stream.recover())

    def close(self) -> None:
        self._stream.close(Deadline(1.0, clock=self._site.clock))


class Site:
    """Topics `source` and `sink`; everything opened through it is closed with it."""

    def __init__(self, path: Path, *, partitions: int = 1, retention_ms: int = -1) -> None:
        self.clock = FakeClock()
        self.path = path
        self.broker = LocalBroker(
            path,
            clock=self.clock,
            session_timeout_seconds=SESSION_SECONDS,
            heartbeat_interval_seconds=HEARTBEAT_SECONDS,
        )
        self.partitions = partitions
        self._admin = self.broker.topics()
        self._admin.create(TopicSpec("source", partitions, retention_ms=retention_ms))
        self._admin.create(TopicSpec("sink", partitions))
        self.reader = self.broker.reader()
        self._publisher = self.broker.publisher(publisher_id="publisher")
        self._workers: list[Worker] = []

    def __enter__(self) -> "Site":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.close()
        for session in (self.reader, self._publisher, self._admin):
            session.close()

    def worker(self, instance_id: str) -> Worker:
        worker = Worker(self, instance_id)
        self._workers.append(worker)
        return worker

    def publish(self, *values: bytes, partition: int = 0) -> None:
        self._publisher.publish([OutgoingRecord("source", b"key", value, partition) for value in values])

    def values(self, topic: str, partition: int = 0) -> list[bytes | None]:
        return [record.value for record in self.reader.read(TopicPartition(topic, partition), start=0)]

    def committed(self, partition: int = 0) -> int | None:
        return self.reader.committed("group", TopicPartition("source", partition))

    def pass_time(self, seconds: float, *polling: Worker) -> None:
        """Time goes by heartbeat by heartbeat while these members poll."""
        for _ in range(round(seconds / HEARTBEAT_SECONDS)):
            self.clock.advance(HEARTBEAT_SECONDS)
            for worker in polling:
                worker.poll()
