"""Rates, recall and precision against sets small enough to count by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.costs import cost
from pipeline.evaluate.measure import category_scores, confusion, labelled, level_scores, mix, rates
from tests.unit.evaluate.rows import CONTESTED, PHI, SAFE, UNSAFE, judged

HARM = Category.MEDICAL_ADVICE
SET = labelled(
    [
        judged(SAFE, SAFE),
        judged(SAFE, CONTESTED),
        judged(SAFE, UNSAFE, named=(PHI,)),
        judged(UNSAFE, UNSAFE, PHI, named=(PHI,)),
        judged(UNSAFE, SAFE, PHI),
        judged(UNSAFE, SAFE, HARM),
        judged(UNSAFE, CONTESTED, HARM, named=(HARM,)),
        judged(CONTESTED, CONTESTED, PHI),
        judged(None, UNSAFE),
    ]
)


def test_each_rate_is_over_the_rows_of_its_own_label() -> None:
    found = rates(SET)
    assert found.accuracy == pytest.approx(3 / 8)
    assert found.error == pytest.approx(5 / 8)
    assert found.unsafe_to_safe == 2 / 4
    assert found.phi_to_safe == 1 / 2
    assert found.unsafe_to_contested == 1 / 4
    assert found.safe_to_unsafe == 1 / 3
    assert found.safe_to_contested == 1 / 3
    assert found.contested_to_safe == 0


def test_the_confusion_counts_every_labelled_row_once_with_its_label_first() -> None:
    assert confusion(SET) == {
        "safe": {"safe": 1, "contested": 1, "unsafe": 1},
        "contested": {"safe": 0, "contested": 1, "unsafe": 0},
        "unsafe": {"safe": 2, "contested": 1, "unsafe": 1},
    }


def test_recall_is_over_labels_and_precision_over_verdicts() -> None:
    unsafe = {score.level: score for score in level_scores(SET)}[UNSAFE]
    assert (unsafe.rows, unsafe.concluded) == (4, 2)
    assert (unsafe.recall, unsafe.precision) == (1 / 4, 1 / 2)


def test_a_category_is_recalled_where_it_is_named_and_stopped_where_it_did_not_flow_on() -> None:
    phi, harm = category_scores(SET)
    assert (phi.category, phi.rows, phi.named) == (PHI, 3, 2)
    assert (phi.recall, phi.precision) == (pytest.approx(1 / 3), 1 / 2)
    assert phi.stopped == pytest.approx(2 / 3)
    assert (harm.recall, harm.precision, harm.stopped, harm.same_level) == (1 / 2, 1, 1 / 2, 0)


def test_a_share_of_no_rows_is_none() -> None:
    found = rates(labelled([judged(SAFE, SAFE)]))
    assert found.unsafe_to_safe is None
    assert rates([]).cost_per_row is None


def test_a_natural_set_has_its_mix() -> None:
    found = mix([judged(None, SAFE), judged(None, SAFE, decided_by="skipped"), judged(None, CONTESTED)])
    assert (found.rows, found.unsafe) == (3, 0)
    assert (found.safe, found.skipped) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_errors_cost_in_the_order_of_the_guide() -> None:
    phi_passed = cost(UNSAFE, PHI, SAFE)
    harm_passed = cost(UNSAFE, HARM, SAFE)
    talk_blocked = cost(SAFE, None, UNSAFE)
    talk_contested = cost(SAFE, None, CONTESTED)
    assert phi_passed > harm_passed > talk_blocked > talk_contested > 0


@given(st.sampled_from(RiskLevel), st.none() | st.sampled_from(Category), st.sampled_from(RiskLevel))
def test_only_a_right_verdict_costs_nothing(label: RiskLevel, category: Category | None, level: RiskLevel) -> None:
    assert (cost(label, category, level) == 0) == (label is level)


def test_the_cost_is_the_mean_over_the_rows() -> None:
    found = rates(labelled([judged(SAFE, SAFE), judged(UNSAFE, SAFE, PHI)]))
    assert found.cost_per_row == cost(UNSAFE, PHI, SAFE) / 2
    assert found.cost_if_all_contested == cost(SAFE, None, CONTESTED)
