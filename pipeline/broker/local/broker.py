"""The embedded durable log: one SQLite file, one machine, several processes, the same promises as Kafka."""

from contextlib import closing
from pathlib import Path

from pipeline.broker.local.admin import LocalTopicAdmin
from pipeline.broker.local.catalog import Catalog
from pipeline.broker.local.database import Database
from pipeline.broker.local.publisher import LocalPublisher
from pipeline.broker.local.reader import LocalReader
from pipeline.broker.local.stream import LocalStream
from pipeline.clock import Clock

_LONGEST_WAIT_SECONDS = 5.0


class LocalBroker:
    """See `pipeline.broker.base.Broker`. `path` is the directory of `log.sqlite3`, on a local disk.

    A commit is one SQLite transaction in a write-ahead log with synchronous=FULL: on return it is on the disk.
    A member that has not polled for `session_timeout_seconds` loses its partitions; the group is looked at every
    `heartbeat_interval_seconds`, so ownership moves within about two of them.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        session_timeout_seconds: float = 10.0,
        heartbeat_interval_seconds: float = 1.0,
    ) -> None:
        self._path = path
        self._clock = clock
        self._session_timeout_seconds = session_timeout_seconds
        self._heartbeat_interval_seconds = heartbeat_interval_seconds

    @property
    def name(self) -> str:
        return "local"

    def stream(self, *, topic: str, group: str, instance_id: str) -> LocalStream:
        return LocalStream(
            self._connect_member,
            topic=topic,
            group=group,
            instance_id=instance_id,
            clock=self._clock,
            session_timeout_seconds=self._session_timeout_seconds,
            heartbeat_interval_seconds=self._heartbeat_interval_seconds,
        )

    def reader(self) -> LocalReader:
        return LocalReader(self._connect)

    def publisher(self, *, publisher_id: str) -> LocalPublisher:  # noqa: ARG002 (Kafka names its transactions by it)
        return LocalPublisher(self._connect, clock=self._clock)

    def topics(self) -> LocalTopicAdmin:
        return LocalTopicAdmin(self._connect)

    def partitions(self, topic: str) -> int:
        with closing(self._connect()) as database:
            return len(Catalog(database).topic(topic).partition_ids)

    def _connect(self) -> Database:
        return Database(self._path, busy_timeout_seconds=_LONGEST_WAIT_SECONDS)

    def _connect_member(self) -> Database:
        # Waiting for another writer must not cost this member its own session.
        wait_seconds = min(_LONGEST_WAIT_SECONDS, self._session_timeout_seconds / 2)
        return Database(self._path, busy_timeout_seconds=wait_seconds)
