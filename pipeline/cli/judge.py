"""`consultguard judge FILE…`: transcripts judged at once, without a broker."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from pipeline.broker.topics import TopicNames
from pipeline.cli.context import settings_for
from pipeline.cli.inputs import DEFAULT_LANGUAGE, consultations, parse_roles
from pipeline.cli.output import print_table, progress_console
from pipeline.clock import SystemClock
from pipeline.domain.transcript import TranscriptChunk
from pipeline.log import configure
from pipeline.runtime.assembly import build_context_limits, build_policy, build_stages
from pipeline.runtime.engines import build_judge
from pipeline.runtime.flow import Flow
from pipeline.runtime.inflight import Outcome
from pipeline.runtime.single import judge_chunks
from pipeline.settings import Settings

EXAMPLES = """Examples:\n
  consultguard judge visit.vtt --role "Dr. Alvarez=clinician"\n
  consultguard judge dialogues.jsonl --format jsonl > verdicts.jsonl\n
Each line of --format jsonl is a consult.verdict/1, or the event and outcome of a chunk that got none.
"""


def judge(
    files: Annotated[list[Path], typer.Argument(help=".vtt or .jsonl files.", exists=True, dir_okay=False)],
    *,
    form: Annotated[Literal["table", "jsonl"], typer.Option("--format", help="What to print.")] = "table",
    role: Annotated[list[str] | None, typer.Option(help="NAME=ROLE of a speaker; repeat for more.")] = None,
    language: Annotated[str, typer.Option(help="The main language of .vtt files, BCP 47.")] = DEFAULT_LANGUAGE,
    engine: Annotated[
        Literal["embedded", "vllm"] | None, typer.Option("--judge", help="Instead of CONSULTGUARD_JUDGE.")
    ] = None,
) -> None:
    """Judge transcripts and print each chunk's verdict; nothing is stored."""
    settings, roles = settings_for(judge=engine), parse_roles(role or [])
    configure(level="warning", form="auto")
    held = consultations(files, tenant=settings.tenant, roles=roles, language=language)
    rows = asyncio.run(_judged(settings, [chunk for one in held for chunk in one], lines=form == "jsonl"))
    if form == "table":
        print_table(("consultation", "seq", "speaker", "verdict", "reason", "text"), rows)


async def _judged(settings: Settings, chunks: Sequence[TranscriptChunk], *, lines: bool) -> list[tuple[object, ...]]:
    policy, clock = build_policy(settings), SystemClock()
    engine = build_judge(settings, policy=policy, on_breaker=lambda _state: None)
    stages = build_stages(policy, max_text_chars=settings.worker.max_text_chars)
    flow = Flow(stages, topics=TopicNames(settings.topics.prefix), actor="consultguard-judge", clock=clock)
    rows: list[tuple[object, ...]] = []
    with progress_console.status("loading the judge"):
        await engine.start()
    try:
        with progress_console.status(f"judging {len(chunks)} chunks"):
            judged = judge_chunks(chunks, flow=flow, judge=engine, context=build_context_limits(settings), clock=clock)
            async for chunk, outcome in judged:
                body = _body(chunk, outcome)
                if lines:
                    print(orjson.dumps(body).decode(), flush=True)
                else:
                    rows.append(_row(chunk, body))
    finally:
        await engine.close()
    return rows


def _body(chunk: TranscriptChunk, outcome: Outcome) -> dict[str, Any]:
    if outcome.audit.verdict is not None:
        body: dict[str, Any] = orjson.loads(outcome.published[0].value)
        return body
    return {
        "consult_id": chunk.consult_id,
        "seq": chunk.seq,
        "chunk_id": chunk.chunk_id,
        "event": outcome.audit.event,
        "outcome": outcome.audit.outcome,
    }


def _row(chunk: TranscriptChunk, body: dict[str, Any]) -> tuple[object, ...]:
    level = body.get("risk_level") or f"{body['event']}: {body['outcome']}"
    reason = "" if level == "safe" else body.get("reason", "")
    return chunk.consult_id, chunk.seq, chunk.speaker.role, level, reason, body.get("text", chunk.text)
