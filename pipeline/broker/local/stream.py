"""A worker's session on the log: group member and transactional writer on one connection."""

from collections.abc import Callable, Mapping, Sequence

from pipeline.broker.base import AssignmentListener, OutgoingRecord, Record, TopicPartition
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.cursors import Cursors
from pipeline.broker.local.database import Database
from pipeline.broker.local.membership import Membership
from pipeline.broker.local.session import Session
from pipeline.clock import Clock, Deadline
from pipeline.errors import BrokerRefused


class LocalStream:
    """See `pipeline.broker.base.Stream`."""

    def __init__(
        self,
        connect: Callable[[], Database],
        *,
        topic: str,
        group: str,
        instance_id: str,
        clock: Clock,
        session_timeout_seconds: float,
        heartbeat_interval_seconds: float,
    ) -> None:
        self._connect = connect
        self._topic_name = topic
        self._group = group
        self._instance_id = instance_id
        self._clock = clock
        self._session_timeout_seconds = session_timeout_seconds
        self._heartbeat_interval_seconds = heartbeat_interval_seconds
        self._session: Session | None = None
        self._closed = False

    def open(self, listener: AssignmentListener) -> None:
        if self._session is not None or self._closed:
            raise BrokerRefused("a stream is opened once; ask the broker for another")
        database = self._connect()
        try:
            self._session = self._join(database, listener)
        except BaseException:
            database.close()
            raise

    def _join(self, database: Database, listener: AssignmentListener) -> Session:
        catalog = Catalog(database)
        topic = catalog.topic(self._topic_name)
        membership = Membership(
            database,
            topic,
            group=self._group,
            instance_id=self._instance_id,
            clock=self._clock,
            session_timeout_seconds=self._session_timeout_seconds,
        )
        cursors = Cursors(database, topic, group=self._group)
        membership.join()
        return Session(
            database,
            catalog,
            membership,
            cursors,
            listener,
            clock=self._clock,
            heartbeat_interval_seconds=self._heartbeat_interval_seconds,
        )

    def poll(self, *, timeout_seconds: float, max_records: int) -> Sequence[Record]:
        return self._open_session().poll(timeout_seconds=timeout_seconds, max_records=max_records)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        self._open_session().cursors.pause(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self._open_session().cursors.resume(partitions)

    def commit(self, outgoing: Sequence[OutgoingRecord], *, offsets: Mapping[TopicPartition, int]) -> None:
        self._open_session().commit(outgoing, offsets)

    def recover(self) -> Mapping[TopicPartition, int]:
        return self._open_session().recover()

    def close(self, deadline: Deadline) -> None:
        if self._closed:
            return
        self._closed = True
        if self._session is not None:
            try:
                self._session.close(deadline)
            finally:
                self._session = None

    def _open_session(self) -> Session:
        if self._session is None:
            raise BrokerRefused("the stream is not open")
        return self._session
