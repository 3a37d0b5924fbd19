"""The level a readable judgment has under a policy's thresholds, before any tripwire."""

import math
from typing import assert_never

from pipeline.decide.calibrated import calibrated
from pipeline.domain.judgment import Judgment
from pipeline.domain.policy import Policy, Rule
from pipeline.domain.taxonomy import RiskLevel


def level_of(judgment: Judgment, policy: Policy, *, language: str | None) -> tuple[RiskLevel, Rule]:
    """Safe is only what the judge's own label calls safe, or what it names a category for that the policy ignores:
    calibration and thresholds can take that back, and never give it.

    Scores of another model than the calibration was fitted for cannot be held against the policy's thresholds: such a
    label is contested (a worker does not start with that; see pipeline.judge.fitted).
    """
    scores = judgment.scores
    if scores is None:  # no threshold is ever reached, whatever the label
        return RiskLevel.CONTESTED, Rule.JUDGE_CONTESTED if judgment.label is RiskLevel.CONTESTED else Rule.UNMEASURED
    if judgment.label is not RiskLevel.SAFE and _ignored(judgment, policy):
        return RiskLevel.SAFE, Rule.IGNORED_CATEGORY
    if not policy.calibration.is_for(judgment.model):
        return RiskLevel.CONTESTED, Rule.UNCALIBRATED
    probabilities = calibrated(scores, policy.calibration)
    band = policy.threshold.band
    match judgment.label:
        case RiskLevel.SAFE:
            least = policy.threshold.safe_in(language)
            if probabilities.safe >= least + band:
                return RiskLevel.SAFE, Rule.JUDGE_SAFE
            return RiskLevel.CONTESTED, Rule.IN_BAND if probabilities.safe >= least else Rule.BELOW_SAFE_THRESHOLD
        case RiskLevel.UNSAFE:
            least = _unsafe_from(judgment, policy)
            if probabilities.unsafe >= least + band:
                return RiskLevel.UNSAFE, Rule.JUDGE_UNSAFE
            return RiskLevel.CONTESTED, Rule.IN_BAND if probabilities.unsafe >= least else Rule.BELOW_UNSAFE_THRESHOLD
        case RiskLevel.CONTESTED:
            if probabilities.unsafe >= _raised_from(judgment, policy) + band:
                return RiskLevel.UNSAFE, Rule.CATEGORY_THRESHOLD
            return RiskLevel.CONTESTED, Rule.JUDGE_CONTESTED
        case _:
            assert_never(judgment.label)


def _unsafe_from(judgment: Judgment, policy: Policy) -> float:
    threshold = policy.threshold
    own = (threshold.categories.get(category) for category in judgment.categories)
    least = [threshold.unsafe if one is None or one.unsafe is None else one.unsafe for one in own]
    return min(least, default=threshold.unsafe)


def _raised_from(judgment: Judgment, policy: Policy) -> float:
    """Out of reach where no category of the finding has a threshold of its own for a contested label."""
    own = (policy.threshold.categories.get(category) for category in judgment.categories)
    return min((one.contested for one in own if one is not None and one.contested is not None), default=math.inf)


def _ignored(judgment: Judgment, policy: Policy) -> bool:
    """Only where the model named categories and every one of them is ignored: no category is no excuse."""
    return bool(judgment.categories) and policy.ignored_categories.issuperset(judgment.categories)
