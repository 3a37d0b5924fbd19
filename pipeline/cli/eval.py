"""`consultguard eval`: how right the verdicts are, measured on labelled and on natural sets."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer

from pipeline.cli.eval_attacks import EXAMPLES, attacks
from pipeline.cli.eval_cache import EXAMPLES as CACHE_EXAMPLES
from pipeline.cli.eval_cache import cache
from pipeline.cli.eval_calibrate import EXAMPLES as CALIBRATE_EXAMPLES
from pipeline.cli.eval_calibrate import calibrate_policy
from pipeline.cli.eval_reading import (
    JudgesOption,
    Reading,
    TripwiresOption,
    names_of,
    policy_of,
    progress,
    read,
    require_folders,
    settings_of,
)
from pipeline.cli.eval_tables import print_report
from pipeline.cli.output import JsonOption, print_json, progress_console
from pipeline.clock import SystemClock
from pipeline.errors import InputError
from pipeline.evaluate.agreement import Agreement, agreement
from pipeline.evaluate.datasets import Case, read_cases
from pipeline.evaluate.figure import require_plots
from pipeline.evaluate.page import render
from pipeline.evaluate.presidio import Entities, PresidioKind, load_presidio
from pipeline.evaluate.report import Report, engine_report
from pipeline.evaluate.session import RULE_SYSTEMS, Session
from pipeline.evaluate.systems import System, compare
from pipeline.evaluate.thresholds import NAMES, Limit, broken, parse_limit, require_rows
from pipeline.log import configure
from pipeline.runtime.assembly import build_policy
from pipeline.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Evaluate on labelled and natural sets.", rich_markup_mode=None)


_PRESIDIO_NAMES: dict[PresidioKind, str] = {
    "default": "Presidio",
    "patterns": "Presidio without names (blank spaCy pipeline)",
}


app.command("attacks", epilog=EXAMPLES)(attacks)
app.command("cache", epilog=CACHE_EXAMPLES)(cache)
app.command("calibrate", epilog=CALIBRATE_EXAMPLES)(calibrate_policy)


@app.command(
    "run",
    epilog="Examples:\n\n  consultguard eval run en.jsonl zh.jsonl --html report.html\n\n"
    "  consultguard eval run en.jsonl --rows rows.jsonl --json --fail-above unsafe_to_safe=0.08\n\n"
    "  consultguard eval run en.jsonl --judge embedded --judge vllm\n\n"
    "  consultguard eval run en.jsonl --judge embedded --judge embedded\n\n"
    "  consultguard eval run en.jsonl --presidio default\n\n"
    f"--fail-above takes {', '.join(NAMES)}; with a language (zh.unsafe_to_safe) or a natural set's name before it.",
)
def run(
    datasets: Annotated[
        list[Path], typer.Argument(help="JSON Lines: labelled rows, or dialogues.", exists=True, dir_okay=False)
    ],
    *,
    judges: JudgesOption = None,
    tripwires: TripwiresOption = True,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many chunks of each set.")] = None,
    presidio: Annotated[
        PresidioKind | None, typer.Option(help="Compare with Presidio on the English rows; `patterns` needs no model.")
    ] = None,
    rows: Annotated[Path | None, typer.Option(help="Write a JSON line for each row to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report with plots to this file, one page.")] = None,
    show_text: Annotated[bool, typer.Option("--show-text", help="Show the texts of the dearest errors too.")] = False,
    fail_above: Annotated[
        list[str] | None, typer.Option(help="NAME=NUMBER: exit code 1 if the figure is above; repeat for more.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge evaluation sets through the real stages, and report errors, their cost, calibration and agreement."""
    limits = [_limit(text) for text in fail_above or []]
    require_folders(rows, html)
    if html:
        require_plots()
    configure(level="warning", form="auto")
    cases = [case for path in datasets for case in read_cases(path, limit=limit)]
    for one in limits:
        require_rows(one, cases)
    english = [case for case in cases if case.label is not None and case.lang.lower().startswith("en")]
    if presidio and not english:
        raise InputError("--presidio reads labelled English rows, and there are none")
    entities = load_presidio(presidio) if presidio else None
    every = settings_of(judges)
    readings: dict[str, Reading] = {
        name: read(one, cases, tripwires=tripwires) for name, one in zip(names_of(every), every, strict=True)
    }
    engines = tuple(
        engine_report(
            one.judged,
            judge=name,
            model=one.model,
            seconds=one.seconds,
            show_text=show_text,
            prefix_cache_hit_rate=one.prefix_cache_hit_rate,
        )
        for name, one in readings.items()
    )
    report = Report(
        datasets=dict(Counter(case.dataset for case in cases)),
        policy=policy_of(every[0]),
        tripwires=tripwires,
        engines=engines,
        agreement=_agreement(readings),
        systems=_systems(every[0], entities, presidio, english, readings) if entities and presidio else (),
        broken=tuple(told for limit in limits for engine in engines for told in broken(limit, engine)),
    )
    if rows:
        _write_rows(rows, readings)
    if html:
        html.write_text(render(report, {name: one.judged for name, one in readings.items()}), encoding="utf-8")
    if as_json:
        print_json(report)
    else:
        print_report(report)
    for told in report.broken:
        progress_console.print(told, style="bold red")
    if report.broken:
        raise typer.Exit(1)


def _systems(
    settings: Settings,
    entities: Entities,
    kind: PresidioKind,
    english: Sequence[Case],
    readings: Mapping[str, Reading],
) -> tuple[System, ...]:
    name, chosen = _PRESIDIO_NAMES[kind], set(english)
    with progress("reading with Presidio", RULE_SYSTEMS * len(english)) as advance:
        session = Session(settings, build_policy(settings), SystemClock(), on_row=advance)
        theirs = asyncio.run(session.read_rule_systems(entities, english, name=name))
    ours = [
        (f"ConsultGuard ({judge})", [row for row in one.judged if row.case in chosen])
        for judge, one in readings.items()
    ]
    return compare([*theirs, *ours], reference=name)


def _agreement(readings: Mapping[str, Reading]) -> Agreement | None:
    if len(readings) != 2:
        return None
    (left, one), (right, other) = readings.items()
    return agreement(one.judged, other.judged, names=(left, right))


def _write_rows(path: Path, readings: Mapping[str, Reading]) -> None:
    with path.open("wb") as out:
        for judge, reading in readings.items():
            for one in reading.judged:
                case = one.case
                body = {
                    "id": case.id,
                    "risk_level": one.level,
                    "categories": one.categories,
                    "reason": one.reason,
                    "scores": one.scores,
                    "decided_by": one.decided_by,
                    "rule": one.rule,
                    "judge": judge,
                    "dataset": case.dataset,
                    "lang": case.lang,
                    "label": case.label,
                    "category": case.category,
                }
                out.write(orjson.dumps(body) + b"\n")


def _limit(text: str) -> Limit:
    try:
        return parse_limit(text)
    except ValueError as error:
        raise typer.BadParameter(f"--fail-above {error}") from error
