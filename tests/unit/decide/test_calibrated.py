"""Calibrated scores are probabilities, whatever was fitted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.calibrated import calibrated, interpolated, tempered
from pipeline.domain.judgment import Scores
from pipeline.domain.policy import Calibration, CalibrationMethod
from pipeline.domain.taxonomy import RiskLevel
from tests import strategies

ISOTONIC = CalibrationMethod.ISOTONIC


def parts(scores: Scores) -> list[float]:
    return [scores.of(level) for level in RiskLevel]


@given(strategies.scores, strategies.calibrations)
def test_what_comes_out_are_three_probabilities_that_sum_to_one(scores: Scores, calibration: Calibration) -> None:
    found = calibrated(scores, calibration)

    if calibration.method is CalibrationMethod.NONE:
        assert found == scores
    else:
        assert all(0 <= part <= 1 for part in parts(found))
        assert sum(parts(found)) == pytest.approx(1)


@given(strategies.scores, st.floats(0.01, 100))
def test_a_temperature_keeps_the_order_of_the_labels(scores: Scores, temperature: float) -> None:
    before, after = parts(scores), parts(tempered(scores, temperature))

    for one in range(3):
        for other in range(3):
            if before[one] > before[other]:
                assert after[one] >= after[other]


def test_a_temperature_of_one_changes_nothing_and_a_higher_one_is_less_sure() -> None:
    scores = Scores(0.9, 0.08, 0.02)

    assert parts(tempered(scores, 1.0)) == pytest.approx(parts(scores))
    assert tempered(scores, 2.0).safe < 0.9 < tempered(scores, 0.5).safe


def test_a_curve_is_joined_by_straight_lines_and_level_beyond_its_ends() -> None:
    curve = ((0.2, 0.1), (0.6, 0.5), (0.8, 1.0))

    assert [interpolated(at, curve) for at in (0.0, 0.2, 0.4, 0.7, 0.9)] == pytest.approx([0.1, 0.1, 0.3, 0.75, 1.0])


def test_curves_that_know_nothing_of_a_score_leave_it_in_doubt() -> None:
    assert calibrated(Scores(0.9, 0.1, 0.0), Calibration(ISOTONIC)) == Scores(0.0, 1.0, 0.0)
