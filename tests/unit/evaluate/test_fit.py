"""A fitted calibration is nearer to what came true, rises, and is the same each time."""

import itertools
import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.calibrated import interpolated, tempered
from pipeline.domain.judgment import Scores
from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.findings import Found
from pipeline.evaluate.fit import fit_curves, fit_temperature, isotonic, split
from tests.unit.evaluate.rows import CONTESTED, SAFE, UNSAFE, case


def _drawn(temperature: float, rows: int) -> list[tuple[Scores, RiskLevel]]:
    """Rows whose labels come true as often as the scores say once `temperature` is taken out."""
    random = Random(5)
    drawn = []
    for _ in range(rows):
        logs = [random.gauss(0, 1.5) for _ in RiskLevel]
        whole = sum(map(math.exp, logs))
        truth = Scores(*(math.exp(log) / whole for log in logs))
        label = random.choices(list(RiskLevel), [truth.of(level) for level in RiskLevel])[0]
        drawn.append((tempered(truth, 1 / temperature), label))
    return drawn


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_scores_too_sure_is_found(temperature: float) -> None:
    assert fit_temperature(_drawn(temperature, 4000)) == pytest.approx(temperature, rel=0.1)


def test_nothing_is_fitted_on_nothing() -> None:
    with pytest.raises(ValueError, match="no rows"):
        fit_temperature([])
    with pytest.raises(ValueError, match="no rows"):
        fit_curves([])


pairs = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans()))


@given(pairs.filter(bool))
def test_an_isotonic_curve_rises_within_the_open_interval(some: list[tuple[float, bool]]) -> None:
    curve = isotonic(some)

    assert all(one[0] < after[0] and one[1] <= after[1] for one, after in itertools.pairwise(curve))
    assert all(0 < height < 1 for _, height in curve)


@given(pairs.filter(bool))
def test_an_isotonic_curve_says_over_all_rows_what_came_true(some: list[tuple[float, bool]]) -> None:
    curve, least = isotonic(some), 0.5 / len(some)
    told = sum(interpolated(score, curve) for score, _ in some)

    assert told == pytest.approx(sum(hit for _, hit in some), abs=least * len(some) + 1e-6)


def test_adjacent_violators_are_pooled_and_the_rest_is_left_alone() -> None:
    some = [(0.1, False)] * 4 + [(0.4, True), (0.5, False)] + [(0.8, True)] * 4

    assert isotonic(some) == ((0.1, 0.05), (0.4, 0.5), (0.5, 0.5), (0.8, 0.95))


def _found(label: RiskLevel, lang: str, number: int) -> Found:
    return Found(case(label, identifier=f"{label}-{lang}-{number}", lang=lang), label, None, ())


def test_halves_are_apart_even_in_labels_and_languages_and_the_same_for_the_same_seed() -> None:
    rows = [_found(label, lang, n) for label in (SAFE, CONTESTED, UNSAFE) for lang in ("en", "zh") for n in range(11)]
    fit, held_out = split(rows, seed=3)

    assert {one.case.id for one in fit} & {one.case.id for one in held_out} == set()
    assert len(fit) + len(held_out) == len(rows)
    assert abs(len(fit) - len(held_out)) <= 1
    for label in (SAFE, CONTESTED, UNSAFE):
        assert abs(sum(one.label is label for one in fit) - sum(one.label is label for one in held_out)) <= 2
    assert split(rows, seed=3) == (fit, held_out)
    assert split(rows, seed=4) != (fit, held_out)
