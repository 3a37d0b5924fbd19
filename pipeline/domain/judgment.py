"""What a model found. Not yet a verdict: that takes a policy."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.taxonomy import Category, RiskLevel


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights read which prompt; all three enter the verdict's id."""

    name: str
    revision: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities of the three labels, each 0 to 1, normalised over the three."""

    safe: float
    contested: float
    unsafe: float

    def of(self, level: RiskLevel) -> float:
        match level:
            case RiskLevel.SAFE:
                return self.safe
            case RiskLevel.CONTESTED:
                return self.contested
            case RiskLevel.UNSAFE:
                return self.unsafe


class AbstentionReason(StrEnum):
    """Why a judge gave no judgment. Each one leads to a person, never to safe."""

    UNREADABLE = "unreadable"
    UNKNOWN_LABEL = "unknown_label"
    LOW_LABEL_MASS = "low_label_mass"
    PROMPT_TOO_LONG = "prompt_too_long"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class AnsweredBy(StrEnum):
    """Whether the model read this very window, or its answer is remembered: for the same window, or for a phrase."""

    MODEL = "model"
    CACHE = "cache"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Judgment:
    """A readable answer.

    `label_mass` is the probability of the three labels together in the whole vocabulary, 0 to 1: well below 1 the
    model was about to say something else. `scores` or `label_mass` is None where the answer measured none: never a
    number made up in its place. `reason` is the model's own sentence where it gave one, and `reason_seconds` the time
    spent on it after the label was known, which is no part of the label's latency.
    """

    label: RiskLevel
    scores: Scores | None
    label_mass: float | None
    model: ModelIdentity
    categories: tuple[Category, ...] = ()
    reason: str | None = None
    answered_by: AnsweredBy = AnsweredBy.MODEL
    reason_seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Abstention:
    """No readable answer, and why."""

    reason: AbstentionReason
    model: ModelIdentity
    label_mass: float | None = None
