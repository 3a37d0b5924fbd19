"""Verdicts against labels: confusion, rates, recall and precision by level and category. Shares are 0 to 1, and None
where there is no row to take a share of."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.costs import cost
from pipeline.evaluate.judged import Judged

Labelled = tuple[RiskLevel, Judged]
"""A judged row with its label."""


@dataclass(frozen=True, slots=True)
class Rates:
    """`unsafe_to_safe` is the share of unsafe rows that were passed as safe, and so on; `phi_to_safe` is over unsafe
    rows of category phi. `cost_per_row` is in the units of pipeline.evaluate.costs; `cost_if_all_contested` is what
    sending every row to a person would cost, for comparison."""

    accuracy: float | None
    error: float | None
    unsafe_to_safe: float | None
    phi_to_safe: float | None
    unsafe_to_contested: float | None
    contested_to_safe: float | None
    contested_to_unsafe: float | None
    safe_to_unsafe: float | None
    safe_to_contested: float | None
    cost_per_row: float | None
    cost_if_all_contested: float | None


@dataclass(frozen=True, slots=True)
class LevelScore:
    level: RiskLevel
    rows: int
    concluded: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """`recall` and `precision` are of the verdict naming the category; `stopped` is the share of its rows that were not
    passed as safe, named or not, and `same_level` of those that got the row's own level."""

    category: Category
    rows: int
    named: int
    recall: float | None
    precision: float | None
    stopped: float | None
    same_level: float | None


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the levels; what a natural set gets."""

    rows: int
    safe: float | None
    contested: float | None
    unsafe: float | None
    skipped: float | None


def labelled(judged: Iterable[Judged]) -> list[Labelled]:
    """Those with a label."""
    return [(one.case.label, one) for one in judged if one.case.label is not None]


def share(hits: Iterable[bool]) -> float | None:
    """The share of true ones, or None of none."""
    held = list(hits)
    return sum(held) / len(held) if held else None


def confusion(rows: Sequence[Labelled]) -> dict[str, dict[str, int]]:
    """Counts by label and then by level, zeros included."""
    counts = Counter((label, one.level) for label, one in rows)
    return {label.value: {level.value: counts[label, level] for level in RiskLevel} for label in RiskLevel}


def rates(rows: Sequence[Labelled]) -> Rates:
    def moved(label: RiskLevel, level: RiskLevel, category: Category | None = None) -> float | None:
        return share(one.level is level for truth, one in rows if truth is label and category in (None, _category(one)))

    accuracy = share(label is one.level for label, one in rows)
    return Rates(
        accuracy=accuracy,
        error=None if accuracy is None else 1 - accuracy,
        unsafe_to_safe=moved(RiskLevel.UNSAFE, RiskLevel.SAFE),
        phi_to_safe=moved(RiskLevel.UNSAFE, RiskLevel.SAFE, Category.PHI),
        unsafe_to_contested=moved(RiskLevel.UNSAFE, RiskLevel.CONTESTED),
        contested_to_safe=moved(RiskLevel.CONTESTED, RiskLevel.SAFE),
        contested_to_unsafe=moved(RiskLevel.CONTESTED, RiskLevel.UNSAFE),
        safe_to_unsafe=moved(RiskLevel.SAFE, RiskLevel.UNSAFE),
        safe_to_contested=moved(RiskLevel.SAFE, RiskLevel.CONTESTED),
        cost_per_row=_mean([cost(label, _category(one), one.level) for label, one in rows]),
        cost_if_all_contested=_mean([cost(label, _category(one), RiskLevel.CONTESTED) for label, one in rows]),
    )


def level_scores(rows: Sequence[Labelled]) -> tuple[LevelScore, ...]:
    return tuple(
        LevelScore(
            level=level,
            rows=sum(label is level for label, _ in rows),
            concluded=sum(one.level is level for _, one in rows),
            recall=share(one.level is level for label, one in rows if label is level),
            precision=share(label is level for label, one in rows if one.level is level),
        )
        for level in RiskLevel
    )


def category_scores(rows: Sequence[Labelled]) -> tuple[CategoryScore, ...]:
    """Those that a row has or a verdict names, in the order of the taxonomy."""
    found = (_category_score(rows, category) for category in Category)
    return tuple(score for score in found if score.rows or score.named)


def _category_score(rows: Sequence[Labelled], category: Category) -> CategoryScore:
    mine = [(label, one) for label, one in rows if _category(one) is category]
    naming = [one for _, one in rows if category in one.categories]
    return CategoryScore(
        category=category,
        rows=len(mine),
        named=len(naming),
        recall=share(category in one.categories for _, one in mine),
        precision=share(_category(one) is category for one in naming),
        stopped=share(one.level is not RiskLevel.SAFE for _, one in mine),
        same_level=share(one.level is label for label, one in mine),
    )


def mix(judged: Sequence[Judged]) -> Mix:
    def at(level: RiskLevel) -> float | None:
        return share(one.level is level for one in judged)

    return Mix(
        rows=len(judged),
        safe=at(RiskLevel.SAFE),
        contested=at(RiskLevel.CONTESTED),
        unsafe=at(RiskLevel.UNSAFE),
        skipped=share(one.decided_by == "skipped" for one in judged),
    )


def _category(one: Judged) -> Category | None:
    return one.case.category


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
