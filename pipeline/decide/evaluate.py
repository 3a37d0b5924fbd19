"""Finding + evidence + policy -> verdict. Pure and total: every input has exactly one verdict, and none is a guess."""

from collections.abc import Sequence
from typing import assert_never

from pipeline.decide.levels import level_of
from pipeline.decide.reasons import reason_for
from pipeline.domain.judgment import Abstention, AbstentionReason, AnsweredBy, Judgment
from pipeline.domain.policy import Policy, Rule
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.verdict import DecidedBy, Evidence, Verdict

_Finding = tuple[RiskLevel, Rule, DecidedBy]

# Sums of float32 probabilities may end just above one; rounded for publishing they are one.
_ROUNDING = 1e-6


def evaluate(
    finding: Judgment | Abstention, evidence: Sequence[Evidence], *, policy: Policy, language: str | None
) -> Verdict:
    """The verdict on one chunk; `language` (BCP 47) is the chunk's: its reason is written in it.

    The judge's finding is read first; then tripwires may raise the level, and never lower it. Safe needs all of: a
    readable judgment, its label safe, its probability measured and at the policy's threshold, its label mass at the
    policy's floor where it was measured (an answer held to a schema cannot be anything but a label), and no tripwire.
    """
    scores = finding.scores if isinstance(finding, Judgment) and _made_of_probabilities(finding) else None
    finding = _readable(finding, policy)
    level, rule, decided_by = _judged(finding, policy, language)
    raised = _tripwire_level(evidence, policy)
    if raised is not None and raised.severity > level.severity:
        level, rule, decided_by = raised, Rule.TRIPWIRE, DecidedBy.TRIPWIRE
    categories = _categories(finding, evidence, level)
    return Verdict(
        level=level,
        rule=rule if not isinstance(finding, Abstention) or rule is Rule.TRIPWIRE else f"{rule}:{finding.reason}",
        decided_by=decided_by,
        reason=reason_for(level, rule, categories=categories, evidence=evidence, finding=finding, language=language),
        categories=categories,
        evidence=tuple(evidence),
        scores=scores,
        label_mass=finding.label_mass if _is_probability(finding.label_mass) else None,
        policy_id=policy.id,
        policy_version=policy.version,
        model=finding.model,
    )


def _readable(finding: Judgment | Abstention, policy: Policy) -> Judgment | Abstention:
    """A judgment whose numbers are none counts as an abstention, and so does one under the policy's label-mass floor:
    the model was about to say something other than a label."""
    if isinstance(finding, Abstention):
        return finding
    if not _made_of_probabilities(finding):
        return Abstention(AbstentionReason.UNREADABLE, finding.model)
    if finding.label_mass is not None and finding.label_mass < policy.threshold.label_mass:
        return Abstention(AbstentionReason.LOW_LABEL_MASS, finding.model, label_mass=finding.label_mass)
    return finding


def _made_of_probabilities(judgment: Judgment) -> bool:
    """True of what was measured; what was not is no number to doubt."""
    scores, mass = judgment.scores, judgment.label_mass
    measured = () if scores is None else (scores.safe, scores.contested, scores.unsafe)
    return all(map(_is_probability, measured if mass is None else (*measured, mass)))


def _is_probability(value: float | None) -> bool:
    """False for NaN and the infinities, which would otherwise pass a threshold or break the audit record."""
    return value is not None and 0.0 <= value <= 1.0 + _ROUNDING


def _judged(finding: Judgment | Abstention, policy: Policy, language: str | None) -> _Finding:
    match finding:
        case Abstention():
            return RiskLevel.CONTESTED, Rule.ABSTAINED, DecidedBy.ABSTENTION
        case Judgment():
            level, rule = level_of(finding, policy, language=language)
            return level, rule, DecidedBy.JUDGE if finding.answered_by is AnsweredBy.MODEL else DecidedBy.CACHE
        case _:
            assert_never(finding)


def _tripwire_level(evidence: Sequence[Evidence], policy: Policy) -> RiskLevel | None:
    """A kind the policy does not name, or names as harmless, still contests: evidence never leaves a chunk safe."""
    levels = [RiskLevel.CONTESTED] if evidence else []
    for item in evidence:
        rule = policy.tripwires.get(item.kind)
        if rule is not None and item.confidence >= rule.min_confidence:
            levels.append(rule.level)
    return max(levels, key=lambda level: level.severity, default=None)


def _categories(finding: Judgment | Abstention, evidence: Sequence[Evidence], level: RiskLevel) -> tuple[Category, ...]:
    if level is RiskLevel.SAFE:
        return ()
    named = set(finding.categories) if isinstance(finding, Judgment) else set()
    if evidence:
        named.add(Category.PHI)
    return tuple(sorted(named))
