"""Which topic a verdict goes to."""

from typing import Protocol

from pipeline.broker.base import OutgoingRecord
from pipeline.broker.codec import encode_verdict
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import Latency
from pipeline.domain.sealing import Sealed
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.verdict import Verdict


class SealText(Protocol):
    """Seals under a consultation's key."""

    def __call__(self, consult_id: str, plaintext: bytes, *, bound_to: bytes) -> Sealed: ...


def publish(
    verdict: Verdict,
    *,
    verdict_id: str,
    clean: CleanChunk,
    partition: int,
    topics: TopicNames,
    judged_at_ms: int,
    latency: Latency,
    seal: SealText | None = None,
) -> OutgoingRecord:
    """The record for the topic of the verdict's level, on the partition the chunk came from, keyed by consultation.

    With `seal`, the text of what is not safe is in it sealed, bound to the verdict's id: a reviewer opens it. What is
    safe flows on to systems that have no key.
    """
    sealed = None
    if seal is not None and verdict.level is not RiskLevel.SAFE:
        sealed = seal(clean.chunk.consult_id, clean.text.encode(), bound_to=verdict_id.encode())
    value = encode_verdict(
        verdict, verdict_id=verdict_id, clean=clean, judged_at_ms=judged_at_ms, latency=latency, sealed=sealed
    )
    return OutgoingRecord(topics.verdicts(verdict.level), clean.chunk.consult_id.encode(), value, partition)
