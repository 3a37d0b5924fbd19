"""Reads a policy file into a `Policy`, strictly: a policy that says less than everything is refused."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.domain.policy import Policy, Threshold, TripwireRule, Unavailable
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.errors import PolicyError

BUILT_IN_POLICY = Path(__file__).parent / "policies" / "hipaa-consult.toml"
"""Policy `hipaa-consult`, used where no other file is set."""

_Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _ThresholdFile(_Section):
    # Below one half the label would not be the likelier one, and "safe" would mean "not known to be unsafe".
    safe: Annotated[float, Field(ge=0.5, le=1.0)]
    unsafe: _Probability
    label_mass: Annotated[float, Field(gt=0.0, le=1.0)]


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
    threshold: _ThresholdFile
    tripwires: dict[EvidenceKind, _TripwireFile]


def load_policy(path: Path) -> Policy:
    """The policy in the TOML file at `path`. Raises PolicyError naming the file, the key and the mend."""
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
    return Policy(
        id=file.id,
        version=file.version,
        threshold=Threshold(file.threshold.safe, file.threshold.unsafe, file.threshold.label_mass),
        ignored_categories=frozenset(file.ignored_categories),
        categories=file.categories,
        tripwires={kind: TripwireRule(rule.level, rule.min_confidence) for kind, rule in file.tripwires.items()},
        judge_unavailable=file.judge_unavailable,
        contest_after_seconds=file.contest_after_seconds,
    )
