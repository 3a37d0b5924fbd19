"""Writes to the log from outside a worker."""

from collections.abc import Callable, Sequence

from pipeline.broker.base import OutgoingRecord, Record, RecordRef, TopicPartition
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.database import Database
from pipeline.broker.local.records import Appender, latest
from pipeline.clock import Clock
from pipeline.errors import BrokerRefused, BrokerUnavailable, CommitAborted


class LocalPublisher:
    """See `pipeline.broker.base.Publisher`."""

    def __init__(self, connect: Callable[[], Database], *, clock: Clock) -> None:
        self._connect = connect
        self._clock = clock
        self._opened: tuple[Database, Appender] | None = None
        self._closed = False

    def publish(self, records: Sequence[OutgoingRecord]) -> Sequence[RecordRef]:
        """One transaction. Also raises TopicMismatch, with nothing written, for a topic or partition there is not."""
        if not records:
            return []
        database, appender = self._open()
        try:
            with database.write() as sql:
                refs, size_bytes = appender.append(sql, records, now_ms=self._clock.now_ms())
                database.wrote(size_bytes)
        except BrokerUnavailable as error:
            raise CommitAborted(f"nothing was written: {error}") from error
        return refs

    def append(self, partition: TopicPartition, make: Callable[[Record | None], OutgoingRecord]) -> RecordRef:
        """The writer lock keeps every other writer out between the look and the writing."""
        database, appender = self._open()
        topic = Catalog(database).topic(partition.topic)
        try:
            with database.write() as sql:
                made = make(latest(sql, topic, partition.partition))
                (ref,), size_bytes = appender.append(sql, [made], now_ms=self._clock.now_ms())
                database.wrote(size_bytes)
        except BrokerUnavailable as error:
            raise CommitAborted(f"nothing was written: {error}") from error
        return ref

    def close(self) -> None:
        opened, self._opened, self._closed = self._opened, None, True
        if opened is not None:
            opened[0].close()

    def _open(self) -> tuple[Database, Appender]:
        if self._closed:
            raise BrokerRefused("the publisher is closed")
        if self._opened is None:
            database = self._connect()
            self._opened = (database, Appender(Catalog(database)))
        return self._opened
