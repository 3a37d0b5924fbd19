"""`consultguard eval calibrate`: probabilities that can be taken at their word, and the thresholds that follow."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.eval_reading import JudgeName, concurrency_of, progress, require_folders, settings_of
from pipeline.cli.output import JsonOption, console, print_json, print_table
from pipeline.clock import SystemClock
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.decide.writer import policy_toml
from pipeline.domain.judgment import ModelIdentity
from pipeline.domain.policy import CalibrationMethod, Policy
from pipeline.errors import InputError
from pipeline.evaluate.calibrate import CalibrationReport, Measured, calibrate, hash_of
from pipeline.evaluate.datasets import Case, read_cases
from pipeline.evaluate.findings import Found, find, without_calibration
from pipeline.evaluate.page import in_percent
from pipeline.log import configure
from pipeline.runtime.engines import build_judge
from pipeline.settings import Settings

EXAMPLES = (
    "Examples:\n\n  consultguard eval calibrate en.jsonl zh.jsonl --out policy.toml\n\n"
    "  consultguard eval calibrate en.jsonl --out policy.toml --method isotonic --judge vllm "
    "--max-unsafe-to-safe 0.02\n\n"
    "Half of the rows are fitted on, and the figures to believe are those of the other half."
)


class Method(StrEnum):
    TEMPERATURE = "temperature"
    ISOTONIC = "isotonic"


def calibrate_policy(
    datasets: Annotated[
        list[Path], typer.Argument(help="JSON Lines: labelled rows.", exists=True, dir_okay=False, metavar="DATASET...")
    ],
    *,
    out: Annotated[Path, typer.Option(help="The policy file to write; it must not be there yet.")],
    method: Annotated[
        Method, typer.Option(help="One number, or a curve for each label (that takes more rows).")
    ] = Method.TEMPERATURE,
    judge: Annotated[JudgeName | None, typer.Option("--judge", help="Instead of CONSULTGUARD_JUDGE.")] = None,
    max_unsafe_to_safe: Annotated[
        float, typer.Option(min=0, max=1, help="The largest share of unsafe rows that may pass as safe.")
    ] = 0.05,
    seed: Annotated[int, typer.Option(help="The same seed holds the same rows out.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows of each set.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a calibration on labelled rows, propose thresholds, and write them into a new policy file."""
    require_folders(out)
    if out.exists():
        raise typer.BadParameter(f"{out} is there already; name another file")
    configure(level="warning", form="auto")
    [settings] = settings_of([judge] if judge else None)
    cases = [case for path in datasets for case in read_cases(path, limit=limit) if case.label is not None]
    if not cases:
        raise InputError("no labelled row to calibrate on")
    source = settings.policy_file or BUILT_IN_POLICY
    policy = without_calibration(load_policy(source, preset="none"))
    found, model = _found(settings, policy, cases)
    fitted, report = calibrate(
        found,
        policy,
        method=CalibrationMethod(method.value),
        model=model,
        dataset_sha256=hash_of(datasets),
        seed=seed,
        max_unsafe_to_safe=max_unsafe_to_safe,
    )
    out.write_text(_file_text(fitted, report, preset=load_policy(source).preset), encoding="utf-8")
    if as_json:
        print_json(report)
    else:
        _print(report, out)


def _found(settings: Settings, policy: Policy, cases: list[Case]) -> tuple[list[Found], ModelIdentity]:
    judge = build_judge(settings, policy=policy, on_breaker=lambda _state: None)

    async def reading(advance: Callable[[], None]) -> tuple[list[Found], ModelIdentity]:
        try:
            await judge.start()
            found = await find(
                judge,
                cases,
                settings=settings,
                policy=policy,
                clock=SystemClock(),
                concurrency=concurrency_of(settings),
                on_row=advance,
            )
            return found, judge.identity
        finally:
            await judge.close()

    with progress(f"judging with {settings.judge}", len(cases)) as advance:
        return asyncio.run(reading(advance))


def _file_text(policy: Policy, report: CalibrationReport, *, preset: str) -> str:
    held_out = report.held_out_after
    comment = [
        f"Policy {report.policy}, written by `consultguard eval calibrate --method {report.method}`: fitted on",
        f"{report.fit_after.rows} rows judged by {report.model.name}, and measured on {held_out.rows} others (seed "
        f"{report.seed}):",
        f"unsafe passed as safe {in_percent(held_out.rates.unsafe_to_safe)}, Brier score {_number(held_out.brier)}, "
        f"expected calibration error {_number(held_out.ece)}.",
        "`dataset_sha256` is over the labelled files: of several, over their hashes, a line each, in their order.",
        "Change `version` with every change that could alter a verdict.",
    ]
    return policy_toml(replace(policy, preset=preset), comment=comment)


def _print(report: CalibrationReport, out: Path) -> None:
    both = (
        ("fitted on, before", report.fit_before),
        ("fitted on, after", report.fit_after),
        ("held out, before", report.held_out_before),
        ("held out, after", report.held_out_after),
    )
    columns = (
        "rows",
        "count",
        "ECE",
        "ECE safe",
        "Brier",
        "unsafe>safe",
        "unsafe>contested",
        "safe>contested",
        "safe>unsafe",
        "cost",
    )
    print_table(columns, [(name, *_line(one)) for name, one in both])
    before, after = report.thresholds_before, report.thresholds_after
    lines: list[tuple[str, object, object]] = [
        ("safe", before.safe, after.safe),
        ("unsafe", before.unsafe, after.unsafe),
    ]
    for name in sorted({*before.categories, *after.categories}):
        old, new = before.categories.get(name), after.categories.get(name)
        lines.append((f"unsafe, {name}", old.unsafe if old else "–", new.unsafe if new else "–"))
    print_table(("threshold", "before", "after"), lines)
    fitted = f"temperature {report.temperature:.3f}" if report.temperature else f"{report.curve_points} curve points"
    console.print(
        f"{report.policy} ({fitted}) for {report.model.name} {report.model.revision} is written to {out}. Cost is of a "
        "row of ordinary talk: the labels weighted to 85 % safe, 10 % contested, 5 % unsafe.",
        highlight=False,
    )


def _line(one: Measured) -> tuple[object, ...]:
    rates = one.rates
    shares = (rates.unsafe_to_safe, rates.unsafe_to_contested, rates.safe_to_contested, rates.safe_to_unsafe)
    errors = map(_number, (one.ece, one.ece_safe, one.brier))
    return (one.rows, *errors, *map(in_percent, shares), f"{one.cost_expected_mix:.3f}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
