"""A judge's scores as probabilities that can be taken at their word. Pure and total."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import assert_never

from pipeline.domain.judgment import Scores
from pipeline.domain.policy import Calibration, CalibrationMethod
from pipeline.domain.taxonomy import RiskLevel

_LEAST = 1e-12
"""In place of a probability of 0, which has no logarithm."""
_IN_DOUBT = Scores(0.0, 1.0, 0.0)


def calibrated(scores: Scores, calibration: Calibration) -> Scores:
    """`scores`, each a probability, as the calibration reads them. It changes no label: that stays the judge's own."""
    match calibration.method:
        case CalibrationMethod.NONE:
            return scores
        case CalibrationMethod.TEMPERATURE:
            return tempered(scores, calibration.temperature)
        case CalibrationMethod.ISOTONIC:
            curves = calibration.curves
            return _normalised([interpolated(scores.of(level), curves.get(level, ())) for level in RiskLevel])
        case _:
            assert_never(calibration.method)


def tempered(scores: Scores, temperature: float) -> Scores:
    """The softmax of the scores' logarithms over `temperature`, which is above 0. The order of the labels stays."""
    logs = [math.log(max(scores.of(level), _LEAST)) / temperature for level in RiskLevel]
    highest = max(logs)
    return _normalised([math.exp(log - highest) for log in logs])


def interpolated(score: float, curve: Sequence[tuple[float, float]]) -> float:
    """The curve's height at `score`, level beyond its ends; 0 where there is no curve."""
    if not curve:
        return 0.0
    after = bisect_right(curve, score, key=lambda point: point[0])
    if after == 0:
        return curve[0][1]
    if after == len(curve):
        return curve[-1][1]
    (left, low), (right, high) = curve[after - 1], curve[after]
    return low + (high - low) * (score - left) / (right - left)


def _normalised(values: Sequence[float]) -> Scores:
    """Curves that all say 0 know nothing of this chunk: then it is in doubt."""
    total = sum(values)
    if not total > 0:
        return _IN_DOUBT
    by_level = dict(zip(RiskLevel, (value / total for value in values), strict=True))
    return Scores(by_level[RiskLevel.SAFE], by_level[RiskLevel.CONTESTED], by_level[RiskLevel.UNSAFE])
