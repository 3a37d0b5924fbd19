"""Reads a policy file into a `Policy`, strictly: a policy that says less than everything is refused."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.decide.presets import LEAST_SAFE, PresetName, with_preset
from pipeline.domain.policy import (
    Calibration,
    CalibrationMethod,
    CategoryThreshold,
    Policy,
    Threshold,
    TripwireRule,
    Unavailable,
)
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.errors import PolicyError

BUILT_IN_POLICY = Path(__file__).parent / "policies" / "hipaa-consult.toml"
"""Policy `hipaa-consult`, used where no other file is set."""

_Probability = Annotated[float, Field(ge=0.0, le=1.0)]
_Language = Annotated[str, Field(pattern="^[a-z]{2,3}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CategoryThresholdFile(_Section):
    unsafe: _Probability | None = None
    contested: _Probability | None = None


class _ThresholdFile(_Section):
    # Below one half the label would not be the likelier one, and "safe" would mean "not known to be unsafe".
    safe: Annotated[float, Field(ge=LEAST_SAFE, le=1.0)]
    unsafe: _Probability
    label_mass: Annotated[float, Field(gt=0.0, le=1.0)]
    band: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    categories: dict[Category, _CategoryThresholdFile] = {}
    languages: dict[_Language, Annotated[float, Field(ge=LEAST_SAFE, le=1.0)]] = {}

    @model_validator(mode="after")
    def _attainable(self) -> "_ThresholdFile":
        # Above one no label would ever be taken at its word, and nobody would see why.
        own = [value for one in self.categories.values() for value in (one.unsafe, one.contested) if value is not None]
        if max(self.safe, self.unsafe, *own, *self.languages.values()) + self.band > 1.0:
            raise ValueError("band: added to a threshold it is above 1, which no score reaches")
        return self

    def to_domain(self) -> Threshold:
        return Threshold(
            self.safe,
            self.unsafe,
            self.label_mass,
            self.band,
            {category: CategoryThreshold(one.unsafe, one.contested) for category, one in self.categories.items()},
            self.languages,
        )


class _CalibrationFile(_Section):
    method: CalibrationMethod
    temperature: Annotated[float, Field(gt=0, le=100)] | None = None
    curves: dict[RiskLevel, Annotated[list[tuple[_Probability, _Probability]], Field(min_length=1)]] | None = None
    dataset_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    model_revision: Annotated[str, Field(min_length=1)] | None = None
    prompt_version: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "_CalibrationFile":
        wanted = {"temperature": {"temperature"}, "isotonic": {"curves"}}.get(self.method, set())
        wanted |= {"dataset_sha256", "model_revision", "prompt_version"} if wanted else set()
        said = {name for name, value in self if name != "method" and value is not None}
        if wanted != said:
            needs = ", ".join(sorted(wanted)) or "nothing else"
            raise ValueError(f"method {self.method} wants {needs}")
        if self.curves is not None and set(self.curves) != set(RiskLevel):
            raise ValueError("curves: one each for safe, contested and unsafe")
        for curve in (self.curves or {}).values():
            if any(not (one[0] < next_[0] and one[1] <= next_[1]) for one, next_ in pairwise(curve)):
                raise ValueError("curves: points are (score, probability), scores rising, probabilities not falling")
        return self

    def to_domain(self) -> Calibration:
        return Calibration(
            method=self.method,
            temperature=1.0 if self.temperature is None else self.temperature,
            curves={level: tuple(curve) for level, curve in (self.curves or {}).items()},
            dataset_sha256=self.dataset_sha256 or "",
            model_revision=self.model_revision or "",
            prompt_version=self.prompt_version or "",
        )


class _TripwireFile(_Section):
    level: RiskLevel
    min_confidence: _Probability


def _is_one_word(word: str) -> str:
    # As a model writes them: one line, and a list of them is cut at the commas.
    if not word.strip() or word != word.strip() or not word.isprintable() or "," in word or word == "None":
        raise ValueError("not a word a model can name a category with")
    return word


class _PolicyFile(_Section):
    id: Annotated[str, Field(min_length=1, max_length=100)]
    version: Annotated[str, Field(min_length=1, max_length=100)]
    judge_unavailable: Unavailable
    contest_after_seconds: Annotated[float, Field(gt=0)]
    ignored_categories: list[Category]
    categories: Annotated[dict[Annotated[str, AfterValidator(_is_one_word)], Category], Field(min_length=1)]
    preset: PresetName = "none"
    calibration: _CalibrationFile = _CalibrationFile(method=CalibrationMethod.NONE)
    threshold: _ThresholdFile
    tripwires: dict[EvidenceKind, _TripwireFile]


def load_policy(path: Path, *, preset: PresetName | None = None) -> Policy:
    """The policy in the TOML file at `path`; `preset` stands in place of the file's own.

    Raises PolicyError naming the file, the key and the mend.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        file = _PolicyFile.model_validate(raw)
    except OSError as error:
        raise PolicyError(
            f"policy file {path} cannot be read: {error.strerror}; set CONSULTGUARD_POLICY_FILE"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"policy file {path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PolicyError(f"policy file {path}: {key}: {first['msg']}") from error
    missing = sorted(kind for kind in EvidenceKind if kind not in file.tripwires)
    if missing:
        raise PolicyError(f"policy file {path}: tripwires: say what follows from {', '.join(missing)}")
    harmless = sorted(kind for kind, rule in file.tripwires.items() if rule.level is RiskLevel.SAFE)
    if harmless:
        raise PolicyError(f"policy file {path}: tripwires: {', '.join(harmless)} cannot make a chunk safe")
    policy = Policy(
        id=file.id,
        version=file.version,
        threshold=file.threshold.to_domain(),
        ignored_categories=frozenset(file.ignored_categories),
        categories=file.categories,
        tripwires={kind: TripwireRule(rule.level, rule.min_confidence) for kind, rule in file.tripwires.items()},
        judge_unavailable=file.judge_unavailable,
        contest_after_seconds=file.contest_after_seconds,
        calibration=file.calibration.to_domain(),
    )
    return with_preset(policy, preset or file.preset)
