"""Which topic a verdict goes to."""

from pipeline.broker.base import OutgoingRecord
from pipeline.broker.codec import encode_verdict
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import Latency
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.verdict import Verdict


def publish(
    verdict: Verdict,
    *,
    verdict_id: str,
    clean: CleanChunk,
    partition: int,
    topics: TopicNames,
    judged_at_ms: int,
    latency: Latency,
) -> OutgoingRecord:
    """The record for the topic of the verdict's level, on the partition the chunk came from, keyed by consultation."""
    value = encode_verdict(verdict, verdict_id=verdict_id, clean=clean, judged_at_ms=judged_at_ms, latency=latency)
    return OutgoingRecord(topics.verdicts(verdict.level), clean.chunk.consult_id.encode(), value, partition)
