"""Times and rates of a run, as figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.bench.observe import percentile


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds by nearest rank; None of no values."""

    p50: int | None
    p95: int | None
    p99: int | None
    max: int | None


def latency_of(milliseconds: Iterable[float]) -> Latency:
    ordered = sorted(round(one) for one in milliseconds)
    p50, p95, p99 = (percentile(ordered, share) for share in (0.5, 0.95, 0.99))
    return Latency(p50, p95, p99, ordered[-1] if ordered else None)


@dataclass(frozen=True, slots=True)
class Throughput:
    """A second: over the whole run, and over the middle of it, when every part was at work. None of too few values."""

    whole: float | None
    steady: float | None


def throughput_of(times: Iterable[float]) -> Throughput:
    """From the times, in seconds, at which each of a run was done.

    The middle is between the first tenth and the last: what starts and what drains is outside, of a pipeline as of a
    judge alone, so that the two can be compared.
    """
    ordered = sorted(times)
    tenth = len(ordered) // 10
    return Throughput(_rate(ordered), _rate(ordered[tenth : len(ordered) - tenth]))


def _rate(ordered: Sequence[float]) -> float | None:
    """Of what came after the first; those that came with it are not counted either."""
    if not ordered or ordered[-1] == ordered[0]:
        return None
    after = sum(1 for one in ordered if one > ordered[0])
    return round(after / (ordered[-1] - ordered[0]), 1)
