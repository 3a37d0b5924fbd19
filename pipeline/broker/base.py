"""The contract both brokers keep. `tests/contract` is its executable form.

A *stream* is the one consume-transform-produce session of a worker: it polls an input topic as a member of a group,
and commits outgoing records together with the offsets they came from, all or nothing. A *reader* sees committed
records only. A *publisher* is for producers outside the worker. One thread owns each of them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from pipeline.clock import Deadline


class TopicPartition(NamedTuple):
    topic: str
    partition: int


class RecordRef(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A committed record as read. `timestamp_ms` is the broker's (create time), milliseconds since the epoch."""

    ref: RecordRef
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A record to write. Without `partition` the key decides (murmur2, as Kafka's default partitioner does)."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic must be at least. `retention_ms` of -1 is for ever."""

    name: str
    partitions: int
    replication: int = 1
    retention_ms: int = -1
    min_insync_replicas: int = 1
    cleanup_policy: str = "delete"
    extra: Mapping[str, str] = field(default_factory=dict)


class Erasure(StrEnum):
    """What became of records that were to be erased."""

    GONE = "gone"
    """No file of the broker holds them any more."""
    WITH_COMPACTION = "with_compaction"
    """No reader gets them; the files lose them when the topic is next compacted."""
    WITH_RETENTION = "with_retention"
    """They stay readable until the topic's retention has passed: the broker removes no single record of it."""


class AssignmentListener(Protocol):
    """Told about ownership, on the thread that polls, from inside `Stream.poll` or `Stream.close`."""

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        """These partitions are now this member's; each will be delivered from the given committed offset."""

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """These are about to go to another member. Still owned during the call: finished work may be committed."""

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """These already belong to someone else. Nothing may be committed for them; drop what is in flight."""


class Stream(Protocol):
    """A worker's session: group member and transactional producer in one."""

    def open(self, listener: AssignmentListener) -> None:
        """Join the group and settle any transaction a previous holder of this instance id left open.

        Raises BrokerUnavailable, BrokerRefused, Fenced.
        """

    def poll(self, *, timeout_seconds: float, max_records: int) -> Sequence[Record]:
        """Up to `max_records` next records of the assigned, unpaused partitions, each partition in offset order.

        Waits at most `timeout_seconds` for the first. Also drives membership: call it at least every few seconds, with
        everything paused if need be. Raises BrokerUnavailable (call again later), Fenced, BrokerRefused.
        """

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Stop delivering these; membership is kept. Unassigned ones are ignored."""

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these again, from where delivery stopped."""

    def commit(self, outgoing: Sequence[OutgoingRecord], *, offsets: Mapping[TopicPartition, int]) -> None:
        """Write all of `outgoing` and advance the group to `offsets` (next to read), in one transaction.

        On return everything is durable and visible. Raises CommitAborted (nothing was written), CommitUnknown
        (it may have been): after either call `recover`. Raises Fenced when this instance must stop.
        """

    def recover(self) -> Mapping[TopicPartition, int]:
        """After a failed commit: settle it, rewind every assigned partition to its committed offset, return those.

        Partitions no longer owned are reported through the listener's `lost` first. Raises BrokerUnavailable.
        """

    def close(self, deadline: Deadline) -> None:
        """Leave the group (listener gets `revoked`) and release everything. A second call does nothing."""


class Reader(Protocol):
    """Reads committed records by position; belongs to no group."""

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        """Records with start <= offset < stop (default: the end at the time of the call), in order."""

    def begin_offset(self, partition: TopicPartition) -> int:
        """The first offset still kept."""

    def end_offset(self, partition: TopicPartition) -> int:
        """One past the last offset a committed reader may see now."""

    def offset_for_time(self, partition: TopicPartition, timestamp_ms: int) -> int:
        """The first offset whose record is at or after `timestamp_ms`; the end offset if there is none."""

    def last(self, partition: TopicPartition, *, settle_seconds: float) -> Record | None:
        """The last committed record, once no transaction is open on the partition; None if there is none.

        Waits up to `settle_seconds` for open transactions to end, because a commit whose markers are still being
        written would make an older record look like the last. Raises BrokerUnavailable when they do not end.
        """

    def committed(self, group: str, partition: TopicPartition) -> int | None:
        """The group's committed offset, None if it has none."""

    def close(self) -> None: ...


class Publisher(Protocol):
    """Writes from outside the worker."""

    def publish(self, records: Sequence[OutgoingRecord]) -> Sequence[RecordRef]:
        """Write all or none; durable on return. Raises CommitAborted, CommitUnknown, BrokerUnavailable."""

    def append(self, partition: TopicPartition, make: Callable[[Record | None], OutgoingRecord]) -> RecordRef:
        """Write what `make` gives for the last record of `partition` (None: an empty one), with no record of another
        publisher of this id in between: a chain of several writers. `make` may be called several times.

        Raises as `publish` does, and what `make` raises.
        """

    def close(self) -> None: ...


class TopicAdmin(Protocol):
    """Creates and inspects topics."""

    def brokers(self) -> int:
        """How many brokers the cluster has now. Raises BrokerUnavailable."""

    def describe(self, name: str) -> TopicSpec | None:
        """The topic as it is, None if there is none. `extra` holds the settings asked about in no other field."""

    def create(self, spec: TopicSpec) -> None:
        """Create it exactly so. Raises TopicMismatch if it exists, BrokerRefused if the cluster cannot."""

    def erase(self, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        """Remove every record with one of these keys, given by partition, as far as the broker can.

        Repeating it is harmless. Raises TopicMismatch if there is no such topic, BrokerUnavailable, BrokerRefused.
        """

    def close(self) -> None: ...


class Broker(Protocol):
    """Makes sessions; holds no connection of its own."""

    @property
    def name(self) -> str:
        """`kafka` or `local`."""

    def stream(self, *, topic: str, group: str, instance_id: str) -> Stream:
        """`instance_id` names this worker for ever; two live ones with the same id fence each other."""

    def reader(self) -> Reader: ...

    def publisher(self, *, publisher_id: str) -> Publisher: ...

    def topics(self) -> TopicAdmin: ...

    def partitions(self, topic: str) -> int:
        """Number of partitions. Raises TopicMismatch if the topic does not exist."""
