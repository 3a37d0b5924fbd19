"""A load run as it is asked for, from the ceiling it is compared with to its report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.bench.load import LoadPlan, measure_load
from pipeline.bench.load_figures import LoadReport
from pipeline.bench.load_report import load_report
from pipeline.bench.rig import JudgeChoice
from pipeline.bench.schedule import steps_of
from pipeline.bench.talk import plan_talk
from pipeline.errors import BenchFailed
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """`rates` are chunks a second, one after the other; none of them is everything at once. `ceiling_share` makes the
    rate from the ceiling measured just before. `minutes` is how long to send, instead of `chunks`, which is then what
    the ceiling is measured with."""

    judge: JudgeChoice
    rates: tuple[float, ...] = ()
    ceiling_share: float | None = None
    minutes: float | None = None
    chunks: int = 2000
    consults: int | None = None
    at_once: int | None = None
    workers: int = 1
    against_ceiling: bool = False
    idle_seconds: float = 60.0


def measured_load(settings: Settings, asked: LoadRequest, *, home: Path, say: Callable[[str], None]) -> LoadReport:
    """Run it, the judge alone before and after it where it is compared. Raises as `measure_load` and the judge do."""
    judge, rates = asked.judge, asked.rates
    compared = asked.against_ceiling or asked.ceiling_share is not None
    talk = plan_talk(asked.chunks, consults=asked.consults, at_once=asked.at_once)
    before = judge.measure_alone(settings, talk, workers=asked.workers, say=say) if compared else None
    if asked.ceiling_share is not None:
        if before is None or before.per_second.steady is None:
            raise BenchFailed("the ceiling could not be measured: ask for more chunks")
        rates = (asked.ceiling_share * before.per_second.steady,)
    count = asked.chunks if asked.minutes is None else max(1, round(60 * asked.minutes * sum(rates) / len(rates)))
    plan = LoadPlan(
        plan_talk(count, consults=asked.consults, at_once=asked.at_once),
        steps_of(rates, count) if rates else (),
        asked.workers,
        judge.worker(settings),
        idle_seconds=asked.idle_seconds,
    )
    run = measure_load(judge.settings(settings), plan, home=home, say=say)
    if before is None:
        return load_report(run, plan, settings, judge=judge.told)
    after = judge.measure_alone(settings, talk, workers=asked.workers, say=say)
    return load_report(run, plan, settings, judge=judge.told, ceiling=(before.per_second, after.per_second))
