"""Scores readings against labels: accuracy, what slips through as safe, how much ordinary talk is stopped."""

from collections import Counter
from dataclasses import dataclass, field

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.datasets import Row
from pipeline.training.reading import Reading


@dataclass(frozen=True, slots=True)
class Score:
    """Shares are 0 to 1; None where the set has no row of the kind.

    `phi_called_safe` is over rows that are unsafe for an identifier, `safe_called_unsafe` and `safe_called_contested`
    over safe rows. `confusion` counts "truth>answer", `by_category` is accuracy by "label/category".
    """

    rows: int
    accuracy: float
    phi_called_safe: float | None
    unsafe_called_safe: float | None
    safe_called_unsafe: float | None
    safe_called_contested: float | None
    lowest_label_mass: float
    confusion: dict[str, int] = field(default_factory=dict)
    by_category: dict[str, float] = field(default_factory=dict)


def score(rows: list[Row], readings: list[Reading]) -> Score:
    """Compare each row with its reading. Raises ValueError for an empty set."""
    if not rows:
        raise ValueError("nothing to score")
    pairs = list(zip(rows, (reading.label for reading in readings), strict=True))
    kinds: dict[str, list[bool]] = {}
    for row, label in pairs:
        kinds.setdefault(f"{row.label}/{row.category or 'none'}", []).append(label is row.label)

    def share(asked: RiskLevel, answered: RiskLevel, category: Category | None = None) -> float | None:
        chosen = [label for row, label in pairs if row.label is asked and category in (None, row.category)]
        return sum(label is answered for label in chosen) / len(chosen) if chosen else None

    return Score(
        rows=len(pairs),
        accuracy=sum(label is row.label for row, label in pairs) / len(pairs),
        phi_called_safe=share(RiskLevel.UNSAFE, RiskLevel.SAFE, Category.PHI),
        unsafe_called_safe=share(RiskLevel.UNSAFE, RiskLevel.SAFE),
        safe_called_unsafe=share(RiskLevel.SAFE, RiskLevel.UNSAFE),
        safe_called_contested=share(RiskLevel.SAFE, RiskLevel.CONTESTED),
        lowest_label_mass=min(reading.label_mass for reading in readings),
        confusion=dict(sorted(Counter(f"{row.label}>{label}" for row, label in pairs).items())),
        by_category={kind: sum(hits) / len(hits) for kind, hits in sorted(kinds.items())},
    )


def agreement(left: list[Reading], right: list[Reading]) -> tuple[float, float]:
    """The share of equal labels, and the largest difference of any label's probability."""
    pairs = list(zip(left, right, strict=True))
    same = sum(one.label is other.label for one, other in pairs) / len(pairs)
    apart = max(abs(one.scores[level] - other.scores[level]) for one, other in pairs for level in RiskLevel)
    return same, apart
