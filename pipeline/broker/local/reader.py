"""Reads the log by position."""

from collections.abc import Callable, Iterator

from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.database import Database
from pipeline.broker.local.faults import mapped
from pipeline.broker.local.records import bounds, committed, fetch, latest
from pipeline.errors import BrokerRefused

# A page is one short read transaction: a slow consumer of the iterator never holds the write-ahead log back.
_PAGE_RECORDS = 500


class LocalReader:
    """See `pipeline.broker.base.Reader`. Every method may raise TopicMismatch, BrokerUnavailable, BrokerRefused."""

    def __init__(self, connect: Callable[[], Database]) -> None:
        self._connect = connect
        self._opened: tuple[Database, Catalog] | None = None
        self._closed = False

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        end = self.end_offset(partition)
        return self._pages(partition, start=max(0, start), stop=end if stop is None else min(stop, end))

    def _pages(self, partition: TopicPartition, *, start: int, stop: int) -> Iterator[Record]:
        while start < stop:
            page = self._page(partition, start=start, stop=stop)
            if not page:
                return
            yield from page
            start = page[-1].ref.offset + 1

    def _page(self, partition: TopicPartition, *, start: int, stop: int, limit: int = _PAGE_RECORDS) -> list[Record]:
        database, catalog = self._open()
        topic = catalog.topic(partition.topic)
        with mapped():
            return fetch(database.sql, topic, partition.partition, start=start, stop=stop, limit=limit)

    def _next(self, partition: TopicPartition, *, start: int, stop: int) -> Record | None:
        return next(iter(self._page(partition, start=start, stop=stop, limit=1)), None)

    def begin_offset(self, partition: TopicPartition) -> int:
        return self._bounds(partition)[0]

    def end_offset(self, partition: TopicPartition) -> int:
        return self._bounds(partition)[1]

    def offset_for_time(self, partition: TopicPartition, timestamp_ms: int) -> int:
        """By halving: timestamps never go backwards within a partition. What was erased leaves gaps."""
        low, end = self._bounds(partition)
        high, found = end, end
        while low < high:
            middle = (low + high) // 2
            next_one = self._next(partition, start=middle, stop=high)
            if next_one is None:
                high = middle
            elif next_one.timestamp_ms >= timestamp_ms:
                high, found = middle, next_one.ref.offset
            else:
                low = next_one.ref.offset + 1
        return found

    def last(self, partition: TopicPartition, *, settle_seconds: float) -> Record | None:  # noqa: ARG002
        """At once: a transaction that is open here is not visible, and has no place in the log yet."""
        database, catalog = self._open()
        topic = catalog.topic(partition.topic)
        with mapped():
            return latest(database.sql, topic, partition.partition)

    def committed(self, group: str, partition: TopicPartition) -> int | None:
        database, catalog = self._open()
        partition_id = catalog.partition_id(partition)
        with mapped():
            return committed(database.sql, group, partition_id)

    def close(self) -> None:
        opened, self._opened, self._closed = self._opened, None, True
        if opened is not None:
            opened[0].close()

    def _bounds(self, partition: TopicPartition) -> tuple[int, int]:
        database, catalog = self._open()
        partition_id = catalog.partition_id(partition)
        with mapped():
            return bounds(database.sql, partition_id)

    def _open(self) -> tuple[Database, Catalog]:
        if self._closed:
            raise BrokerRefused("the reader is closed")
        if self._opened is None:
            database = self._connect()
            self._opened = (database, Catalog(database))
        return self._opened
