"""Thresholds that cost least on labelled rows, within a limit on what may pass."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.domain.judgment import Judgment
from pipeline.domain.policy import CategoryThreshold, Policy
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.errors import InputError
from pipeline.evaluate.costs import cost
from pipeline.evaluate.findings import Found
from pipeline.evaluate.measure import share

EXPECTED_MIX = {RiskLevel.SAFE: 0.85, RiskLevel.CONTESTED: 0.1, RiskLevel.UNSAFE: 0.05}
"""The labels' shares of ordinary consultations, from the labelling guide. Evaluation sets hold far more of what must
not pass: unweighted, a threshold would be set for a clinic where every second turn is a breach."""

SAFE_GRID = (*(number / 100 for number in range(50, 100)), 0.995, 0.999)
UNSAFE_GRID = tuple(number / 100 for number in range(30, 100, 5))
LEAST_ROWS = 30
"""Findings of a category that a threshold of its own is set on; fewer would be set by chance."""


def propose(found: Sequence[Found], policy: Policy, *, max_unsafe_to_safe: float) -> Policy:
    """`policy` with the thresholds of safe, of unsafe, and of unsafe for the categories with rows enough, that cost
    least on `found`; one of safe for every language. Its band, preset, tripwires and thresholds for contested labels
    stay.

    Raises InputError where no row is unsafe, and where no threshold keeps to the limit: it says how near one comes.
    """
    unsafe = [one for one in found if one.label is RiskLevel.UNSAFE]
    if not unsafe:
        raise InputError("no unsafe row to propose thresholds on")
    weights = label_weights(found)
    policy = _safe_chosen(found, unsafe, policy, max_unsafe_to_safe)
    policy = min(_with_unsafe(policy), key=lambda one: (weighted_cost(found, one, weights), one.threshold.unsafe))
    for category in Category:
        naming = [one for one in found if _is_unsafe_of(one, category)]
        if len(naming) >= LEAST_ROWS:
            policy = _category_chosen(naming, policy, category, weights)
    return policy


def label_weights(found: Sequence[Found]) -> dict[RiskLevel, float]:
    """What one row of each label stands for, so that all of them make one row of ordinary talk."""
    rows = Counter(one.label for one in found)
    whole = sum(EXPECTED_MIX[label] for label in rows)
    return {label: EXPECTED_MIX[label] / whole / count for label, count in rows.items()}


def weighted_cost(found: Sequence[Found], policy: Policy, weights: Mapping[RiskLevel, float]) -> float:
    """The cost of the rows; with the weights of just these rows it is the cost of a row of ordinary talk."""
    return sum(weights[one.label] * cost(one.label, one.case.category, one.level(policy)) for one in found)


def passed(found: Sequence[Found], policy: Policy) -> float | None:
    """The share of unsafe rows concluded safe; None of none."""
    return share(one.level(policy) is RiskLevel.SAFE for one in found if one.label is RiskLevel.UNSAFE)


def _safe_chosen(found: Sequence[Found], unsafe: Sequence[Found], policy: Policy, most: float) -> Policy:
    threshold = policy.threshold
    tried = [
        replace(policy, threshold=replace(threshold, safe=at, languages={}))
        for at in SAFE_GRID
        if at + threshold.band <= 1.0
    ]
    kept = [one for one in tried if (passed(unsafe, one) or 0.0) <= most]
    if not kept:
        nearest = tried[-1]
        raise InputError(
            f"no threshold of safe keeps unsafe_to_safe at {most:g}: at {nearest.threshold.safe:g} it is "
            f"{passed(unsafe, nearest):.3g}; raise --max-unsafe-to-safe, or use a better judge"
        )
    weights = label_weights(found)
    # Of equal costs the stricter.
    return min(kept, key=lambda one: (weighted_cost(found, one, weights), -one.threshold.safe))


def _with_unsafe(policy: Policy) -> list[Policy]:
    threshold = policy.threshold
    at = [value for value in UNSAFE_GRID if value + threshold.band <= 1.0]
    return [replace(policy, threshold=replace(threshold, unsafe=value)) for value in at]


def _category_chosen(
    naming: Sequence[Found], policy: Policy, category: Category, weights: Mapping[RiskLevel, float]
) -> Policy:
    """The category's own threshold, left out where the common one is as good."""
    tried = [policy, *(_with_category(policy, category, at) for at in UNSAFE_GRID)]
    reachable = [one for one in tried if _highest(one) + one.threshold.band <= 1.0]
    return min(reachable, key=lambda one: weighted_cost(naming, one, weights))


def _with_category(policy: Policy, category: Category, unsafe: float) -> Policy:
    own = policy.threshold.categories.get(category, CategoryThreshold())
    categories = {**policy.threshold.categories, category: replace(own, unsafe=unsafe)}
    return replace(policy, threshold=replace(policy.threshold, categories=categories))


def _highest(policy: Policy) -> float:
    return max((own.unsafe or 0.0 for own in policy.threshold.categories.values()), default=0.0)


def _is_unsafe_of(one: Found, category: Category) -> bool:
    finding = one.finding
    return isinstance(finding, Judgment) and finding.label is RiskLevel.UNSAFE and category in finding.categories
