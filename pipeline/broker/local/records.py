"""Appending and reading records of one partition; the offsets around them."""

import sqlite3
from collections.abc import Sequence
from itertools import count
from struct import pack, unpack_from

from pipeline.broker.base import Headers, OutgoingRecord, Record, RecordRef, TopicPartition
from pipeline.broker.local.catalog import Catalog, Topic
from pipeline.broker.local.partitioner import partition_of
from pipeline.broker.local.schema import OFFSET_BITS, OFFSET_MASK

_ROW_OVERHEAD_BYTES = 64
_APPEND = "INSERT INTO records (place, key, value, headers, timestamp_ms) VALUES (?, ?, ?, ?, ?)"
_TAIL = "SELECT end_offset, last_timestamp_ms FROM partitions WHERE partition_id = ?"
_MOVE_TAIL = "UPDATE partitions SET end_offset = ?, last_timestamp_ms = ? WHERE partition_id = ?"
_RANGE = (
    "SELECT place, key, value, headers, timestamp_ms FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?"
)

_LATEST = "SELECT max(place) FROM records WHERE place >= ? AND place <= ?"


class Appender:
    """Gives records their offsets. One a connection."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._turn = count()

    def append(
        self, sql: sqlite3.Connection, records: Sequence[OutgoingRecord], *, now_ms: int
    ) -> tuple[list[RecordRef], int]:
        """Write inside the caller's transaction; returns the places in order and the bytes written.

        Timestamps never go backwards within a partition, whatever the wall clock does: retention and the search by
        time rely on it. Raises TopicMismatch.
        """
        tails: dict[int, tuple[int, int]] = {}
        refs: list[RecordRef] = []
        rows: list[tuple[int, bytes | None, bytes, bytes | None, int]] = []
        size_bytes = 0
        for record in records:
            partition = self._partition(record)
            partition_id = self._catalog.partition_id(TopicPartition(record.topic, partition))
            offset, last_ms = tails.get(partition_id) or sql.execute(_TAIL, (partition_id,)).fetchone()
            timestamp_ms = max(now_ms, last_ms)
            tails[partition_id] = (offset + 1, timestamp_ms)
            refs.append(RecordRef(record.topic, partition, offset))
            rows.append(
                (
                    (partition_id << OFFSET_BITS) + offset,
                    record.key,
                    record.value,
                    _packed(record.headers),
                    timestamp_ms,
                )
            )
            size_bytes += len(record.value) + _ROW_OVERHEAD_BYTES
        sql.executemany(_APPEND, rows)
        sql.executemany(_MOVE_TAIL, [(end, last_ms, partition_id) for partition_id, (end, last_ms) in tails.items()])
        return refs, size_bytes

    def _partition(self, record: OutgoingRecord) -> int:
        if record.partition is not None:
            return record.partition
        partitions = len(self._catalog.topic(record.topic).partition_ids)
        return next(self._turn) % partitions if record.key is None else partition_of(record.key, partitions)


def fetch(
    sql: sqlite3.Connection, topic: Topic, partition: int, *, start: int, stop: int | None, limit: int
) -> list[Record]:
    """Up to `limit` records with start <= offset < stop (None: as far as there are any), in order."""
    first = topic.place(partition, start)
    end = topic.place(partition, OFFSET_MASK if stop is None else min(stop, OFFSET_MASK))
    name = topic.name
    return [
        Record(RecordRef(name, partition, place & OFFSET_MASK), key, value, _unpacked(headers), timestamp_ms)
        for place, key, value, headers, timestamp_ms in sql.execute(_RANGE, (first, end, limit))
    ]


def latest(sql: sqlite3.Connection, topic: Topic, partition: int) -> Record | None:
    """The last record that is kept; None if there is none."""
    span = (topic.place(partition, 0), topic.place(partition, OFFSET_MASK))
    (place,) = sql.execute(_LATEST, span).fetchone()
    if place is None:
        return None
    return fetch(sql, topic, partition, start=place & OFFSET_MASK, stop=None, limit=1)[0]


def bounds(sql: sqlite3.Connection, partition_id: int) -> tuple[int, int]:
    """The first offset kept, and one past the last."""
    begin, end = sql.execute(
        "SELECT begin_offset, end_offset FROM partitions WHERE partition_id = ?", (partition_id,)
    ).fetchone()
    return int(begin), int(end)


def committed(sql: sqlite3.Connection, group: str, partition_id: int) -> int | None:
    """The group's next offset to read; None if it never committed one."""
    row = sql.execute(
        "SELECT next_offset FROM group_offsets WHERE group_name = ? AND partition_id = ?", (group, partition_id)
    ).fetchone()
    return None if row is None else int(row[0])


def _packed(headers: Headers) -> bytes | None:
    if not headers:
        return None
    parts: list[bytes] = []
    for name, value in headers:
        encoded = name.encode()
        parts += (pack(">II", len(encoded), len(value)), encoded, value)
    return b"".join(parts)


def _unpacked(packed: bytes | None) -> Headers:
    if packed is None:
        return ()
    headers: list[tuple[str, bytes]] = []
    at = 0
    while at < len(packed):
        name_length, value_length = unpack_from(">II", packed, at)
        at += 8
        name = packed[at : at + name_length].decode()
        at += name_length
        headers.append((name, packed[at : at + value_length]))
        at += value_length
    return tuple(headers)
