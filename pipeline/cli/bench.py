"""`consultguard bench`: what it costs, measured."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.bench.judge_alone import measure_judge
from pipeline.bench.worker_alone import measure_worker
from pipeline.cli.output import JsonOption, print_json, print_table
from pipeline.cli.trial import trial_settings
from pipeline.judge.embedded import MINI_GUARD
from pipeline.log import configure

app = typer.Typer(no_args_is_help=True, help="Measure.", rich_markup_mode=None)


@app.command(
    "worker",
    epilog="Examples:\n\n  consultguard bench worker --chunks 20000\n\n"
    "  consultguard bench worker --broker kafka --chunks 20000 --json",
)
def worker(
    *,
    broker: Annotated[Literal["local", "kafka"], typer.Option(help="The broker to run on.")] = "local",
    chunks: Annotated[int, typer.Option(min=1, help="Chunks to send.")] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """The pipeline's own cost: exactly once, with audit, and a judge that answers at once."""
    configure(level="warning", form="auto")
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker=broker, judge="embedded", home=Path(home)) as settings,
    ):
        cost = measure_worker(settings, chunks=chunks)
    if as_json:
        print_json(cost.body())
    else:
        print_table(("", broker), [(name.replace("_", " "), value) for name, value in cost.body().items()])
    if cost.lost or cost.duplicated or cost.out_of_order or not cost.verified:
        raise typer.Exit(1)


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
