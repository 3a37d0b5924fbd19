"""Audit records to and from their JSON, and what is sealed in them to and from its own."""

from typing import Any

import orjson

from pipeline.broker.codec import latency_body, model_body, number, scores_body
from pipeline.domain.audit import AuditRecord, ChainHead, Exchange
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.window import ContextWindow, Turn


def audit_body(record: AuditRecord, *, chain_id: str, head: ChainHead) -> dict[str, Any]:
    """The `consult.audit/1` object without sealed part and hash, as the link after `head` in chain `chain_id`."""
    verdict, source, origin, sampling = record.verdict, record.source, record.origin, record.sampling
    seq = head.seq + 1
    body: dict[str, Any] = {
        "schema": "consult.audit/1",
        "event_id": f"{chain_id}/{seq}",
        "event": record.event,
        "outcome": record.outcome,
        "recorded_at_ms": record.recorded_at_ms,
        "actor": record.actor,
        "source": None
        if source is None
        else {"topic": source.topic, "partition": source.partition, "offset": source.offset},
        "consult_id": record.consult_id,
        "chunk_id": record.chunk_id,
        "seq": record.seq,
        "verdict_id": record.verdict_id,
        "rule": None if verdict is None else verdict.rule,
        "decided_by": None if verdict is None else verdict.decided_by,
        "categories": [] if verdict is None else verdict.categories,
        "scores": None if verdict is None else scores_body(verdict.scores),
        "label_mass": None if verdict is None or verdict.label_mass is None else number(verdict.label_mass),
        "policy": None if verdict is None else {"id": verdict.policy_id, "version": verdict.policy_version},
        "model": None if verdict is None else model_body(verdict.model),
        "cleaner_version": record.cleaner_version,
        "latency_ms": None if record.latency is None else latency_body(record.latency),
        "chain": {"id": chain_id, "seq": seq, "prev": head.hash},
    }
    if origin is not None:
        body["origin"] = {"host": origin.host, "process": origin.process, "version": origin.version}
    if sampling is not None:
        body["sampling"] = {
            "temperature": sampling.temperature,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
        }
    if record.detail:
        body["detail"] = dict(record.detail)
    return body


def encode_exchange(exchange: Exchange) -> bytes:
    """What is sealed: `raw`, `request` (the window) and `response` (the finding), the last two null where no judge
    read it."""
    window, finding = exchange.window, exchange.finding
    return orjson.dumps(
        {
            "raw": exchange.raw,
            "request": None if window is None else _request(window),
            "response": None if finding is None else _response(finding),
        }
    )


def request_of(opened: bytes) -> tuple[tuple[Turn, ...], str, SpeakerRole, str | None] | None:
    """The turns, text, speaker's role and language that a judge read, of an opened exchange; None if none did.

    Raises ValueError where it is not what `encode_exchange` wrote.
    """
    try:
        request = orjson.loads(opened)["request"]
        if request is None:
            return None
        turns = tuple(Turn(SpeakerRole(role), str(text)) for role, text in request["turns"])
        return turns, str(request["text"]), SpeakerRole(request["role"]), request["language"]
    except (KeyError, TypeError) as error:
        raise ValueError("not an exchange") from error


def _request(window: ContextWindow) -> dict[str, Any]:
    chunk = window.chunk
    return {
        "turns": [[turn.role, turn.text] for turn in window.turns],
        "text": chunk.text,
        "role": chunk.chunk.speaker.role,
        "language": chunk.chunk.language,
    }


def _response(finding: Judgment | Abstention) -> dict[str, Any]:
    if isinstance(finding, Abstention):
        return {"abstained": finding.reason}
    scores = finding.scores
    return {
        "label": finding.label,
        # In full, not rounded: what a replay is compared with.
        "scores": None
        if scores is None
        else {"safe": scores.safe, "contested": scores.contested, "unsafe": scores.unsafe},
        "label_mass": finding.label_mass,
        "categories": finding.categories,
        "reason": finding.reason,
        "answered_by": finding.answered_by,
    }
