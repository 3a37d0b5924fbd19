"""What more workers bring: the same load for each, against one of them, with a judge that is never the limit."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.bench.load import LoadPlan, measure_load
from pipeline.bench.load_figures import LoadReport
from pipeline.bench.load_report import load_report
from pipeline.bench.rig import JudgeChoice, with_topics
from pipeline.bench.schedule import Step
from pipeline.bench.talk import Talk, plan_talk
from pipeline.bench.thresholds import Thresholds, held_to
from pipeline.settings import Settings

_TURNS = 10
"""Of a consultation: many short ones, so that every partition has as much to do as every other to the end."""
_AT_ONCE_A_SECOND = 1_000_000.0
_WINDOW_WAIT_MS = 250.0
"""Of the judge that shows a worker's window: long enough for the window to be the limit and not the worker's core."""


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """So many workers. `of_linear` is their steady rate over as many times the first row's rate a worker;
    `worker_cores` what they used together; `judging_mean` and `judging_peak` are a worker's, chunks that its judge was
    asked about and had not answered, those that wait for a slot there included."""

    workers: int
    chunks: int
    per_second: float | None
    of_linear: float | None
    worker_cores: float
    judging_mean: float
    judging_peak: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scaling:
    """`slots` is how many chunks a worker may have at its judge. `window` is one worker without such a limit and with a
    slow judge: what its own window lets it keep in flight."""

    broker: str
    partitions: int
    cores: int
    judge_ms: float
    slots: int
    rows: tuple[ScaleRow, ...]
    window_judge_ms: float
    window: ScaleRow

    @property
    def broken(self) -> tuple[str, ...]:
        return tuple(told for row in (*self.rows, self.window) for told in row.broken)

    def body(self) -> dict[str, object]:
        return asdict(self) | {"broken": self.broken}


def measure_scaling(
    settings: Settings,
    counts: Sequence[int],
    *,
    judge_ms: float,
    slots: int,
    chunks: int,
    home: Path,
    say: Callable[[str], None],
) -> Scaling:
    """`chunks` for each worker, for each of `counts` in turn. Raises as `measure_load` does."""
    rows: list[ScaleRow] = []
    for count in counts:
        say(f"{count} workers")
        choice = JudgeChoice("instant", wait_ms=judge_ms, in_flight=slots)
        report = _run(
            settings, choice, workers=count, chunks=count * chunks, name=f"{count}-workers", home=home, say=say
        )
        rows.append(_row(report, first=rows[0] if rows else None))
    say("one worker with a slow judge")
    unlimited = JudgeChoice("instant", wait_ms=_WINDOW_WAIT_MS, in_flight=settings.worker.max_in_flight)
    window = _run(settings, unlimited, workers=1, chunks=chunks, name="window", home=home, say=say)
    return Scaling(
        broker=settings.broker,
        partitions=settings.topics.partitions,
        cores=len(os.sched_getaffinity(0)),
        judge_ms=judge_ms,
        slots=slots,
        rows=tuple(rows),
        window_judge_ms=_WINDOW_WAIT_MS,
        window=_row(window, first=None),
    )


def _run(
    settings: Settings,
    choice: JudgeChoice,
    *,
    workers: int,
    chunks: int,
    name: str,
    home: Path,
    say: Callable[[str], None],
) -> LoadReport:
    apart = choice.settings(with_topics(settings, partitions=None, name=name))
    plan = LoadPlan(
        _talk(chunks, partitions=settings.topics.partitions),
        # All of it as soon as the workers have their partitions: who comes first must not have begun alone.
        (Step(_AT_ONCE_A_SECOND, chunks),),
        workers,
        choice.worker(apart),
        spread=True,
    )
    run = measure_load(apart, plan, home=home, say=say)
    return held_to(load_report(run, plan, apart, judge=choice.told), Thresholds())


def _talk(chunks: int, *, partitions: int) -> Talk:
    consults = max(1, round(chunks / _TURNS / partitions)) * partitions
    return plan_talk(chunks, consults=consults, at_once=consults)


def _row(report: LoadReport, *, first: ScaleRow | None) -> ScaleRow:
    workers = [process for process in report.processes if process.exit_code is not None]
    rate = report.per_second.steady
    alone = rate / report.workers if first is None and rate else None
    if first is not None and first.per_second:
        alone = first.per_second / first.workers
    return ScaleRow(
        workers=report.workers,
        chunks=report.chunks,
        per_second=rate,
        of_linear=round(rate / (report.workers * alone), 4) if rate and alone else None,
        worker_cores=round(sum(process.cores for process in workers), 3),
        judging_mean=round(sum(_number(one.told["judging_mean"]) for one in workers) / len(workers), 2)
        if workers
        else 0.0,
        judging_peak=max((int(_number(one.told["judging_peak"])) for one in workers), default=0),
        broken=report.broken,
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
