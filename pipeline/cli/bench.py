"""`consultguard bench`: what it costs, measured."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.bench.judge_alone import measure_judge
from pipeline.bench.sealing import measure_sealing
from pipeline.bench.worker_alone import measure_worker
from pipeline.cli import bench_capacity, bench_ceiling, bench_compare, bench_load, bench_scale
from pipeline.cli.output import JsonOption, print_json, print_table
from pipeline.cli.trial import trial_settings
from pipeline.judge.embedded import MINI_GUARD
from pipeline.log import configure
from pipeline.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Measure.", rich_markup_mode=None)
app.command("load", epilog=bench_load.EXAMPLES)(bench_load.load)
app.command("scale", epilog=bench_scale.EXAMPLES)(bench_scale.scale)
app.command("ceiling", epilog=bench_ceiling.EXAMPLES)(bench_ceiling.ceiling)
app.command("capacity", epilog=bench_capacity.EXAMPLES)(bench_capacity.capacity)
app.command("compare", epilog=bench_compare.EXAMPLES)(bench_compare.compare)


@app.command(
    "worker",
    epilog="Examples:\n\n  consultguard bench worker --chunks 20000\n\n"
    "  consultguard bench worker --broker kafka --chunks 20000 --json\n\n"
    "  consultguard bench worker --profile worker.html",
)
def worker(
    *,
    broker: Annotated[Literal["local", "kafka"], typer.Option(help="The broker to run on.")] = "local",
    chunks: Annotated[int, typer.Option(min=1, help="Chunks to send.")] = 10_000,
    profile: Annotated[
        Path | None, typer.Option(help="Write a page of where the time goes (extra `bench`).", dir_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The pipeline's own cost: exactly once, with audit, and a judge that answers at once."""
    configure(level="warning", form="auto")
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker=broker, judge="embedded", home=Path(home)) as settings,
    ):
        cost = measure_worker(settings, chunks=chunks, profile=profile)
    if as_json:
        print_json(cost.body())
    else:
        stages = [(f"  {stage}, ms per chunk", value) for stage, value in cost.stage_ms_per_chunk.items()]
        rest = {name: value for name, value in cost.body().items() if name != "stage_ms_per_chunk"}
        print_table(("", broker), [*((name.replace("_", " "), value) for name, value in rest.items()), *stages])
    if cost.lost or cost.duplicated or cost.out_of_order or not cost.verified:
        raise typer.Exit(1)


@app.command(
    "sealing",
    epilog="Examples:\n\n  consultguard bench sealing\n\n  consultguard bench sealing --broker kafka --rounds 5 --json",
)
def sealing(
    *,
    broker: Annotated[Literal["local", "kafka"], typer.Option(help="The broker to run on.")] = "local",
    chunks: Annotated[int, typer.Option(min=1, help="Chunks a round.")] = 10_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, each with and without sealing.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """What sealing what was said into the audit trail costs: the worker with it against the worker without."""
    configure(level="warning", form="auto")
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker=broker, judge="embedded", home=Path(home)) as settings,
    ):
        cost = measure_sealing(partial(_apart, settings), chunks=chunks, rounds=rounds)
    if as_json:
        print_json(cost.body())
    else:
        print_table(("", broker), [(name.replace("_", " "), value) for name, value in cost.body().items()])
    if not cost.sound:
        raise typer.Exit(1)


def _apart(settings: Settings, name: str) -> Settings:
    """The same with topics, group and data of their own."""
    topics = settings.topics.model_copy(update={"prefix": f"{settings.topics.prefix}-{name}"})
    worker = settings.worker.model_copy(update={"group": f"{settings.worker.group}-{name}"})
    keys = settings.keys.model_copy(update={"file": settings.keys.file or settings.data_dir / "keys.json"})
    changes = {"topics": topics, "worker": worker, "keys": keys, "data_dir": settings.data_dir / name}
    return settings.model_copy(update=changes)


@app.command(
    "judge",
    epilog="Examples:\n\n  consultguard bench judge\n\n  consultguard bench judge --tokens 512 --reads 100 --json",
)
def judge(
    *,
    tokens: Annotated[int, typer.Option(min=32, max=1900, help="Tokens of a prompt.")] = 256,
    reads: Annotated[int, typer.Option(min=1, help="Prompts to read.")] = 200,
    model_dir: Annotated[
        Path, typer.Option(help="The guard's ONNX folder.", exists=True, file_okay=False)
    ] = MINI_GUARD,
    as_json: JsonOption = False,
) -> None:
    """The embedded judge's own cost: one label's read on one core, against the whole answer written out."""
    cost = measure_judge(model_dir, tokens=tokens, reads=reads)
    if as_json:
        print_json(cost.body())
    else:
        print_table(("", "embedded"), [(name.replace("_", " "), value) for name, value in cost.body().items()])
