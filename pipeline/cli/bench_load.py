"""`consultguard bench load`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bench.load_page import render_load
from pipeline.bench.load_request import LoadRequest, measured_load
from pipeline.bench.rig import JudgeChoice, with_topics
from pipeline.bench.thresholds import Thresholds, held_to
from pipeline.cli.bench_options import (
    AtOnceOption,
    BrokerOption,
    ConsultsOption,
    InFlightOption,
    JudgeMsOption,
    JudgeOption,
    PartitionsOption,
    say,
    trial_judge,
)
from pipeline.cli.bench_tables import print_load
from pipeline.cli.output import JsonOption, print_json, progress_console
from pipeline.cli.trial import trial_settings
from pipeline.evaluate.figure import require_plots
from pipeline.log import configure

EXAMPLES = """Examples:\n
  consultguard bench load --rate 200 --chunks 4000 --judge instant --judge-ms 20 --html load.html\n
  consultguard bench load --steps 50,100,200 --chunks 7000 --broker kafka --judge embedded --workers 2\n
  consultguard bench load --max --chunks 2000 --broker kafka --judge vllm --against-ceiling --fail-of-ceiling 0.9\n
  consultguard bench load --ceiling-share 0.7 --chunks 3000 --broker kafka --judge vllm --fail-p99-ms 500\n
  consultguard bench load --minutes 45 --rate 30 --broker kafka --judge vllm --fail-growth-mb 10 --html soak.html\n
Chunks are sent when they are due, whatever becomes of those before. Produced to committed counts from the broker's
timestamp, spoken to committed from the schedule; both end where a reader of committed records has the verdict. Exit
code 1 where anything was lost, doubled or out of order, an audit chain does not verify, or a threshold broke.
"""


def load(
    *,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Chunks a second, steadily.")] = None,
    steps: Annotated[str | None, typer.Option(help="Rates one after the other, of equal length: 50,100,200.")] = None,
    at_most: Annotated[
        bool, typer.Option("--max", help="Everything is there before the workers: what they can do at most.")
    ] = False,
    ceiling_share: Annotated[
        float | None, typer.Option(min=0.01, max=2, help="The rate, as a share of the ceiling measured just before.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="How long to send, instead of how much.")] = None,
    chunks: Annotated[int, typer.Option(min=1, help="Chunks to send, and to measure a ceiling with.")] = 2000,
    consults: ConsultsOption = None,
    at_once: AtOnceOption = None,
    broker: BrokerOption = "local",
    judge: JudgeOption = "instant",
    judge_ms: JudgeMsOption = 0.0,
    in_flight: InFlightOption = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    partitions: PartitionsOption = None,
    against_ceiling: Annotated[
        bool, typer.Option("--against-ceiling", help="Measure the judge alone before and after, and compare.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots to this file (extra `eval`).", dir_okay=False)
    ] = None,
    fail_p99_ms: Annotated[float | None, typer.Option(help="Most p99 produced to committed.")] = None,
    fail_spoken_p99_ms: Annotated[float | None, typer.Option(help="Most p99 spoken to committed.")] = None,
    fail_lag: Annotated[int | None, typer.Option(help="Most chunks sent and not committed, at any time.")] = None,
    fail_per_second: Annotated[float | None, typer.Option(help="Least chunks a second.")] = None,
    fail_growth_mb: Annotated[float | None, typer.Option(help="Most growth of a worker's memory.")] = None,
    fail_growth_handles: Annotated[
        float | None, typer.Option(help="Most growth of a worker's file descriptors, or threads.")
    ] = None,
    fail_of_ceiling: Annotated[float | None, typer.Option(help="Least share of the ceiling.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Send known chunks on schedule through real workers, and measure what a reader downstream sees."""
    asked = LoadRequest(
        judge=JudgeChoice(judge, wait_ms=judge_ms, in_flight=in_flight),
        rates=_rates(rate=rate, steps=steps, at_most=at_most, ceiling_share=ceiling_share),
        ceiling_share=ceiling_share,
        minutes=minutes,
        chunks=chunks,
        consults=consults,
        at_once=at_once,
        workers=workers,
        against_ceiling=against_ceiling or fail_of_ceiling is not None,
    )
    thresholds = Thresholds(
        p99_ms=fail_p99_ms,
        spoken_p99_ms=fail_spoken_p99_ms,
        lag=fail_lag,
        per_second=fail_per_second,
        growth_mb=fail_growth_mb,
        growth_handles=fail_growth_handles,
        of_ceiling=fail_of_ceiling,
    )
    if minutes is not None and at_most:
        raise typer.BadParameter("--max sends everything at once; --minutes needs a rate")
    if html is not None:
        require_plots()
    configure(level="warning", form="auto")
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker=broker, judge=trial_judge(judge), home=Path(home)) as trial,
    ):
        report = measured_load(with_topics(trial, partitions=partitions), asked, home=Path(home), say=say)
    report = held_to(report, thresholds)
    if html is not None:
        html.write_text(render_load(report), encoding="utf-8")
    if as_json:
        print_json(report.body())
    else:
        print_load(report)
    for told in report.broken:
        progress_console.print(told, style="bold red")
    if report.broken:
        raise typer.Exit(1)


def _rates(*, rate: float | None, steps: str | None, at_most: bool, ceiling_share: float | None) -> tuple[float, ...]:
    """What to send a second, one after the other; empty for everything at once, or for a share not measured yet."""
    if sum((rate is not None, steps is not None, at_most, ceiling_share is not None)) != 1:
        raise typer.BadParameter("give one of --rate, --steps, --max and --ceiling-share")
    if steps is None:
        return () if rate is None else (rate,)
    try:
        rates = tuple(float(part) for part in steps.split(","))
    except ValueError:
        rates = ()
    if not rates or min(rates) <= 0:
        raise typer.BadParameter("--steps wants rates above 0 with commas between them: 50,100,200")
    return rates
