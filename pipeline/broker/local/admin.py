"""Creates and describes the topics of the log."""

from collections.abc import Callable

from pipeline.broker.base import TopicSpec
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.database import Database
from pipeline.errors import BrokerRefused


class LocalTopicAdmin:
    """See `pipeline.broker.base.TopicAdmin`. A log keeps one copy and never compacts; asking for more is refused."""

    def __init__(self, connect: Callable[[], Database]) -> None:
        self._connect = connect
        self._database: Database | None = None
        self._closed = False

    def describe(self, name: str) -> TopicSpec | None:
        return Catalog(self._open()).describe(name)

    def create(self, spec: TopicSpec) -> None:
        Catalog(self._open()).create(spec)

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
