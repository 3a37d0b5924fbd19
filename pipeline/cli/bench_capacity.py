"""`consultguard bench capacity`: what so many consultations a day need, on paper."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bench.capacity import HOW, Plan, body_of, limits, next_limit, one_machine, plan
from pipeline.bench.capacity_figures import Figures, figures_for
from pipeline.bench.capacity_measured import measured_in
from pipeline.cli.output import JsonOption, console, print_json, print_table
from pipeline.errors import InputError

EXAMPLES = (
    "Examples:\n\n  consultguard bench capacity --consults 100000 --gpu h200\n\n"
    "  consultguard bench capacity --consults 20000 --gpu a10 --set chunks_per_consult=120 --json\n\n"
    "  consultguard bench ceiling --json > ceiling.json && consultguard bench capacity --from ceiling.json\n\n"
    "Every figure has its source beside it; --set replaces one, --from those that a bench measured."
)


def capacity(
    *,
    consults: Annotated[int, typer.Option(min=1, help="Consultations a day.")] = 100_000,
    gpu: Annotated[str, typer.Option(help="The GPU of a vLLM replica: h200, h100 or a10.")] = "h200",
    measured: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="What bench worker, compare or ceiling printed with --json; repeat for more.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    given: Annotated[list[str] | None, typer.Option("--set", help="name=value of a figure; repeat for more.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Partitions, workers, GPUs, Kafka and six years of storage for so many consultations a day, reckoned."""
    figures = figures_for(gpu)
    for path in measured or ():
        figures = figures.replaced(measured_in(path))
    figures = figures.given(dict(map(_named_value, given or ())), source="--set")
    planned = plan(figures, consults_per_day=consults)
    if as_json:
        print_json(
            {
                "gpu": gpu,
                "plan": body_of(planned),
                "how": dict(HOW),
                "limits": [asdict(one) for one in limits(figures, planned)],
                "next_limit": next_limit(figures, planned).name,
                "one_machine_consults_per_day": one_machine(figures),
                "figures": {name: asdict(figure) for name, figure in figures.by_name.items()},
            }
        )
    else:
        _print(figures, planned, gpu=gpu)


def _named_value(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise InputError(f"--set wants name=value with a number, as chunks_per_consult=120, not {text}") from error


def _print(figures: Figures, planned: Plan, *, gpu: str) -> None:
    print_table(
        ("needed", "", "how"),
        [(name.replace("_", " "), grouped(value), HOW[name]) for name, value in body_of(planned).items()],
        title=f"{planned.consults_per_day:,} consultations a day, {gpu}",
    )
    print_table(
        ("gives out", "consultations a day", "then"),
        [(one.name, grouped(one.consults_per_day), one.then) for one in limits(figures, planned)],
    )
    console.print(
        f"The next limit that more of the same does not mend: {next_limit(figures, planned).name}. One machine with "
        f"one {gpu} and the embedded log carries {one_machine(figures):,} consultations a day.\n",
        highlight=False,
    )
    print_table(
        ("figure", "value", "unit", "source"),
        [(name, grouped(one.value), one.unit, one.source) for name, one in figures.by_name.items()],
    )


def grouped(value: float) -> str:
    """With commas, and no more digits than it is worth."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"
