"""Two engines on the same cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.calibration import likeliest
from pipeline.evaluate.judged import Judged


@dataclass(frozen=True, slots=True)
class Agreement:
    """`same_level` is the share of equal verdicts; `same_label` of equal likeliest labels, and
    `largest_score_difference` of any label's probability, are over the `scored` rows for which both gave scores.
    `differing` are the ids of the rows with different verdicts."""

    left: str
    right: str
    rows: int
    scored: int
    same_level: float
    same_label: float | None
    largest_score_difference: float | None
    differing: tuple[str, ...]


def agreement(left: Sequence[Judged], right: Sequence[Judged], *, names: tuple[str, str]) -> Agreement:
    """The same cases in the same order. Raises ValueError where they are not, or are none."""
    pairs = list(zip(left, right, strict=True))
    if not pairs or any(one.case != other.case for one, other in pairs):
        raise ValueError("agreement is between two readings of the same cases")
    scores = [(one.scores, other.scores) for one, other in pairs if one.scores is not None and other.scores is not None]
    apart = [abs(one.of(level) - other.of(level)) for one, other in scores for level in RiskLevel]
    same = [likeliest(one) is likeliest(other) for one, other in scores]
    differing = tuple(one.case.id for one, other in pairs if one.level is not other.level)
    return Agreement(
        left=names[0],
        right=names[1],
        rows=len(pairs),
        scored=len(scores),
        same_level=1 - len(differing) / len(pairs),
        same_label=sum(same) / len(same) if same else None,
        largest_score_difference=max(apart, default=None),
        differing=differing,
    )
