"""Calibration, the contested band and agreement."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.judgment import Scores
from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.agreement import agreement
from pipeline.evaluate.band import band
from pipeline.evaluate.calibration import calibration, likeliest, reliability
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.measure import labelled
from tests.unit.evaluate.rows import CONTESTED, PHI, SAFE, UNSAFE, judged, scores

probabilities = st.floats(0, 1)


def test_a_judge_that_is_sure_and_right_has_no_error() -> None:
    found = calibration(labelled([judged(SAFE, SAFE, scores=scores(1.0)), judged(UNSAFE, UNSAFE, scores=scores(0.0))]))
    assert (found.rows, found.brier, found.ece, found.ece_safe) == (2, 0, 0, 0)


def test_a_judge_that_is_sure_and_wrong_has_all_of_it() -> None:
    found = calibration(labelled([judged(UNSAFE, SAFE, PHI, scores=scores(1.0))]))
    assert (found.brier, found.ece, found.ece_safe) == (2, 1, 1)


def test_a_judge_that_is_right_as_often_as_it_says_is_calibrated() -> None:
    rows = [judged(SAFE if number < 8 else UNSAFE, SAFE, scores=scores(0.8)) for number in range(10)]
    found = calibration(labelled(rows))
    assert found.ece == pytest.approx(0)
    assert found.brier == pytest.approx((8 * 2 * 0.2**2 + 2 * 2 * 0.8**2) / 10)


def test_rows_without_scores_are_left_out() -> None:
    found = calibration(labelled([judged(SAFE, CONTESTED)]))
    assert (found.rows, found.brier, found.ece) == (0, None, None)


@given(st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=60))
def test_bins_hold_every_pair_once_and_their_mean_lies_in_them(pairs: list[tuple[float, bool]]) -> None:
    bins = reliability(pairs)
    assert sum(one.rows for one in bins) == len(pairs)
    assert sum(one.came_true * one.rows for one in bins) == pytest.approx(sum(hit for _, hit in pairs))
    for one in bins:
        assert one.low - 1e-9 <= one.probability <= one.high + 1e-9


def test_of_equal_probabilities_the_more_severe_label_is_taken() -> None:
    assert likeliest(Scores(0.4, 0.2, 0.4)) is UNSAFE


def by_threshold(label: RiskLevel, safe: float, *, threshold: float = 0.8) -> Judged:
    level, rule = (SAFE, Rule.JUDGE_SAFE) if safe >= threshold else (CONTESTED, Rule.BELOW_SAFE_THRESHOLD)
    return judged(label, level, None if label is SAFE else PHI, scores=scores(safe), rule=rule)


def test_the_band_says_what_a_person_would_see() -> None:
    found = band(
        labelled(
            [
                by_threshold(SAFE, 0.9),
                by_threshold(SAFE, 0.7),
                by_threshold(UNSAFE, 0.6),
                by_threshold(UNSAFE, 0.95),
                by_threshold(CONTESTED, 0.6),
            ]
        )
    )
    assert found.share == 3 / 5
    assert found.contested_covered == 1
    assert found.mistakes_covered == pytest.approx(2 / 3)
    assert found.leaks_stopped == 1 / 2
    assert found.accuracy_outside == 1 / 2


labelled_rows = st.lists(
    st.builds(by_threshold, st.sampled_from(RiskLevel), st.floats(0.55, 1)), min_size=1, max_size=30
)


@given(labelled_rows)
def test_a_higher_threshold_passes_no_more_unsafe_rows_and_spares_no_safe_one(rows: list[Judged]) -> None:
    curve = band(labelled(rows)).curve
    for lower, higher in pairwise(curve):
        assert (higher.unsafe_to_safe or 0) <= (lower.unsafe_to_safe or 0)
        assert (higher.safe_to_contested or 0) >= (lower.safe_to_contested or 0)


@given(labelled_rows)
def test_at_the_policy_s_own_threshold_the_curve_has_the_verdicts_as_they_are(rows: list[Judged]) -> None:
    found = band(labelled(rows))
    [point] = [one for one in found.curve if one.safe_from == 0.8]
    assert point.contested == found.share


def test_another_threshold_does_not_move_what_a_tripwire_decided() -> None:
    found = band(labelled([judged(UNSAFE, UNSAFE, PHI, scores=scores(0.99), rule=Rule.TRIPWIRE)]))
    assert {point.unsafe_to_safe for point in found.curve} == {0}


def test_agreement_counts_verdicts_labels_and_the_largest_gap() -> None:
    left = [
        judged(SAFE, SAFE, scores=scores(0.9), identifier="a"),
        judged(SAFE, SAFE, scores=scores(0.85), identifier="b"),
    ]
    right = [
        judged(SAFE, SAFE, scores=scores(0.8), identifier="a"),
        judged(SAFE, CONTESTED, scores=scores(0.7), identifier="b"),
    ]
    found = agreement(left, right, names=("one", "other"))
    assert (found.rows, found.scored, found.same_level, found.same_label) == (2, 2, 0.5, 1)
    assert found.largest_score_difference == pytest.approx(0.15)
    assert found.differing == ("b",)


def test_agreement_is_refused_between_different_rows() -> None:
    with pytest.raises(ValueError, match="same cases"):
        agreement([judged(SAFE, SAFE, identifier="a")], [judged(SAFE, SAFE, identifier="b")], names=("one", "other"))
