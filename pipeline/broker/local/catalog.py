"""The topics a log has."""

import re
from dataclasses import dataclass

import orjson

from pipeline.broker.base import TopicPartition, TopicSpec
from pipeline.broker.local.database import Database
from pipeline.broker.local.faults import mapped
from pipeline.broker.local.schema import OFFSET_BITS
from pipeline.errors import BrokerRefused, TopicMismatch

# What Kafka allows (org.apache.kafka.common.internals.Topic), so that a site can move there without renaming.
_LEGAL_NAME = re.compile(r"(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}")


@dataclass(frozen=True, slots=True)
class Topic:
    """`partition_ids[i]` is the id of partition `i`."""

    topic_id: int
    name: str
    partition_ids: tuple[int, ...]

    def place(self, partition: int, offset: int) -> int:
        """Where the record is kept."""
        return (self.partition_ids[partition] << OFFSET_BITS) + offset


class Catalog:
    """Looks topics up. A topic never changes once created, so one found is remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: dict[str, Topic] = {}

    def topic(self, name: str) -> Topic:
        """Raises TopicMismatch if there is none."""
        found = self._found.get(name) or self._look_up(name)
        if found is None:
            raise TopicMismatch(f"topic {name} does not exist; create it with the topics command")
        self._found[name] = found
        return found

    def partition_id(self, partition: TopicPartition) -> int:
        """Raises TopicMismatch if the topic is missing or has fewer partitions."""
        topic = self.topic(partition.topic)
        if not 0 <= partition.partition < len(topic.partition_ids):
            raise TopicMismatch(f"topic {topic.name} has no partition {partition.partition}")
        return topic.partition_ids[partition.partition]

    def describe(self, name: str) -> TopicSpec | None:
        """What the topic was created as; None if there is none."""
        with mapped():
            row = self._database.sql.execute("SELECT settings FROM topics WHERE name = ?", (name,)).fetchone()
        return None if row is None else TopicSpec(name=name, **orjson.loads(row[0]))

    def create(self, spec: TopicSpec) -> None:
        """Raises TopicMismatch if it exists, BrokerRefused for what one machine cannot give."""
        _refuse_what_one_machine_cannot(spec)
        with self._database.amend() as sql:
            if sql.execute("SELECT 1 FROM topics WHERE name = ?", (spec.name,)).fetchone():
                raise TopicMismatch(f"topic {spec.name} already exists")
            cursor = sql.execute("INSERT INTO topics (name, settings) VALUES (?, ?)", (spec.name, _settings(spec)))
            rows = [(cursor.lastrowid, number) for number in range(spec.partitions)]
            sql.executemany("INSERT INTO partitions (topic_id, number) VALUES (?, ?)", rows)

    def _look_up(self, name: str) -> Topic | None:
        with mapped():
            rows = self._database.sql.execute(
                "SELECT topic_id, partition_id FROM topics JOIN partitions USING (topic_id) "
                "WHERE name = ? ORDER BY number",
                (name,),
            ).fetchall()
        return Topic(rows[0][0], name, tuple(row[1] for row in rows)) if rows else None


def _settings(spec: TopicSpec) -> str:
    settings = {
        "partitions": spec.partitions,
        "replication": spec.replication,
        "retention_ms": spec.retention_ms,
        "min_insync_replicas": spec.min_insync_replicas,
        "cleanup_policy": spec.cleanup_policy,
        "extra": dict(spec.extra),
    }
    return orjson.dumps(settings).decode()


def _refuse_what_one_machine_cannot(spec: TopicSpec) -> None:
    if not _LEGAL_NAME.fullmatch(spec.name):
        raise BrokerRefused(f"topic {spec.name!r}: a name is 1 to 249 letters, digits, dots, underscores and hyphens")
    if spec.partitions < 1:
        raise BrokerRefused(f"topic {spec.name}: a topic needs at least one partition")
    if spec.replication > 1 or spec.min_insync_replicas > 1:
        raise BrokerRefused(f"topic {spec.name}: the embedded log keeps one copy; ask for replication 1, or use Kafka")
    if spec.cleanup_policy not in ("delete", "compact"):
        raise BrokerRefused(f"topic {spec.name}: the embedded log knows the cleanup policies delete and compact")
