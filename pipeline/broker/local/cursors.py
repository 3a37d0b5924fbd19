"""Where delivery stands in each partition a member owns."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.local.catalog import Topic
from pipeline.broker.local.database import Database
from pipeline.broker.local.faults import mapped
from pipeline.broker.local.records import bounds, committed, fetch

_ADVANCE = (
    "INSERT INTO group_offsets (group_name, partition_id, next_offset) VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset"
)


class Cursors:
    """Positions, pauses and committed offsets of one group member on one topic."""

    def __init__(self, database: Database, topic: Topic, *, group: str) -> None:
        self._database = database
        self._topic = topic
        self._group = group
        self._next: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._turn = 0
        self._names = {
            partition_id: TopicPartition(topic.name, number) for number, partition_id in enumerate(topic.partition_ids)
        }

    @property
    def held(self) -> frozenset[TopicPartition]:
        """The partitions the listener knows as its own."""
        return frozenset(self._next)

    def named(self, partition_ids: Collection[int]) -> frozenset[TopicPartition]:
        return frozenset(self._names[partition_id] for partition_id in partition_ids)

    def ids(self, partitions: Iterable[TopicPartition]) -> list[int]:
        return [self._topic.partition_ids[partition.partition] for partition in partitions]

    def place(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Put these at the group's committed offset, or at the first record kept; returns where that is."""
        placed: dict[TopicPartition, int] = {}
        with mapped():
            for partition in sorted(partitions):
                partition_id = self._topic.partition_ids[partition.partition]
                begin, _ = bounds(self._database.sql, partition_id)
                placed[partition] = max(begin, committed(self._database.sql, self._group, partition_id) or 0)
        self._next.update(placed)
        return placed

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            self._next.pop(partition, None)
            self._paused.discard(partition)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        self._paused |= self._next.keys() & set(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        self._paused -= set(partitions)

    def fetch(self, max_records: int) -> Sequence[Record]:
        """The next records of what is not paused. Each call begins with another partition, so that none starves."""
        flowing = sorted(self._next.keys() - self._paused)
        self._turn += 1
        first = self._turn % len(flowing) if flowing else 0
        records: list[Record] = []
        with mapped():
            for partition in flowing[first:] + flowing[:first]:
                if len(records) >= max_records:
                    break
                records += self._fetch_one(partition, max_records - len(records))
        return records

    def _fetch_one(self, partition: TopicPartition, limit: int) -> Sequence[Record]:
        start, number = self._next[partition], partition.partition
        found = fetch(self._database.sql, self._topic, number, start=start, stop=None, limit=limit)
        if found:
            self._next[partition] = found[-1].ref.offset + 1
        return found

    def advance(self, sql: sqlite3.Connection, offsets: Mapping[TopicPartition, int]) -> None:
        """Write the group's offsets inside the caller's transaction."""
        rows = [(self._group, *self.ids([partition]), offset) for partition, offset in offsets.items()]
        sql.executemany(_ADVANCE, rows)
