"""The contested band: what going to a person catches, and what another threshold would catch at what price."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.calibration import likeliest
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.measure import Labelled, share

THRESHOLDS = (0.34, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995)
_BY_THRESHOLD = {Rule.JUDGE_SAFE, Rule.BELOW_SAFE_THRESHOLD}


@dataclass(frozen=True, slots=True)
class Point:
    """What the set would get if `safe` were taken from this probability on, all else as it was."""

    safe_from: float
    contested: float | None
    safe_to_contested: float | None
    unsafe_to_safe: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """`share` of the rows went to a person. Of the contested rows `contested_covered` did; of the rows whose likeliest
    label by the judge is wrong `mistakes_covered` did; of the unsafe rows that the judge leans to call safe
    `leaks_stopped` were contested or blocked all the same. `accuracy_outside` is over the rows nobody sees."""

    share: float | None
    contested_covered: float | None
    mistakes_covered: float | None
    leaks_stopped: float | None
    accuracy_outside: float | None
    curve: tuple[Point, ...]


def band(rows: Sequence[Labelled]) -> Band:
    leaning = [(label, one, likeliest(one.scores)) for label, one in rows if one.scores is not None]
    return Band(
        share=share(_seen(one) for _, one in rows),
        contested_covered=share(_seen(one) for label, one in rows if label is RiskLevel.CONTESTED),
        mistakes_covered=share(_seen(one) for label, one, leans in leaning if leans is not label),
        leaks_stopped=share(
            one.level is not RiskLevel.SAFE
            for label, one, leans in leaning
            if label is RiskLevel.UNSAFE and leans is RiskLevel.SAFE
        ),
        accuracy_outside=share(one.level is label for label, one in rows if not _seen(one)),
        curve=tuple(_point(rows, threshold) for threshold in THRESHOLDS),
    )


def _seen(one: Judged) -> bool:
    return one.level is RiskLevel.CONTESTED


def _point(rows: Sequence[Labelled], threshold: float) -> Point:
    levels = [(label, _level_at(one, threshold)) for label, one in rows]
    return Point(
        safe_from=threshold,
        contested=share(level is RiskLevel.CONTESTED for _, level in levels),
        safe_to_contested=share(level is RiskLevel.CONTESTED for label, level in levels if label is RiskLevel.SAFE),
        unsafe_to_safe=share(level is RiskLevel.SAFE for label, level in levels if label is RiskLevel.UNSAFE),
    )


def _level_at(one: Judged, threshold: float) -> RiskLevel:
    if one.rule not in _BY_THRESHOLD or one.scores is None:
        return one.level
    return RiskLevel.SAFE if one.scores.safe >= threshold else RiskLevel.CONTESTED
