"""Counts over any number of records in bounded memory: by name, by duration, by who was seen."""

from collections.abc import Collection
from dataclasses import dataclass

OTHERS = "(others)"
"""What is counted together once a table is full. No code and no id of ours has a bracket."""


class Tally:
    """How often each name came. The first `limit` names get a row; what comes after is counted as `OTHERS`."""

    def __init__(self, *, limit: int = 1000) -> None:
        self._limit = limit
        self._counts: dict[str, int] = {}

    def add(self, name: str) -> None:
        if name not in self._counts and len(self._counts) >= self._limit:
            name = OTHERS
        self._counts[name] = self._counts.get(name, 0) + 1

    def by_count(self) -> dict[str, int]:
        """Most frequent first, equals by name."""
        return dict(sorted(self._counts.items(), key=lambda row: (-row[1], row[0])))

    def by_name(self) -> dict[str, int]:
        return dict(sorted(self._counts.items()))


@dataclass(frozen=True, slots=True)
class Durations:
    """Milliseconds. Quantiles are by nearest rank and at most 1/64 too long, never too short; None of nothing."""

    count: int
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    max_ms: int | None
    limit_ms: int
    over_limit: int


class DurationHistogram:
    """Exact below 128 ms; above, 64 steps for each doubling (as HdrHistogram does), so 3,000 steps reach 2^53."""

    def __init__(self, *, limit_ms: int) -> None:
        self._limit_ms = limit_ms
        self._steps: dict[int, int] = {}
        self._count = self._over = self._max = 0

    def add(self, milliseconds: int) -> None:
        longest = _longest_of_step(milliseconds)
        self._steps[longest] = self._steps.get(longest, 0) + 1
        self._count += 1
        self._over += milliseconds > self._limit_ms
        self._max = max(self._max, milliseconds)

    def durations(self) -> Durations:
        none = self._count == 0
        p50, p95, p99 = (None if none else self._quantile(percent) for percent in (50, 95, 99))
        return Durations(self._count, p50, p95, p99, None if none else self._max, self._limit_ms, self._over)

    def _quantile(self, percent: int) -> int:
        rank = -(-self._count * percent // 100)
        for longest in sorted(self._steps):
            rank -= self._steps[longest]
            if rank <= 0:
                return min(longest, self._max)
        return self._max


def _longest_of_step(milliseconds: int) -> int:
    shift = max(0, milliseconds.bit_length() - 7)
    return ((milliseconds >> shift) + 1 << shift) - 1


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody or something that wrote records. `new` is None where nobody said who was known before."""

    name: str
    records: int
    first_ms: int
    last_ms: int
    new: bool | None


class Presences:
    """Who was seen, from when to when; the first `limit` names, and how many records were by others."""

    def __init__(self, *, known: Collection[str] | None, limit: int = 500) -> None:
        self._known, self._limit = known, limit
        self._seen: dict[str, tuple[int, int, int]] = {}
        self.unlisted = 0

    def add(self, name: str, at_ms: int) -> None:
        seen = self._seen.get(name)
        if seen is None and len(self._seen) >= self._limit:
            self.unlisted += 1
            return
        records, first, last = seen or (0, at_ms, at_ms)
        self._seen[name] = (records + 1, min(first, at_ms), max(last, at_ms))

    def in_order(self) -> tuple[Presence, ...]:
        """By when they were first seen."""
        rows = sorted(self._seen.items(), key=lambda row: (row[1][1], row[0]))
        return tuple(
            Presence(name, records, first, last, None if self._known is None else name not in self._known)
            for name, (records, first, last) in rows
        )
