"""A worker's session: a group member and a transactional producer, owned by the thread that polls."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from kafka import KafkaConsumer
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.broker.base import AssignmentListener, OutgoingRecord, Record, TopicPartition
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.connection import as_library, as_records, connect_consumer
from pipeline.broker.kafka.errors import translating
from pipeline.broker.kafka.joining import JoinRepairs
from pipeline.broker.kafka.ownership import HonestAssignor, NotingListener, RebalanceNotes, is_member
from pipeline.broker.kafka.parking import free_inline_slot
from pipeline.broker.kafka.transactor import Transactor
from pipeline.clock import Clock, Deadline
from pipeline.errors import BrokerError, BrokerUnavailable, CommitAborted, Fenced

_log = structlog.get_logger()

# One poll of the library lasts at most this long, so that a revocation it notes is soon told. Under load a poll
# returns with records long before.
_SLICE_SECONDS = 0.25


class KafkaStream:
    """`pipeline.broker.base.Stream` on Kafka. Use from one thread; the listener is called on that thread."""

    def __init__(self, config: KafkaConfig, *, topic: str, group: str, transactional_id: str, clock: Clock) -> None:
        self._config = config
        self._topic = topic
        self._group = group
        self._clock = clock
        self._transactor = Transactor(config, transactional_id=transactional_id, clock=clock)
        self._notes = RebalanceNotes()
        self._owned: set[TopicPartition] = set()
        self._rewinds = 0
        self._closed = False
        self._consumer_or_none: KafkaConsumer | None = None
        self._listener: AssignmentListener | None = None
        self._joins: JoinRepairs

    def open(self, listener: AssignmentListener) -> None:
        """Settle the predecessor's transaction, then subscribe. The first polls join the group."""
        self._listener = listener
        # In this order: a consumer that starts while the old transaction is open would wait for its offsets.
        self._transactor.open()
        assignor = HonestAssignor(self._notes)
        consumer = connect_consumer(self._config, group=self._group, assignors=(assignor,))
        self._joins = JoinRepairs(consumer)
        assignor.membership = consumer.group_metadata
        assignor.joining = self._joins.keep_cause
        self._consumer_or_none = consumer
        consumer.subscribe([self._topic], listener=NotingListener(self._notes))
        with translating("look up the topic"):
            # A member that joins before it knows the topic and is made leader gives nobody anything.
            consumer.beginning_offsets([LibraryPartition(self._topic, 0)], timeout_ms=self._config.request_timeout_ms)

    def poll(self, *, timeout_seconds: float, max_records: int) -> Sequence[Record]:
        deadline = Deadline(timeout_seconds, clock=self._clock)
        while True:
            slice_ms = int(min(deadline.remaining_seconds(), _SLICE_SECONDS) * 1000)
            rewinds = self._rewinds
            free_inline_slot(self._consumer)
            with translating("poll"):
                self._joins.keep_outcome()
                fetched = self._consumer.poll(timeout_ms=slice_ms, max_records=max_records)
            kept = self._settle_ownership()
            if kept is not None:
                fetched = {} if rewinds != self._rewinds else self._still_wanted(fetched, kept)
            records = [record for batch in fetched.values() for record in as_records(batch)]
            if records or deadline.passed:
                return records

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        self._consumer.pause(*self._assigned(partitions))

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self._consumer.resume(*self._assigned(partitions))

    def commit(self, outgoing: Sequence[OutgoingRecord], *, offsets: Mapping[TopicPartition, int]) -> None:
        if not offsets.keys() <= self._owned:
            raise CommitAborted("offsets of a partition this instance does not own")
        membership = self._consumer.group_metadata()
        if not is_member(membership):
            raise CommitAborted("this instance fell out of its group")
        try:
            self._transactor.commit(outgoing, offsets=offsets, membership=membership)
        except Fenced:
            self._give_way()
            raise

    def recover(self) -> Mapping[TopicPartition, int]:
        self._transactor.open()
        self._rewinds += 1
        if not is_member(self._consumer.group_metadata()):
            self._notes.note_lost(self._owned)
        self._tell_lost()
        positions = self._committed(self._owned)
        self._seek(positions)
        return positions

    def close(self, deadline: Deadline) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._consumer_or_none is not None:
                self._tell_leaving()
        finally:
            self._release(deadline)

    @property
    def _consumer(self) -> KafkaConsumer:
        if self._consumer_or_none is None or self._closed:
            raise BrokerUnavailable("the stream is not open")
        return self._consumer_or_none

    def _assigned(self, partitions: Iterable[TopicPartition]) -> list[LibraryPartition]:
        assignment = self._consumer_or_none.assignment() if self._consumer_or_none is not None else ()
        return [as_library(partition) for partition in partitions if partition in assignment]

    def _settle_ownership(self) -> set[TopicPartition] | None:
        """Tell the listener what the last poll changed, in the order lost, revoked, assigned.

        None if nothing changed, else the partitions that were owned before and still are.
        """
        assert self._listener is not None
        changed = self._tell_lost()
        if not is_member(self._consumer.group_metadata()):
            # Out of the group and not yet back: what the library still lists is not ours.
            return set()
        assignment = {TopicPartition(*partition) for partition in self._consumer.assignment()}
        if revoked := self._owned - assignment:
            # Owned until the listener returns, so that it can commit.
            self._listener.revoked(sorted(revoked))
            self._owned -= revoked
        self._notes.told()
        kept = set(self._owned)
        if added := assignment - self._owned:
            positions = self._committed(added)
            self._seek(positions)
            self._owned |= added
            self._listener.assigned(positions)
        return kept if changed or revoked or added else None

    def _tell_lost(self) -> bool:
        assert self._listener is not None
        lost = self._notes.take_lost() & self._owned
        if lost:
            self._owned -= lost
            self._listener.lost(sorted(lost))
        return bool(lost)

    def _still_wanted(
        self, fetched: Mapping[LibraryPartition, Any], kept: set[TopicPartition]
    ) -> Mapping[LibraryPartition, Any]:
        """What of a poll may be delivered after ownership changed in it; the rest will be fetched again.

        Records of a partition just assigned are dropped: it was placed on its committed offset after they came.
        """
        paused = self._consumer.paused()
        wanted = {}
        for partition, records in fetched.items():
            if partition not in kept:
                continue
            if partition in paused:
                self._consumer.seek(partition, records[0].offset)
            else:
                wanted[partition] = records
        return wanted

    def _committed(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Committed offsets, once no transaction is still writing them; the beginning where there is none."""
        timeout_ms = self._config.request_timeout_ms
        positions: dict[TopicPartition, int] = {}
        with translating("read committed offsets"):
            for partition in sorted(partitions):
                key = as_library(partition)
                offset = self._consumer.committed(key, timeout_ms=timeout_ms)
                if offset is None:
                    offset = self._consumer.beginning_offsets([key], timeout_ms=timeout_ms)[key]
                positions[partition] = offset
        return positions

    def _seek(self, positions: Mapping[TopicPartition, int]) -> None:
        for key in self._assigned(positions):
            self._consumer.seek(key, positions[TopicPartition(*key)])

    def _give_way(self) -> None:
        """Leave the group at once: a newer instance with our id waits for our partitions."""
        with translating("leave the group"):
            self._consumer.unsubscribe()
        self._notes.note_lost(self._owned)

    def _tell_leaving(self) -> None:
        assert self._listener is not None
        assert self._consumer_or_none is not None
        self._closed = False
        try:
            if not is_member(self._consumer.group_metadata()):
                self._notes.note_lost(self._owned)
            self._tell_lost()
            if self._owned:
                self._listener.revoked(sorted(self._owned))
        finally:
            self._closed = True
            self._owned.clear()

    def _release(self, deadline: Deadline) -> None:
        consumer, self._consumer_or_none = self._consumer_or_none, None
        try:
            if consumer is not None:
                with translating("leave the group"):
                    consumer.close(autocommit=False, timeout_ms=int(deadline.remaining_seconds() * 1000))
        except BrokerError as error:
            # The group drops this member by itself after the session time-out.
            _log.warning("kafka_leave_failed", error=type(error).__name__)
        finally:
            self._transactor.close(timeout_seconds=deadline.remaining_seconds())
