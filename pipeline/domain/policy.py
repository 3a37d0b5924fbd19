"""What follows from which finding. A policy is data: an identifier, a version, thresholds and what a tripwire means."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel


class Unavailable(StrEnum):
    """What a chunk gets while no judge answers: it waits, or after a while it goes to a person."""

    HOLD = "hold"
    CONTEST = "contest"


class Rule(StrEnum):
    """The rule that gave a verdict its level, named in the verdict and the audit record."""

    JUDGE_SAFE = "judge_safe"
    JUDGE_CONTESTED = "judge_contested"
    JUDGE_UNSAFE = "judge_unsafe"
    IGNORED_CATEGORY = "ignored_category"
    UNMEASURED = "unmeasured"
    BELOW_SAFE_THRESHOLD = "below_safe_threshold"
    BELOW_UNSAFE_THRESHOLD = "below_unsafe_threshold"
    TRIPWIRE = "tripwire"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Probabilities, 0 to 1, that a label must reach to be taken at its word; below, the chunk is contested."""

    safe: float
    unsafe: float
    label_mass: float


@dataclass(frozen=True, slots=True)
class TripwireRule:
    """What a tripwire of one kind makes of a chunk; a finding below `min_confidence` (0 to 1) contests it instead."""

    level: RiskLevel
    min_confidence: float


@dataclass(frozen=True, slots=True)
class Policy:
    """`id` and `version` are in every verdict; the version changes whenever a verdict could.

    `categories` says what each word of the judging model means; a word that is not there cannot be read.
    """

    id: str
    version: str
    threshold: Threshold
    ignored_categories: frozenset[Category]
    categories: Mapping[str, Category]
    tripwires: Mapping[EvidenceKind, TripwireRule]
    judge_unavailable: Unavailable
    contest_after_seconds: float
