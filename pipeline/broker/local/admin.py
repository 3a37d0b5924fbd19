"""Creates and describes the topics of the log."""

from collections.abc import Callable, Collection, Mapping

from pipeline.broker.base import Erasure, TopicPartition, TopicSpec
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.database import Database
from pipeline.broker.local.schema import OFFSET_BITS, OFFSET_MASK
from pipeline.errors import BrokerRefused


class LocalTopicAdmin:
    """See `pipeline.broker.base.TopicAdmin`. A log keeps one copy; asking for more is refused."""

    def __init__(self, connect: Callable[[], Database]) -> None:
        self._connect = connect
        self._database: Database | None = None
        self._closed = False

    def brokers(self) -> int:
        return 1

    def describe(self, name: str) -> TopicSpec | None:
        return Catalog(self._open()).describe(name)

    def create(self, spec: TopicSpec) -> None:
        Catalog(self._open()).create(spec)

    def erase(self, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        """From the file at once: what is deleted is overwritten, and so is the write-ahead log."""
        database = self._open()
        catalog = Catalog(database)
        places = {number: catalog.partition_id(TopicPartition(topic, number)) << OFFSET_BITS for number in keys}
        with database.amend() as sql:
            for number, base in places.items():
                gone = [(base, base + OFFSET_MASK, key) for key in keys[number]]
                sql.executemany("DELETE FROM records WHERE place >= ? AND place <= ? AND key = ?", gone)
        database.empty_write_ahead_log()
        return Erasure.GONE

    def close(self) -> None:
        database, self._database, self._closed = self._database, None, True
        if database is not None:
            database.close()

    def _open(self) -> Database:
        if self._closed:
            raise BrokerRefused("the topic admin is closed")
        if self._database is None:
            self._database = self._connect()
        return self._database
