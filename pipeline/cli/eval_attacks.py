"""`consultguard eval attacks`: what recall is left when identifiers are said, spelt or written to escape."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.eval_reading import JudgesOption, TripwiresOption, policy_of, read, require_folders, settings_of
from pipeline.cli.output import JsonOption, console, print_json, print_table, progress_console
from pipeline.evaluate.attacks import chosen
from pipeline.evaluate.attacks_report import (
    Attacked,
    Effect,
    Group,
    attacked_report,
    broken_drops,
    plan_attacks,
    require_numeric,
)
from pipeline.evaluate.datasets import read_cases
from pipeline.evaluate.page import in_percent, render
from pipeline.evaluate.report import Report
from pipeline.log import configure

EXAMPLES = (
    "Examples:\n\n  consultguard eval attacks en.jsonl zh.jsonl --fail-drop 0.05 --html attacks.html\n\n"
    "  consultguard eval attacks en.jsonl --attack split --attack injection_context --seed 4 --json\n\n"
    "Recall is over unsafe rows: caught is not passed as safe, unsafe is at their own level. --fail-drop is about "
    "caught, of rows with a numeric identifier. The control payload of injections is harmless talk in the same place."
)


def attacks(
    datasets: Annotated[list[Path], typer.Argument(help="JSON Lines: labelled rows.", exists=True, dir_okay=False)],
    *,
    judges: JudgesOption = None,
    tripwires: TripwiresOption = True,
    names: Annotated[
        list[str] | None, typer.Option("--attack", help="Only these, or those whose names begin so; repeat for more.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same attacks.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows of each set.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report to this file, one page.")] = None,
    fail_drop: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit code 1 if an attack lowers numeric recall by more.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Attack the unsafe rows of labelled sets, and report recall before and after each attack."""
    require_folders(html)
    configure(level="warning", form="auto")
    picked = chosen(names or ())
    cases = [case for path in datasets for case in read_cases(path, limit=limit)]
    plan = plan_attacks(cases, picked, seed=seed)
    if fail_drop is not None:
        require_numeric(plan)
    every = settings_of([*dict.fromkeys(judges or ())])
    engines: list[Attacked] = []
    for settings in every:
        done = read(settings, plan.cases, tripwires=tripwires)
        engines.append(attacked_report(plan, done.judged, judge=settings.judge, model=done.model, seconds=done.seconds))
    report = Report(
        datasets=dict(Counter(case.dataset for case in cases)),
        policy=policy_of(every[0]),
        tripwires=tripwires,
        engines=(),
        attacks=tuple(engines),
        broken=() if fail_drop is None else tuple(told for one in engines for told in broken_drops(one, fail_drop)),
    )
    if html:
        html.write_text(render(report, {}), encoding="utf-8")
    if as_json:
        print_json(report)
    else:
        _print(report.attacks)
    for told in report.broken:
        progress_console.print(told, style="bold red")
    if report.broken:
        raise typer.Exit(1)


def _print(engines: Iterable[Attacked]) -> None:
    for engine in engines:
        console.print(
            f"{engine.judge}: {engine.model.name} {engine.model.revision}, seed {engine.seed}, {engine.seconds:.1f} s",
            highlight=False,
        )
        for group in Group:
            _print_group(engine, group)
        if engine.misses:
            print_table(
                ("numeric identifier passed after", "set", "row", "identifier", "before"),
                [(one.attack, one.dataset, one.id, ", ".join(one.kinds), one.before) for one in engine.misses],
            )


def _print_group(engine: Attacked, group: Group) -> None:
    print_table(
        (f"{group} rows: attack", "rows", "caught before", "after", "drop", "unsafe before", "after", "drop"),
        [(one.attack, *_figures(one.effects[group])) for one in engine.all_scores if group in one.effects],
    )


def _figures(effect: Effect) -> tuple[object, ...]:
    return (
        effect.rows,
        *map(in_percent, (effect.before.caught, effect.after.caught, effect.caught_drop)),
        *map(in_percent, (effect.before.unsafe, effect.after.unsafe, effect.unsafe_drop)),
    )
