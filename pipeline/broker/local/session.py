"""What a stream does between `open` and `close`: polling, membership, commits."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

import structlog

from pipeline.broker.base import AssignmentListener, OutgoingRecord, Record, TopicPartition
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.cursors import Cursors
from pipeline.broker.local.database import Database
from pipeline.broker.local.faults import mapped
from pipeline.broker.local.membership import Membership
from pipeline.broker.local.records import Appender
from pipeline.broker.local.retention import Retention
from pipeline.clock import Clock, Deadline
from pipeline.errors import BrokerError, BrokerUnavailable, CommitAborted

# A new record is seen within this; looking costs about ten microseconds.
_WAKE_SECONDS = 0.004
_SWEEP_STEPS = 8

_log = structlog.get_logger()


class Session:
    """An open stream. Raises what `pipeline.broker.base.Stream` promises."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        membership: Membership,
        cursors: Cursors,
        listener: AssignmentListener,
        *,
        clock: Clock,
        heartbeat_interval_seconds: float,
    ) -> None:
        self.cursors = cursors
        self._database = database
        self._catalog = catalog
        self._membership = membership
        self._listener = listener
        self._clock = clock
        self._interval_seconds = heartbeat_interval_seconds
        self._next_look_at = clock.monotonic()
        self._appender = Appender(catalog)
        self._retention = Retention(database, clock=clock)

    def poll(self, *, timeout_seconds: float, max_records: int) -> Sequence[Record]:
        deadline = Deadline(timeout_seconds, clock=self._clock)
        while True:
            if self._clock.monotonic() >= self._next_look_at:
                self._look()
            version = self._database.data_version()
            records = self.cursors.fetch(max_records)
            if records or deadline.passed:
                return records
            self._wait(version, deadline)

    def _wait(self, version: int, deadline: Deadline) -> None:
        """Until another connection commits, the deadline passes or the next look is due."""
        while not deadline.passed:
            until_look = self._next_look_at - self._clock.monotonic()
            if until_look <= 0:
                return
            self._clock.sleep(min(_WAKE_SECONDS, deadline.remaining_seconds(), until_look))
            if self._database.data_version() != version:
                return

    def _look(self) -> None:
        standing = self._membership.look()
        self._drop(self.cursors.held - self.cursors.named(standing.kept))
        self._give_up(self.cursors.named(standing.surplus))
        self._take(self.cursors.named((standing.kept - standing.surplus) | standing.claimed) - self.cursors.held)
        self._next_look_at = self._clock.monotonic() + self._interval_seconds
        self._retention.advance(steps=_SWEEP_STEPS)

    def _drop(self, gone: Iterable[TopicPartition]) -> None:
        if lost := sorted(gone):
            self.cursors.remove(lost)
            _log.warning("partitions_lost", partitions=len(lost))
            self._listener.lost(lost)

    def _give_up(self, surplus: Iterable[TopicPartition]) -> None:
        if going := sorted(surplus):
            # Still owned during the call: the listener may commit what it has finished.
            self._tell_revoked(self.cursors.held & set(going))
            self._membership.release(self.cursors.ids(going))
            self.cursors.remove(going)

    def _tell_revoked(self, partitions: Iterable[TopicPartition]) -> None:
        if told := sorted(partitions):
            self._listener.revoked(told)

    def _take(self, fresh: Iterable[TopicPartition]) -> None:
        if coming := sorted(fresh):
            positions = self.cursors.place(coming)
            try:
                self._listener.assigned(positions)
            except BaseException:
                # Nothing is delivered of what the listener could not take; it is told again at the next poll.
                self.cursors.remove(coming)
                raise

    def commit(self, outgoing: Sequence[OutgoingRecord], offsets: Mapping[TopicPartition, int]) -> None:
        """Write, in one transaction.

        1. Refuse when a newer holder of this instance id has joined (Fenced), or when a partition of `offsets` is no
           longer owned (CommitAborted). No one can take either away until the transaction ends.
        2. Append the records, each at the next offset of its partition.
        3. Advance the group.
        """
        try:
            with self._database.write() as sql:
                # Step 1
                self._membership.refuse_if_fenced(sql)
                owned = self.cursors.named(self._membership.owned(sql))
                if not offsets.keys() <= owned:
                    raise CommitAborted("a partition of the commit has gone to another member; recover to go on")
                # Step 2
                _, size_bytes = self._appender.append(sql, outgoing, now_ms=self._clock.now_ms())
                # Step 3
                self.cursors.advance(sql, offsets)
                self._database.wrote(size_bytes)
        except BrokerUnavailable as error:
            raise CommitAborted(f"nothing was written: {error}") from error

    def recover(self) -> Mapping[TopicPartition, int]:
        with self._database.amend() as sql:
            self._membership.refuse_if_fenced(sql)
            self._membership.settle(sql)
            owned = self.cursors.named(self._membership.owned(sql))
        self._drop(self.cursors.held - owned)
        return self.cursors.place(self.cursors.held)

    def close(self, deadline: Deadline) -> None:
        with closing(self._database):
            try:
                self._hand_back()
            finally:
                self._leave(deadline)

    def _hand_back(self) -> None:
        if not self.cursors.held:
            return
        with mapped():
            still_owned = self.cursors.named(self._membership.owned(self._database.sql))
        self._drop(self.cursors.held - still_owned)
        self._tell_revoked(self.cursors.held)

    def _leave(self, deadline: Deadline) -> None:
        try:
            self._database.limit_waiting(deadline.remaining_seconds())
            self._membership.leave()
        except BrokerError as error:
            # The session timeout frees what was owned.
            _log.warning("leaving_failed", error=type(error).__name__)
