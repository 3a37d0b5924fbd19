"""Domain values to and from the bytes of records. Encoding builds plain dicts: on the hot path a second validation of
what we ourselves computed would cost more than it tells; tests validate every form written here against its model."""

from base64 import b64encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from pipeline.domain.audit import Latency
from pipeline.domain.judgment import ModelIdentity, Scores
from pipeline.domain.sealing import Sealed
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
    verdict: Verdict,
    *,
    verdict_id: str,
    clean: CleanChunk,
    judged_at_ms: int,
    latency: Latency,
    sealed: Sealed | None = None,
) -> bytes:
    """`consult.verdict/1` bytes. With `sealed`, which holds it, the text is left empty."""
    chunk = clean.chunk
    body: dict[str, Any] = {
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
        "scores": scores_body(verdict.scores),
        "decided_by": verdict.decided_by,
        "rule": verdict.rule,
        "policy": {"id": verdict.policy_id, "version": verdict.policy_version},
        "model": model_body(verdict.model),
        "text": clean.text if sealed is None else "",
        "language": chunk.language,
        "speaker_role": chunk.speaker.role,
        "judged_at": iso_utc(judged_at_ms),
        "latency_ms": latency_body(latency),
    }
    if sealed is not None:
        body["sealed"] = sealed_body(sealed)
    return orjson.dumps(body)


def sealed_body(sealed: Sealed) -> dict[str, str]:
    """`SealedV1`."""
    return {
        "key": sealed.key_id,
        "nonce": b64encode(sealed.nonce).decode(),
        "text": b64encode(sealed.ciphertext).decode(),
    }


def iso_utc(epoch_ms: int) -> str:
    """`2026-01-02T03:04:05.678Z` of milliseconds since the epoch."""
    seconds, milliseconds = divmod(epoch_ms, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=16)
def _second(epoch_seconds: int) -> str:
    """Hundreds of verdicts share a second, and writing a date costs as much as all the rest of one's numbers."""
    return f"{datetime.fromtimestamp(epoch_seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}"


def number(value: float) -> float | int:
    """As every form here writes it: four digits, and whole ones as integers, because canonical JSON writes 1.0 as 1."""
    rounded = round(value, _SCORE_DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def scores_body(scores: Scores | None) -> dict[str, float | int] | None:
    """`ScoresV1`."""
    if scores is None:
        return None
    return {"safe": number(scores.safe), "contested": number(scores.contested), "unsafe": number(scores.unsafe)}


def model_body(model: ModelIdentity) -> dict[str, str]:
    """`ModelV1`."""
    return {"name": model.name, "revision": model.revision, "prompt_version": model.prompt_version}


def latency_body(latency: Latency) -> dict[str, int]:
    """`LatencyV1`."""
    return {"queue": latency.queue, "clean": latency.clean, "judge": latency.judge, "total": latency.total}
