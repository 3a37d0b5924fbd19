"""`consultguard bench scale`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bench.rig import with_topics
from pipeline.bench.scale import measure_scaling
from pipeline.cli.bench_options import BrokerOption, JudgeMsOption, say
from pipeline.cli.bench_tables import print_scaling
from pipeline.cli.output import JsonOption, print_json, progress_console
from pipeline.cli.trial import trial_settings
from pipeline.log import configure

EXAMPLES = """Examples:\n
  consultguard bench scale --workers 1,2,4 --partitions 12 --judge-ms 20 --broker kafka\n
  consultguard bench scale --workers 1,2 --in-flight 4 --chunks 1000 --json\n
With --in-flight chunks at a judge that takes --judge-ms a worker can do at most in-flight / judge-ms, which must be
well below what a core can do: linear is then what the pipeline and the broker allow, while there are cores. Exit code 1
where a run was not whole, or below --fail-of-linear.
"""


def scale(
    *,
    workers: Annotated[str, typer.Option(help="Numbers of workers, one run each; the first is the measure.")] = "1,2,4",
    partitions: Annotated[int, typer.Option(min=1, help="Of every topic.")] = 12,
    judge_ms: JudgeMsOption = 20.0,
    in_flight: Annotated[int, typer.Option(min=1, help="Chunks one worker may have at its judge.")] = 8,
    chunks: Annotated[int, typer.Option(min=1, help="Chunks for each worker.")] = 4000,
    broker: BrokerOption = "local",
    fail_of_linear: Annotated[float | None, typer.Option(help="Least share of linear.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What two, four and more workers do against one, and how much one worker keeps in flight."""
    counts = _counts(workers, partitions=partitions)
    configure(level="warning", form="auto")
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker=broker, judge="embedded", home=Path(home)) as trial,
    ):
        settings = with_topics(trial, partitions=partitions)
        found = measure_scaling(
            settings, counts, judge_ms=judge_ms, slots=in_flight, chunks=chunks, home=Path(home), say=say
        )
    if as_json:
        print_json(found.body())
    else:
        print_scaling(found)
    slow = [row for row in found.rows if fail_of_linear is not None and (row.of_linear or 0) < fail_of_linear]
    for told in (*found.broken, *(f"{row.workers} workers: {row.of_linear} of linear" for row in slow)):
        progress_console.print(told, style="bold red")
    if found.broken or slow:
        raise typer.Exit(1)


def _counts(workers: str, *, partitions: int) -> tuple[int, ...]:
    try:
        counts = tuple(int(part) for part in workers.split(","))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 1 or max(counts) > partitions:
        raise typer.BadParameter(f"--workers wants numbers from 1 to the {partitions} partitions: 1,2,4")
    return counts
