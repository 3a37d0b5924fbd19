"""`consultguard eval`: how right the verdicts are, measured on labelled and on natural sets."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress

from pipeline.cli.context import settings_for
from pipeline.cli.eval_tables import print_report
from pipeline.cli.output import JsonOption, print_json, progress_console
from pipeline.clock import SystemClock
from pipeline.domain.judgment import ModelIdentity
from pipeline.errors import InputError
from pipeline.evaluate.agreement import Agreement, agreement
from pipeline.evaluate.datasets import Case, read_cases
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.page import render
from pipeline.evaluate.plots import require_plots
from pipeline.evaluate.presidio import Entities, PresidioKind, load_presidio
from pipeline.evaluate.report import Report, engine_report
from pipeline.evaluate.session import RULE_SYSTEMS, Session
from pipeline.evaluate.systems import System, compare
from pipeline.evaluate.thresholds import NAMES, Limit, broken, parse_limit, require_rows
from pipeline.log import configure
from pipeline.runtime.assembly import build_policy
from pipeline.runtime.engines import build_judge
from pipeline.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Evaluate on labelled and natural sets.", rich_markup_mode=None)


class JudgeName(StrEnum):
    """The command line takes no list of literals."""

    EMBEDDED = "embedded"
    VLLM = "vllm"


_PRESIDIO_NAMES: dict[PresidioKind, str] = {
    "default": "Presidio",
    "patterns": "Presidio without names (blank spaCy pipeline)",
}
_EMBEDDED_CONCURRENCY = 16


@app.callback()
def _group() -> None:
    """Keeps `run` a sub-command: more evaluations join it."""


@app.command(
    "run",
    epilog="Examples:\n\n  consultguard eval run en.jsonl zh.jsonl --html report.html\n\n"
    "  consultguard eval run en.jsonl --rows rows.jsonl --json --fail-above unsafe_to_safe=0.08\n\n"
    "  consultguard eval run en.jsonl --judge embedded --judge vllm\n\n"
    "  consultguard eval run en.jsonl --presidio default\n\n"
    f"--fail-above takes {', '.join(NAMES)}; with a language (zh.unsafe_to_safe) or a natural set's name before it.",
)
def run(
    datasets: Annotated[
        list[Path], typer.Argument(help="JSON Lines: labelled rows, or dialogues.", exists=True, dir_okay=False)
    ],
    *,
    judges: Annotated[
        list[JudgeName] | None, typer.Option("--judge", help="Instead of CONSULTGUARD_JUDGE; twice to compare two.")
    ] = None,
    tripwires: Annotated[bool, typer.Option("--tripwires/--no-tripwires", help="Let tripwires raise levels.")] = True,
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
    _check_outputs(rows, html)
    configure(level="warning", form="auto")
    cases = [case for path in datasets for case in read_cases(path, limit=limit)]
    for one in limits:
        require_rows(one, cases)
    english = [case for case in cases if case.label is not None and case.lang.lower().startswith("en")]
    if presidio and not english:
        raise InputError("--presidio reads labelled English rows, and there are none")
    entities = load_presidio(presidio) if presidio else None
    every = [settings_for(judge=name.value) for name in dict.fromkeys(judges)] if judges else [settings_for()]
    readings: dict[str, _Reading] = {settings.judge: _read(settings, cases, tripwires=tripwires) for settings in every}
    engines = tuple(
        engine_report(one.judged, judge=name, model=one.model, seconds=one.seconds, show_text=show_text)
        for name, one in readings.items()
    )
    report = Report(
        datasets=dict(Counter(case.dataset for case in cases)),
        policy="/".join(_policy_of(every[0])),
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


@dataclass(frozen=True, slots=True)
class _Reading:
    judged: list[Judged]
    model: ModelIdentity
    seconds: float


def _read(settings: Settings, cases: Sequence[Case], *, tripwires: bool) -> _Reading:
    policy = build_policy(settings)
    judge = build_judge(settings, policy=policy, on_breaker=lambda _state: None)
    concurrency = settings.vllm.max_concurrency if settings.judge == "vllm" else _EMBEDDED_CONCURRENCY

    async def read(advance: Callable[[], None]) -> _Reading:
        try:
            await judge.start()
            began = time.monotonic()
            session = Session(settings, policy, SystemClock(), on_row=advance)
            judged = await session.read(judge, cases, tripwires=tripwires, concurrency=concurrency)
            return _Reading(judged, judge.identity, time.monotonic() - began)
        finally:
            await judge.close()

    with _progress(f"judging with {settings.judge}", len(cases)) as advance:
        return asyncio.run(read(advance))


def _systems(
    settings: Settings,
    entities: Entities,
    kind: PresidioKind,
    english: Sequence[Case],
    readings: Mapping[str, _Reading],
) -> tuple[System, ...]:
    name, chosen = _PRESIDIO_NAMES[kind], set(english)
    with _progress("reading with Presidio", RULE_SYSTEMS * len(english)) as advance:
        session = Session(settings, build_policy(settings), SystemClock(), on_row=advance)
        theirs = asyncio.run(session.read_rule_systems(entities, english, name=name))
    ours = [
        (f"ConsultGuard ({judge})", [row for row in one.judged if row.case in chosen])
        for judge, one in readings.items()
    ]
    return compare([*theirs, *ours], reference=name)


def _agreement(readings: Mapping[str, _Reading]) -> Agreement | None:
    if len(readings) != 2:
        return None
    (left, one), (right, other) = readings.items()
    return agreement(one.judged, other.judged, names=(left, right))


def _write_rows(path: Path, readings: Mapping[str, _Reading]) -> None:
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


def _policy_of(settings: Settings) -> tuple[str, str]:
    policy = build_policy(settings)
    return policy.id, policy.version


def _limit(text: str) -> Limit:
    try:
        return parse_limit(text)
    except ValueError as error:
        raise typer.BadParameter(f"--fail-above {error}") from error


def _check_outputs(rows: Path | None, html: Path | None) -> None:
    """Before the judging, which may be long."""
    if html:
        require_plots()
    for path in (rows, html):
        if path and not path.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {path.parent}")


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    with Progress(console=progress_console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
