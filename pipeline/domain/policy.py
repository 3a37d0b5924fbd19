"""What follows from which finding. A policy is data: an identifier, a version, thresholds and what a tripwire means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.judgment import ModelIdentity
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
    CATEGORY_THRESHOLD = "category_threshold"
    IN_BAND = "in_band"
    UNCALIBRATED = "uncalibrated"
    BELOW_SAFE_THRESHOLD = "below_safe_threshold"
    BELOW_UNSAFE_THRESHOLD = "below_unsafe_threshold"
    TRIPWIRE = "tripwire"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class CategoryThreshold:
    """What a category changes; None changes nothing. `unsafe` stands in place of `Threshold.unsafe` for a finding that
    names the category. From `contested` on (the probability of unsafe) a contested label of the category is unsafe."""

    unsafe: float | None = None
    contested: float | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Probabilities, 0 to 1, that a label must reach to be taken at its word; below, the chunk is contested.

    `safe` and `unsafe` are held against the calibrated scores, `label_mass` against the raw one. A score less than
    `band` above its threshold is contested too. Of several categories the lowest threshold counts. `languages` (the
    first part of a BCP 47 tag, as `en`) stand in place of `safe` for chunks in them: a guard that knows a language less
    has to be surer in it, and `safe` itself is for those it knows least, and for a chunk whose language nobody told.
    """

    safe: float
    unsafe: float
    label_mass: float
    band: float = 0.0
    categories: Mapping[Category, CategoryThreshold] = field(default_factory=dict)
    languages: Mapping[str, float] = field(default_factory=dict)

    def safe_in(self, language: str | None) -> float:
        """What the label safe must reach in a chunk of this language (BCP 47; None: not known)."""
        return self.languages.get((language or "").partition("-")[0].lower(), self.safe)


class CalibrationMethod(StrEnum):
    """How a judge's scores become probabilities that can be taken at their word."""

    NONE = "none"
    TEMPERATURE = "temperature"
    ISOTONIC = "isotonic"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on labelled rows (`dataset_sha256`), for one revision of one model under one prompt, and for no other.

    `temperature` divides the logarithms of the scores (Guo et al. 2017); above 1 they become less sure. `curves` has
    for each label its points (score, probability), both rising, joined by straight lines (Zadrozny and Elkan 2002);
    the three are then normalised to sum to one.
    """

    method: CalibrationMethod = CalibrationMethod.NONE
    temperature: float = 1.0
    curves: Mapping[RiskLevel, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    dataset_sha256: str = ""
    model_revision: str = ""
    prompt_version: str = ""

    def is_for(self, model: ModelIdentity) -> bool:
        """Whether it says anything about this model's scores. The name is left out: it is what a server calls it."""
        fitted_for = (self.model_revision, self.prompt_version)
        return self.method is CalibrationMethod.NONE or fitted_for == (model.revision, model.prompt_version)


@dataclass(frozen=True, slots=True)
class TripwireRule:
    """What a tripwire of one kind makes of a chunk; a finding below `min_confidence` (0 to 1) contests it instead."""

    level: RiskLevel
    min_confidence: float


@dataclass(frozen=True, slots=True)
class Policy:
    """`id` and `version` are in every verdict; the version changes whenever a verdict could. `preset` names the
    one that its thresholds were shifted by; it is part of the version already.

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
    calibration: Calibration = field(default_factory=Calibration)
    preset: str = "none"
