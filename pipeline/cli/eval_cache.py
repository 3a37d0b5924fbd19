"""`consultguard eval cache`: what the judge's cache would answer of natural talk, and whether it is right."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.eval_reading import JudgeName, concurrency_of, progress, settings_of
from pipeline.cli.output import JsonOption, print_json, print_table, progress_console
from pipeline.clock import SystemClock
from pipeline.domain.policy import Policy
from pipeline.errors import InputError
from pipeline.evaluate.cache_report import CacheReport, ReplayedJudge, ask, dialogues_of, measure_cache
from pipeline.evaluate.datasets import read_cases
from pipeline.evaluate.page import in_percent
from pipeline.log import configure
from pipeline.runtime.assembly import build_policy
from pipeline.runtime.engines import build_judge, with_cache
from pipeline.settings import Settings

EXAMPLES = (
    "Examples:\n\n  consultguard eval cache dialogues.jsonl --limit 300\n\n"
    "  CONSULTGUARD_CACHE_PROMOTE_AFTER=5 consultguard eval cache dialogues.jsonl --json\n\n"
    "Every window is judged afresh as well, to compare. Exit code 1 if a remembered answer gives another verdict, or "
    "an exact hit is not the judge's own answer."
)


def cache(
    files: Annotated[
        list[Path], typer.Argument(help="JSON Lines: dialogues.", exists=True, dir_okay=False, metavar="FILE...")
    ],
    *,
    judge: Annotated[JudgeName | None, typer.Option("--judge", help="Instead of CONSULTGUARD_JUDGE.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many dialogues of each file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often the cache answers dialogues in their order, each file with an empty cache at first."""
    configure(level="warning", form="auto")
    [settings] = settings_of([judge] if judge else None)
    if not settings.cache.enabled and not settings.cache.templates:
        raise InputError("CONSULTGUARD_CACHE_ENABLED and CONSULTGUARD_CACHE_TEMPLATES are both off: nothing to measure")
    policy = build_policy(settings)
    reports = [_measured(path, settings, policy, limit) for path in files]
    if as_json:
        print_json({"caches": reports})
    else:
        _print(reports)
    wrong = [one for one in reports if one.differing_levels or one.differing_exact]
    for one in wrong:
        told = f"{one.dataset}: {one.differing_levels} remembered answers give another verdict"
        progress_console.print(f"{told}, {one.differing_exact} exact hits differ", style="bold red")
    if wrong:
        raise typer.Exit(1)


def _measured(path: Path, settings: Settings, policy: Policy, limit: int | None) -> CacheReport:
    chunks = [chunk for dialogue in dialogues_of(read_cases(path), limit=limit) for chunk in dialogue]
    judge = build_judge(settings, policy=policy, on_breaker=lambda _state: None)
    events: Counter[str] = Counter()

    def on_event(event: str, _sizes: Mapping[str, int]) -> None:
        events[event] += 1

    async def reading(advance: Callable[[], None]) -> CacheReport:
        try:
            await judge.start()
            asked = await ask(
                judge,
                chunks,
                settings=settings,
                policy=policy,
                clock=SystemClock(),
                concurrency=concurrency_of(settings),
                on_row=advance,
            )
            replayed = ReplayedJudge(asked, judge.identity)
        finally:
            await judge.close()
        remembering = with_cache(replayed, settings.cache, policy=policy, on_event=on_event)
        return await measure_cache(asked, remembering, events, policy=policy, dataset=path.stem, turns=len(chunks))

    with progress(f"judging {path.stem} with {settings.judge}", len(chunks)) as advance:
        return asyncio.run(reading(advance))


def _print(reports: list[CacheReport]) -> None:
    print_table(
        ("set", "dialogues", "turns", "judged", "hits", "exact", "phrases", "promoted", "demoted", "rechecks"),
        [
            (
                one.dataset,
                one.dialogues,
                one.turns,
                one.windows,
                *map(in_percent, (one.hit_rate, one.exact_rate, one.template_rate)),
                one.promoted,
                one.demoted,
                one.rechecks,
            )
            for one in reports
        ],
    )
    print_table(
        ("set", "hits with another label", "with another verdict", "exact hits that differ", "entries"),
        [
            (
                one.dataset,
                one.differing_labels,
                one.differing_levels,
                one.differing_exact,
                ", ".join(f"{name} {count}" for name, count in one.entries.items()),
            )
            for one in reports
        ],
    )
