"""`consultguard replay`: judges what the trail recorded once more."""

import asyncio
import contextlib
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any

import typer

from pipeline.audit.trail import Period, chains_of
from pipeline.broker.base import TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.cli.audit_verify import FromOption, ToOption, moment_ms
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, console, print_json, print_table, progress_console
from pipeline.clock import SystemClock
from pipeline.keys.opening import Opener
from pipeline.keys.providers import build_key_provider
from pipeline.log import configure
from pipeline.runtime.assembly import build_policy
from pipeline.runtime.data_keys import live_keys
from pipeline.runtime.engines import build_broker, build_judge
from pipeline.runtime.replay import ReplayReport, recorded
from pipeline.runtime.replay import replay as judge_again
from pipeline.settings import Settings

EXAMPLES = """Examples:\n
  consultguard replay --from 2026-11-22 --to 2026-11-23\n
  CONSULTGUARD_JUDGE=vllm CONSULTGUARD_VLLM_ENDPOINTS=http://gpu1:8000 consultguard replay --limit 2000 --json\n
Needs the keys that the records were sealed with. Exit code 0 only where every label and every score is the same.
"""
_CONCURRENCY = 16
_ROWS = (
    ("judged records", "judged"),
    ("without a sealed request", "not_sealed"),
    ("erased, or sealed under a key not to be had", "erased"),
    ("answered from memory", "remembered"),
    ("of another model, revision or prompt", "other_model"),
    ("unreadable", "unreadable"),
    ("judged again", "replayed"),
    ("same label", "same_label"),
    ("same scores, to the last bit", "same_scores"),
)


def replay(
    *,
    begin: FromOption = None,
    end: ToOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many records of each partition.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge recorded requests again and count how many findings and scores are identical."""
    settings = settings_for()
    configure(level="warning", form="auto")
    report = asyncio.run(_replayed(settings, Period(moment_ms(begin), moment_ms(end)), limit))
    body: dict[str, Any] = {"identical": report.identical, **asdict(report)}
    if as_json:
        print_json(body)
    else:
        print_table(("", "records"), [(words, f"{body[name]:,}") for words, name in _ROWS])
        console.print(f"largest difference of a score: {report.largest_difference:g}")
        for event_id in report.differing:
            console.print(f"differs: {event_id}", markup=False)
    if not report.identical:
        raise typer.Exit(1)


async def _replayed(settings: Settings, period: Period, limit: int | None) -> ReplayReport:
    broker = build_broker(settings, clock=SystemClock())
    names = TopicNames(settings.topics.prefix)
    report, provider = ReplayReport(), build_key_provider(settings)
    judge = build_judge(settings, policy=build_policy(settings), on_breaker=lambda _state: None)
    await judge.start()
    try:
        with contextlib.closing(broker.reader()) as reader:
            partitions = broker.partitions(names.chunks)
            for chain_id, place in chains_of(names, partitions=partitions).items():
                if place.topic != names.audit:
                    continue
                keys = TopicPartition(names.keys, place.partition)
                opener = Opener(provider, live_keys(reader, keys).values())
                with progress_console.status(f"judging {chain_id} again"):
                    requests = recorded(islice(period.read(reader, place), limit), opener, report)
                    await judge_again(judge, requests, report, concurrency=_CONCURRENCY)
    finally:
        await judge.close()
    return report
