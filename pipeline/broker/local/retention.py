"""Deleting what a topic no longer keeps, a little at a time."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from pipeline.broker.local.database import Database
from pipeline.broker.local.faults import mapped
from pipeline.broker.local.schema import OFFSET_BITS, OFFSET_MASK
from pipeline.clock import Clock

SWEEP_INTERVAL_SECONDS = 3600.0

# One step is one short transaction, so that a sweep never holds the writer lock for long.
_STEP_RECORDS = 500
_SUPERSEDED = (
    "DELETE FROM records WHERE place >= ? AND place <= ? AND place NOT IN "
    "(SELECT max(place) FROM records WHERE place >= ? AND place <= ? GROUP BY key)"
)
_OLDEST = "SELECT place, timestamp_ms FROM records WHERE place >= ? AND place <= ? ORDER BY place LIMIT ?"


class Retention:
    """Sweeps every topic with a retention once an hour, and leaves of a compacted one the last record of each key.
    Others that are kept for ever (-1) are never touched."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sweep: Iterator[int] | None = None
        self._next_at: float | None = None

    def advance(self, *, steps: int) -> int:
        """Do up to `steps` steps of the sweep that is due, if any; returns how many records went."""
        if self._sweep is None:
            if self._next_at is not None and self._clock.monotonic() < self._next_at:
                return 0
            self._sweep = self._sweep_all()
        deleted = 0
        for step in islice(self._sweep, steps):
            deleted += step
            steps -= 1
        if steps:
            self._sweep = None
            self._next_at = self._clock.monotonic() + SWEEP_INTERVAL_SECONDS
        return deleted

    def _sweep_all(self) -> Iterator[int]:
        for partition_id, retention_ms in self._swept_partitions():
            while deleted := self._step(partition_id, before_ms=self._clock.now_ms() - retention_ms):
                yield deleted
        for partition_id in self._compacted_partitions():
            yield self._compact(partition_id)

    def _swept_partitions(self) -> list[tuple[int, int]]:
        found = [(partition_id, int(settings["retention_ms"])) for partition_id, settings in self._partitions()]
        return [(partition_id, retention_ms) for partition_id, retention_ms in found if retention_ms >= 0]

    def _compacted_partitions(self) -> list[int]:
        return [number for number, settings in self._partitions() if settings["cleanup_policy"] == "compact"]

    def _partitions(self) -> list[tuple[int, dict[str, Any]]]:
        with mapped():
            rows = self._database.sql.execute(
                "SELECT partition_id, settings FROM partitions JOIN topics USING (topic_id)"
            )
            return [(partition_id, orjson.loads(settings)) for partition_id, settings in rows]

    def _compact(self, partition_id: int) -> int:
        base = partition_id << OFFSET_BITS
        span = (base, base + OFFSET_MASK)
        with self._database.amend() as sql:
            return sql.execute(_SUPERSEDED, span + span).rowcount

    def _step(self, partition_id: int, *, before_ms: int) -> int:
        """Timestamps never go backwards within a partition, so what is too old is a run at its beginning."""
        base = partition_id << OFFSET_BITS
        with mapped():
            oldest = self._database.sql.execute(_OLDEST, (base, base + OFFSET_MASK, _STEP_RECORDS)).fetchall()
        expired = [place for place, timestamp_ms in oldest if timestamp_ms < before_ms]
        if not expired:
            return 0
        begin = (expired[-1] & OFFSET_MASK) + 1
        with self._database.amend() as sql:
            sql.execute("DELETE FROM records WHERE place >= ? AND place < ?", (base, base + begin))
            sql.execute(
                "UPDATE partitions SET begin_offset = max(begin_offset, ?) WHERE partition_id = ?",
                (begin, partition_id),
            )
        return len(expired)
