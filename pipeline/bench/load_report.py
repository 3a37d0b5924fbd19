"""From what was measured in a load run to its figures. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pipeline.bench.latency import Throughput, latency_of, throughput_of
from pipeline.bench.load import LoadPlan, LoadRun, Sample
from pipeline.bench.load_figures import (
    AgainstCeiling,
    Gauge,
    Interval,
    LoadReport,
    Point,
    ProcessFigures,
    StepFigures,
)
from pipeline.bench.observe import percentile
from pipeline.bench.samples import Usage, growth
from pipeline.settings import Settings

_POINTS = 300
"""Reported at most; the figures are made of all samples."""
_INTERVALS = 60


def load_report(
    run: LoadRun,
    plan: LoadPlan,
    settings: Settings,
    *,
    judge: str,
    ceiling: tuple[Throughput, Throughput] | None = None,
) -> LoadReport:
    """The figures of `run`; `ceiling` is what the judge alone did before and after it."""
    seen = {chunk_id: run.seen[chunk_id] for chunk_id in run.due if chunk_id in run.seen}
    spoken = {chunk_id: 1000 * (at - run.due[chunk_id]) for chunk_id, at in seen.items()}
    arrived = run.observed.arrived_ms
    produced = [1000 * at - arrived[chunk_id] for chunk_id, at in seen.items() if chunk_id in arrived]
    timed = bool(plan.steps)
    began = run.began if timed else min(seen.values(), default=run.began)
    observed, per_second = run.observed, throughput_of(seen.values())
    return LoadReport(
        broker=settings.broker,
        judge=judge,
        workers=plan.workers,
        partitions=settings.topics.partitions,
        chunks=plan.talk.chunks,
        consults=plan.talk.consults,
        seconds=round(max(seen.values(), default=began) - began, 2),
        per_second=per_second,
        produced_to_committed_ms=latency_of(produced) if timed else None,
        spoken_to_committed_ms=latency_of(spoken.values()) if timed else None,
        sent_late_ms=latency_of(1000 * late for late in run.late_seconds) if timed else None,
        steps=tuple(_steps(run, plan, spoken)),
        lag=_gauge([sample.lag for sample in run.samples]),
        levels={level.value: count for level, count in observed.levels.items()},
        lost=observed.lost,
        duplicated=observed.duplicated,
        out_of_order=observed.out_of_order,
        orphaned=observed.orphaned,
        dead_letter=observed.dead_letter,
        audit_records=observed.audit_records,
        audit_flaws=observed.flaws,
        processes=tuple(_processes(run, chunks=plan.talk.chunks)),
        points=tuple(map(_point, run.samples[:: max(1, -(-len(run.samples) // _POINTS))])),
        latency_over_time=tuple(_over_time(run, spoken)) if timed else (),
        ceiling=None if ceiling is None else _against(per_second, *ceiling),
        faults=tuple(run.faults),
    )


def _against(run: Throughput, before: Throughput, after: Throughput) -> AgainstCeiling:
    alone = [one.steady for one in (before, after) if one.steady]
    share = round(run.steady / (sum(alone) / len(alone)), 4) if run.steady and alone else None
    return AgainstCeiling(before, after, share)


def _steps(run: LoadRun, plan: LoadPlan, spoken: Mapping[str, float]) -> Iterator[StepFigures]:
    ids = iter(run.due)
    for step in plan.steps:
        of_step = [chunk_id for chunk_id in islice(ids, step.chunks) if chunk_id in spoken]
        done = throughput_of(run.seen[chunk_id] for chunk_id in of_step).whole
        yield StepFigures(step.per_second, step.chunks, done, latency_of(spoken[chunk_id] for chunk_id in of_step))


def _processes(run: LoadRun, *, chunks: int) -> Iterator[ProcessFigures]:
    for number, name in enumerate(run.processes):
        used = [(sample.at_seconds, one) for sample in run.samples if (one := sample.usage[number]) is not None]
        if not used:
            continue
        cpu = used[-1][1].cpu_seconds - used[0][1].cpu_seconds
        seconds = used[-1][0] - used[0][0]
        usages = [usage for _, usage in used]
        worker = number < len(run.exit_codes)
        yield ProcessFigures(
            name=name,
            exit_code=run.exit_codes[number] if worker else None,
            cpu_seconds=round(cpu, 2),
            cores=round(cpu / seconds, 3) if seconds else 0.0,
            cpu_ms_per_chunk=round(1000 * cpu / chunks, 4),
            rss_mb=_gauge([usage.rss_mb for usage in usages]),
            fds=_gauge([usage.fds for usage in usages]),
            threads=_gauge([usage.threads for usage in usages]),
            told=run.told[number] if worker else {},
        )


def _gauge(values: Sequence[float]) -> Gauge:
    if not values:
        return Gauge(0, 0, 0, None)
    return Gauge(values[0], max(values), values[-1], growth(values))


def _point(sample: Sample) -> Point:
    def of(read: Callable[[Usage], Any]) -> tuple[Any, ...]:
        return tuple(None if usage is None else read(usage) for usage in sample.usage)

    return Point(
        sample.at_seconds,
        sample.lag,
        of(lambda usage: usage.rss_mb),
        of(lambda usage: usage.fds),
        of(lambda usage: usage.threads),
    )


def _over_time(run: LoadRun, spoken: Mapping[str, float]) -> Iterator[Interval]:
    """In stretches of equal length, by when the chunks were due."""
    end = max(run.due.values(), default=run.began) - run.began
    width = max(end / _INTERVALS, 0.001)
    stretches: dict[int, list[int]] = {}
    for chunk_id, latency in spoken.items():
        stretches.setdefault(int((run.due[chunk_id] - run.began) / width), []).append(round(latency))
    for number, values in sorted(stretches.items()):
        yield Interval(round(number * width, 3), _at(values, 0.5), _at(values, 0.99))


def _at(values: Iterable[int], share: float) -> int:
    found = percentile(values, share)
    assert found is not None
    return found
