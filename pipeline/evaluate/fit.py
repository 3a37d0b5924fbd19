"""Fits a calibration to labelled rows. Two short classics, written out: a library for them would be the largest
dependency of the project."""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from pipeline.decide.calibrated import tempered
from pipeline.domain.judgment import Scores
from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.findings import Found

Labelled = tuple[Scores, RiskLevel]
Curve = tuple[tuple[float, float], ...]

_LEAST = 1e-12
_COLDEST, _HOTTEST = 0.05, 20.0
_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 60
"""Each leaves 0.618 of the interval: far below any difference that matters."""


def split(found: Sequence[Found], *, seed: int) -> tuple[list[Found], list[Found]]:
    """Two halves, one to fit on and one held out, with the same share of each label in each language."""
    random = Random(seed)  # noqa: S311 - nothing secret depends on it
    strata: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        strata.setdefault((one.label, one.case.lang), []).append(one)
    fit: list[Found] = []
    held_out: list[Found] = []
    for _, rows in sorted(strata.items(), key=lambda item: item[0]):
        random.shuffle(rows)
        # Odd ones go to the smaller half: strata of one row would otherwise all land in the same.
        half = len(rows) // 2 if len(fit) > len(held_out) else (len(rows) + 1) // 2
        fit += rows[:half]
        held_out += rows[half:]
    return fit, held_out


def fit_temperature(rows: Sequence[Labelled]) -> float:
    """The temperature, 0.05 to 20, with the least negative log-likelihood of the labels, by golden-section search: the
    likelihood has one peak in the inverse of the temperature. Raises ValueError of no rows."""
    if not rows:
        raise ValueError("no rows to fit on")

    def loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        return -sum(math.log(max(tempered(scores, temperature).of(label), _LEAST)) for scores, label in rows)

    low, high = math.log(_COLDEST), math.log(_HOTTEST)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return math.exp((low + high) / 2)


def fit_curves(rows: Sequence[Labelled]) -> dict[RiskLevel, Curve]:
    """A curve for each label against the other two. Raises ValueError of no rows."""
    if not rows:
        raise ValueError("no rows to fit on")
    return {level: isotonic([(scores.of(level), label is level) for scores, label in rows]) for level in RiskLevel}


def isotonic(pairs: Sequence[tuple[float, bool]]) -> Curve:
    """The rising curve nearest to the pairs of score and outcome, by pooling adjacent violators. Both ends of each
    pool are points of it. No probability is nearer to 0 or 1 than half a row: so few rows know nothing surer."""
    pools: list[_Pool] = []
    for score, hit in sorted(pairs):
        pools.append(_Pool(score, score, 1, int(hit)))
        while len(pools) > 1 and (pools[-2].high == pools[-1].low or pools[-2].mean >= pools[-1].mean):
            last = pools.pop()
            pools[-1] = pools[-1].joined(last)
    least = 0.5 / len(pairs)
    points: list[tuple[float, float]] = []
    for pool in pools:
        height = min(1 - least, max(least, pool.mean))
        points += [(pool.low, height)] if pool.low == pool.high else [(pool.low, height), (pool.high, height)]
    assert all(one[0] < after[0] and one[1] <= after[1] for one, after in pairwise(points))
    return tuple(points)


class _Pool:
    """Rows from score `low` to score `high` that share one height."""

    def __init__(self, low: float, high: float, rows: int, hits: int) -> None:
        self.low, self.high, self.rows, self.hits = low, high, rows, hits

    @property
    def mean(self) -> float:
        return self.hits / self.rows

    def joined(self, after: "_Pool") -> "_Pool":
        return _Pool(self.low, after.high, self.rows + after.rows, self.hits + after.hits)
