"""Audit chains for tests: a link of every field, chains of them, and the records that carry them."""

from collections.abc import Sequence

from pipeline.audit.chain import Seal, link
from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.domain.audit import (
    GENESIS,
    AuditEvent,
    AuditRecord,
    Exchange,
    Latency,
    Origin,
    Sampling,
    SourcePosition,
)
from pipeline.domain.judgment import Judgment, ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.verdict import DecidedBy, Verdict

SOURCE = TopicPartition("consult.chunks", 3)
CHAIN = "consult.chunks/3"
MODEL = ModelIdentity("guard", "r1", "p1")


def verdict() -> Verdict:
    return Verdict(
        level=RiskLevel.UNSAFE,
        rule="judge_unsafe",
        decided_by=DecidedBy.JUDGE,
        reason="It names an employer.",
        categories=(Category.PHI,),
        evidence=(),
        scores=Scores(0.01, 0.04, 0.95),
        label_mass=0.99,
        policy_id="hipaa-consult",
        policy_version="1",
        model=MODEL,
    )


def entry(number: int) -> AuditRecord:
    return AuditRecord(
        event=AuditEvent.JUDGED,
        outcome="unsafe",
        recorded_at_ms=1_750_000_000_000 + number,
        source=SourcePosition(SOURCE.topic, SOURCE.partition, number),
        actor="consultguard-worker/0.1.0 w1",
        consult_id="consult-1",
        chunk_id=f"chk_{number}",
        seq=number,
        verdict_id=f"vrd_{number}",
        verdict=verdict(),
        cleaner_version="clean-1",
        latency=Latency(1, 2, 3, 6),
        origin=Origin("north", 7, "0.1.0"),
        sampling=Sampling(temperature=0, max_tokens=1, seed=0),
        exchange=Exchange("My employer, um, is Kestrel Mills.", None, Judgment(RiskLevel.UNSAFE, None, None, MODEL)),
    )


def chain(length: int, *, chain_id: str = CHAIN, seal: Seal | None = None) -> list[bytes]:
    head, values = GENESIS, []
    for number in range(length):
        value, head = link(entry(number), chain_id=chain_id, head=head, seal=seal)
        values.append(value)
    return values


def records(values: Sequence[bytes | None]) -> list[Record]:
    return [
        Record(RecordRef("consult.audit", SOURCE.partition, offset), b"consult-1", value, (), 0)
        for offset, value in enumerate(values)
    ]
