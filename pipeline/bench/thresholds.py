"""When a load run counts as failed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.bench.load_figures import LoadReport


@dataclass(frozen=True, slots=True)
class Thresholds:
    """None asks for nothing. `p99_ms` is of produced-to-committed, `spoken_p99_ms` counts from the schedule, `lag` is
    the most at any time, `growth_mb` and `growth_handles` (file descriptors, threads) of any worker, `of_ceiling` a
    share."""

    p99_ms: float | None = None
    spoken_p99_ms: float | None = None
    lag: int | None = None
    per_second: float | None = None
    growth_mb: float | None = None
    growth_handles: float | None = None
    of_ceiling: float | None = None


def held_to(report: LoadReport, thresholds: Thresholds) -> LoadReport:
    """`report` with everything that is broken: a run that is not whole always is."""
    return replace(report, broken=(*report.faults, *_not_whole(report), *_broken(report, thresholds)))


def _not_whole(report: LoadReport) -> Iterator[str]:
    for name in ("lost", "duplicated", "out_of_order", "orphaned", "dead_letter"):
        if count := getattr(report, name):
            yield f"{name.replace('_', ' ')}: {count}"
    yield from (f"the audit trail does not verify: {flaw}" for flaw in report.audit_flaws)
    for process in report.processes:
        if process.exit_code:
            yield f"{process.name} ended with exit code {process.exit_code}"


def _broken(report: LoadReport, thresholds: Thresholds) -> Iterator[str]:
    produced, spoken = report.produced_to_committed_ms, report.spoken_to_committed_ms
    share = None if report.ceiling is None else report.ceiling.share
    yield from _above("p99 produced to committed, ms", None if produced is None else produced.p99, thresholds.p99_ms)
    yield from _above("p99 spoken to committed, ms", None if spoken is None else spoken.p99, thresholds.spoken_p99_ms)
    yield from _above("lag, chunks", report.lag.max, thresholds.lag)
    for one in report.processes:
        if one.exit_code is not None:
            yield from _above(f"growth of {one.name}, MB", one.rss_mb.growth, thresholds.growth_mb)
            yield from _above(f"growth of {one.name}, descriptors", one.fds.growth, thresholds.growth_handles)
            yield from _above(f"growth of {one.name}, threads", one.threads.growth, thresholds.growth_handles)
    yield from _below("chunks a second", report.per_second.whole, thresholds.per_second)
    yield from _below("share of the ceiling", share, thresholds.of_ceiling)


def _above(what: str, found: float | None, limit: float | None) -> Iterator[str]:
    if limit is not None and (found is None or found > limit):
        yield f"{what}: {_told(found)}, more than {limit:g}"


def _below(what: str, found: float | None, limit: float | None) -> Iterator[str]:
    if limit is not None and (found is None or found < limit):
        yield f"{what}: {_told(found)}, less than {limit:g}"


def _told(found: float | None) -> str:
    """A threshold on what could not be measured is broken too: nobody asked for it in vain."""
    return "not measured" if found is None else f"{found:g}"
