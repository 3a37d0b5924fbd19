"""What the audit trail says about one input record. It carries ids, findings and times, and no transcript text."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.verdict import Verdict


class AuditEvent(StrEnum):
    """What became of a record that was read; every record read leaves exactly one of these."""

    JUDGED = "judged"
    SKIPPED = "skipped"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds: waiting before admission, in the deterministic stages, at the judge, and admission to decision."""

    queue: int
    clean: int
    judge: int
    total: int


@dataclass(frozen=True, slots=True)
class SourcePosition:
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One entry before it is linked into its chain.

    `outcome` is the level of a judged chunk, else the reason code. Ids are None where the record was unreadable.
    """

    event: AuditEvent
    outcome: str
    recorded_at_ms: int
    source: SourcePosition
    actor: str
    consult_id: str | None = None
    chunk_id: str | None = None
    seq: int | None = None
    verdict_id: str | None = None
    verdict: Verdict | None = None
    cleaner_version: str | None = None
    latency: Latency | None = None


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last committed link of a chain: its number, from 0, and its hash (64 hex digits). (-1, zeros) before any."""

    seq: int
    hash: str


GENESIS = ChainHead(-1, "0" * 64)
