"""Domain values to and from the bytes of records. Encoding builds plain dicts: on the hot path a second validation of
what we ourselves computed would cost more than it tells; tests validate every form written here against its model."""

from datetime import UTC, datetime
from typing import Any

import orjson

from pipeline.domain.audit import AuditRecord, ChainHead, Latency
from pipeline.domain.judgment import ModelIdentity, Scores
from pipeline.domain.transcript import CleanChunk, TranscriptChunk
from pipeline.domain.verdict import Verdict

_SCORE_DIGITS = 4
"""Scores are published to four digits: finer than any threshold, and a form every JSON writer spells the same."""


def encode_chunk(chunk: TranscriptChunk) -> bytes:
    """`consult.chunk/1` bytes; absent optional fields are left out."""
    speaker: dict[str, str] = {"id": chunk.speaker.id, "role": chunk.speaker.role}
    if chunk.speaker.name is not None:
        speaker["name"] = chunk.speaker.name
    body: dict[str, Any] = {
        "schema": "consult.chunk/1",
        "tenant": chunk.tenant,
        "consult_id": chunk.consult_id,
        "seq": chunk.seq,
        "chunk_id": chunk.chunk_id,
        "speaker": speaker,
        "text": chunk.text,
        "started_at_ms": chunk.started_at_ms,
        "ended_at_ms": chunk.ended_at_ms,
        "spoken_at": chunk.spoken_at,
        "source": {"system": chunk.source.system, "kind": chunk.source.kind, "ref": chunk.source.ref},
    }
    if chunk.language is not None:
        body["language"] = chunk.language
    if chunk.asr_confidence is not None:
        body["asr_confidence"] = chunk.asr_confidence
    return orjson.dumps(body)


def encode_verdict(
    verdict: Verdict, *, verdict_id: str, clean: CleanChunk, judged_at_ms: int, latency: Latency
) -> bytes:
    """`consult.verdict/1` bytes."""
    chunk = clean.chunk
    return orjson.dumps(
        {
            "schema": "consult.verdict/1",
            "verdict_id": verdict_id,
            "chunk_id": chunk.chunk_id,
            "consult_id": chunk.consult_id,
            "seq": chunk.seq,
            "tenant": chunk.tenant,
            "risk_level": verdict.level,
            "categories": verdict.categories,
            "reason": verdict.reason,
            "evidence": [
                {"kind": item.kind, "start": item.start, "end": item.end, "confidence": item.confidence}
                for item in verdict.evidence
            ],
            "scores": _scores(verdict.scores),
            "decided_by": verdict.decided_by,
            "rule": verdict.rule,
            "policy": {"id": verdict.policy_id, "version": verdict.policy_version},
            "model": _model(verdict.model),
            "text": clean.text,
            "language": chunk.language,
            "speaker_role": chunk.speaker.role,
            "judged_at": iso_utc(judged_at_ms),
            "latency_ms": _latency(latency),
        }
    )


def audit_body(record: AuditRecord, *, chain_id: str, head: ChainHead) -> dict[str, Any]:
    """The `consult.audit/1` object without its hash, as the link after `head` in chain `chain_id`."""
    verdict = record.verdict
    return {
        "schema": "consult.audit/1",
        "event": record.event,
        "outcome": record.outcome,
        "recorded_at_ms": record.recorded_at_ms,
        "actor": record.actor,
        "source": {
            "topic": record.source.topic,
            "partition": record.source.partition,
            "offset": record.source.offset,
        },
        "consult_id": record.consult_id,
        "chunk_id": record.chunk_id,
        "seq": record.seq,
        "verdict_id": record.verdict_id,
        "rule": None if verdict is None else verdict.rule,
        "decided_by": None if verdict is None else verdict.decided_by,
        "categories": [] if verdict is None else verdict.categories,
        "scores": None if verdict is None else _scores(verdict.scores),
        "label_mass": None if verdict is None or verdict.label_mass is None else _number(verdict.label_mass),
        "policy": None if verdict is None else {"id": verdict.policy_id, "version": verdict.policy_version},
        "model": None if verdict is None else _model(verdict.model),
        "cleaner_version": record.cleaner_version,
        "latency_ms": None if record.latency is None else _latency(record.latency),
        "chain": {"id": chain_id, "seq": head.seq + 1, "prev": head.hash},
    }


def iso_utc(epoch_ms: int) -> str:
    """`2026-01-02T03:04:05.678Z` of milliseconds since the epoch."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def _number(value: float) -> float | int:
    """Rounded to four digits; whole numbers as integers, because canonical JSON writes 1.0 as 1."""
    rounded = round(value, _SCORE_DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def _scores(scores: Scores | None) -> dict[str, float | int] | None:
    if scores is None:
        return None
    return {"safe": _number(scores.safe), "contested": _number(scores.contested), "unsafe": _number(scores.unsafe)}


def _model(model: ModelIdentity) -> dict[str, str]:
    return {"name": model.name, "revision": model.revision, "prompt_version": model.prompt_version}


def _latency(latency: Latency) -> dict[str, int]:
    return {"queue": latency.queue, "clean": latency.clean, "judge": latency.judge, "total": latency.total}
