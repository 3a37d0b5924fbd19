"""How far the judge's probabilities can be taken at their word."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.judgment import Scores
from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.measure import Labelled

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose probability lies in [low, high): their mean probability, and the share of them where it came true."""

    low: float
    high: float
    rows: int
    probability: float
    came_true: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Over the rows the judge gave scores for; None of none.

    `brier` is the mean squared distance of the three probabilities from the label, 0 to 2. `ece` is the expected
    calibration error of the likeliest label's probability (ten bins of equal width, weighted by rows: Guo et al. 2017),
    `ece_safe` the same for the probability of safe, which is the one the policy's threshold reads.
    """

    rows: int
    brier: float | None
    ece: float | None
    ece_safe: float | None
    bins: tuple[Bin, ...]
    safe_bins: tuple[Bin, ...]


def likeliest(scores: Scores) -> RiskLevel:
    """The judge's own label; of equal ones the more severe."""
    return max(RiskLevel, key=lambda level: (scores.of(level), level.severity))


def calibration(rows: Sequence[Labelled]) -> Calibration:
    scored = [(label, one.scores) for label, one in rows if one.scores is not None]
    bins = reliability([(scores.of(likeliest(scores)), likeliest(scores) is label) for label, scores in scored])
    safe_bins = reliability([(scores.safe, label is RiskLevel.SAFE) for label, scores in scored])
    return Calibration(
        rows=len(scored),
        brier=sum(_distance(label, scores) for label, scores in scored) / len(scored) if scored else None,
        ece=_expected_error(bins),
        ece_safe=_expected_error(safe_bins),
        bins=bins,
        safe_bins=safe_bins,
    )


def reliability(pairs: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Pairs of a probability and whether it came true, in bins of equal width; empty bins are left out."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for probability, hit in pairs:
        held.setdefault(min(BINS - 1, max(0, int(probability * BINS))), []).append((probability, hit))
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            rows=len(some),
            probability=sum(probability for probability, _ in some) / len(some),
            came_true=sum(hit for _, hit in some) / len(some),
        )
        for number, some in sorted(held.items())
    )


def _expected_error(bins: Sequence[Bin]) -> float | None:
    rows = sum(one.rows for one in bins)
    return sum(one.rows * abs(one.probability - one.came_true) for one in bins) / rows if rows else None


def _distance(label: RiskLevel, scores: Scores) -> float:
    return sum((scores.of(level) - (level is label)) ** 2 for level in RiskLevel)
