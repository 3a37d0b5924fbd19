"""Cases read with one judge after another, with progress on standard error; what every `eval` command begins with."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pipeline.cli.context import settings_for
from pipeline.cli.output import progress_console
from pipeline.clock import SystemClock
from pipeline.domain.judgment import ModelIdentity
from pipeline.domain.policy import Policy
from pipeline.errors import JudgeUnavailable
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.session import Session
from pipeline.judge.vllm_metrics import PrefixCache, read_prefix_cache
from pipeline.runtime.assembly import build_policy
from pipeline.runtime.engines import build_judge, vllm_config
from pipeline.settings import Settings

_EMBEDDED_CONCURRENCY = 16


class JudgeName(StrEnum):
    """The command line takes no list of literals."""

    EMBEDDED = "embedded"
    VLLM = "vllm"


JudgesOption = Annotated[
    list[JudgeName] | None, typer.Option("--judge", help="Instead of CONSULTGUARD_JUDGE; twice to compare two.")
]
TripwiresOption = Annotated[bool, typer.Option("--tripwires/--no-tripwires", help="Let tripwires raise levels.")]


@dataclass(frozen=True, slots=True)
class Reading:
    judged: list[Judged]
    model: ModelIdentity
    seconds: float
    prefix_cache_hit_rate: float | None = None


def settings_of(judges: Sequence[JudgeName] | None) -> list[Settings]:
    """One for each judge asked for; without any, those in force."""
    return [settings_for(judge=name.value) for name in judges] if judges else [settings_for()]


def names_of(every: Sequence[Settings]) -> list[str]:
    """The judges' names; one that is asked for again is told apart by a number."""
    asked = [one.judge for one in every]
    counts = [asked[: place + 1].count(name) for place, name in enumerate(asked)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(asked, counts, strict=True)]


def read(settings: Settings, cases: Sequence[Case], *, tripwires: bool) -> Reading:
    """Every case judged, in order. Raises what the judge raises."""
    policy = build_policy(settings)
    judge = build_judge(settings, policy=policy, on_breaker=lambda _state: None)
    concurrency = concurrency_of(settings)

    async def reading(advance: Callable[[], None]) -> Reading:
        try:
            await judge.start()
            cache = await _prefix_cache(settings, policy)
            began = time.monotonic()
            session = Session(settings, policy, SystemClock(), on_row=advance)
            judged = await session.read(judge, cases, tripwires=tripwires, concurrency=concurrency)
            seconds = time.monotonic() - began
            after = await _prefix_cache(settings, policy)
            share = after.share_since(cache) if after and cache else None
            return Reading(judged, judge.identity, seconds, share)
        finally:
            await judge.close()

    with progress(f"judging with {settings.judge}", len(cases)) as advance:
        return asyncio.run(reading(advance))


async def _prefix_cache(settings: Settings, policy: Policy) -> PrefixCache | None:
    if settings.judge != "vllm":
        return None
    try:
        return await read_prefix_cache(vllm_config(settings.vllm, policy=policy))
    except JudgeUnavailable:
        # A proxy may keep the servers' metrics to itself; the verdicts do not need them.
        return None


def concurrency_of(settings: Settings) -> int:
    """Chunks at the judge at a time."""
    return settings.vllm.max_concurrency if settings.judge == "vllm" else _EMBEDDED_CONCURRENCY


def policy_of(settings: Settings) -> str:
    """`id/version`."""
    policy = build_policy(settings)
    return f"{policy.id}/{policy.version}"


def require_folders(*paths: Path | None) -> None:
    """Before the judging, which may be long. Raises BadParameter naming a folder that is not there."""
    for path in paths:
        if path and not path.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {path.parent}")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    with Progress(console=progress_console) as shown:
        task = shown.add_task(what, total=total)
        yield lambda: shown.advance(task)
