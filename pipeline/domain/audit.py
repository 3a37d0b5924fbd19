"""What the audit trail says: one record for each input record, and one for each thing done to the service itself.

In clear it carries ids, findings and times, and no transcript text; what was said and answered is in it only sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.verdict import Verdict
from pipeline.domain.window import ContextWindow


class AuditEvent(StrEnum):
    """What happened.

    The first four are what became of a record that was read; every record read leaves exactly one of them. The others
    are about the service, and stand in a chain of their own.
    """

    JUDGED = "judged"
    SKIPPED = "skipped"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"

    STARTED = "started"
    STOPPED = "stopped"
    CONFIGURATION_CHANGED = "configuration_changed"
    POLICY_CHANGED = "policy_changed"
    KEY_ROTATED = "key_rotated"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_CLOSED = "breaker_closed"
    VERIFIED = "verified"
    EXPORTED = "exported"
    ERASED = "erased"
    VIEWED = "viewed"


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
class Origin:
    """Where the writer ran: host name, process id, and version of ConsultGuard."""

    host: str
    process: int
    version: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the judge's answer was drawn: `temperature` 0 is the likeliest token; `max_tokens` of the label's answer."""

    temperature: int
    max_tokens: int
    seed: int


GREEDY = Sampling(temperature=0, max_tokens=1, seed=0)
"""Every judge of ours reads a label so; there is no setting for it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is kept sealed: the chunk's text as it came, the window the judge read, and what it answered.

    `window` and `finding` are None for a record that no judge read.
    """

    raw: str
    window: ContextWindow | None = None
    finding: Judgment | Abstention | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One entry before it is linked into its chain.

    `outcome` is the level of a judged chunk, else the reason code. `source` is None for what is about the service. Ids
    are None where the record was unreadable. `detail` is short words without protected text. `exchange` never leaves
    this process in clear.
    """

    event: AuditEvent
    outcome: str
    recorded_at_ms: int
    source: SourcePosition | None
    actor: str
    consult_id: str | None = None
    chunk_id: str | None = None
    seq: int | None = None
    verdict_id: str | None = None
    verdict: Verdict | None = None
    cleaner_version: str | None = None
    latency: Latency | None = None
    origin: Origin | None = None
    sampling: Sampling | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    exchange: Exchange | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last committed link of a chain: its number, from 0, and its hash (64 hex digits). (-1, zeros) before any."""

    seq: int
    hash: str


GENESIS = ChainHead(-1, "0" * 64)
