"""The conclusion about one chunk, and what it rests on."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.judgment import ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel


class DecidedBy(StrEnum):
    """What the level rests on in the end."""

    JUDGE = "judge"
    CACHE = "cache"
    TRIPWIRE = "tripwire"
    ABSTENTION = "abstention"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A deterministic finding: what kind, where in the raw text (half-open, in characters), how sure (0 to 1)."""

    kind: EvidenceKind
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of three levels, with the rule that gave it and a reason a person can read. `reason` quotes no text."""

    level: RiskLevel
    rule: str
    decided_by: DecidedBy
    reason: str
    categories: tuple[Category, ...]
    evidence: tuple[Evidence, ...]
    scores: Scores | None
    label_mass: float | None
    policy_id: str
    policy_version: str
    model: ModelIdentity
