"""Thresholds cost least within their limit, and what is written names what it was fitted on."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.judgment import Scores
from pipeline.domain.policy import CalibrationMethod
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.domain.verdict import Evidence
from pipeline.errors import InputError
from pipeline.evaluate.calibrate import calibrate, hash_of, measured
from pipeline.evaluate.findings import Found
from pipeline.evaluate.propose import label_weights, passed, propose, weighted_cost
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, judgment
from tests.unit.evaluate.rows import CONTESTED, SAFE, UNSAFE, case

POLICY = load_policy(BUILT_IN_POLICY)


def found(
    truth: RiskLevel,
    said: RiskLevel,
    score: float,
    *,
    category: Category | None = None,
    named: tuple[Category, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    number: int = 0,
) -> Found:
    about = category if category or truth is SAFE else Category.PHI
    made = case(truth, about, identifier=f"{truth}-{said}-{score}-{number}")
    return Found(made, truth, judgment(said, score=score, categories=named), evidence)


def mixed(rows: int = 80) -> list[Found]:
    """A judge that is too sure of itself: one row in four of those it calls safe is not."""
    made = [found(SAFE, SAFE, 0.99 - n / 1000, number=n) for n in range(rows)]
    made += [found(UNSAFE, UNSAFE, 0.97 - n / 1000, number=n, named=(Category.PHI,)) for n in range(rows)]
    made += [found(UNSAFE, SAFE, 0.9 - n / 200, number=n) for n in range(rows // 4)]
    return made + [found(CONTESTED, CONTESTED, 0.6, number=n) for n in range(rows // 4)]


def test_the_threshold_of_safe_stops_what_passes_and_no_more_than_pays() -> None:
    rows = [found(SAFE, SAFE, 0.95, number=n) for n in range(20)] + [
        found(UNSAFE, SAFE, 0.7, number=n) for n in range(5)
    ]
    chosen = propose(rows, POLICY, max_unsafe_to_safe=0.0)

    assert 0.7 < chosen.threshold.safe <= 0.95
    assert passed(rows, chosen) == 0.0
    assert weighted_cost(rows, chosen, label_weights(rows)) < weighted_cost(rows, POLICY, label_weights(rows)) + 1e-9


def test_a_limit_that_no_threshold_keeps_is_told_with_the_nearest_share() -> None:
    rows = [found(SAFE, SAFE, 1.0), found(UNSAFE, SAFE, 1.0), found(UNSAFE, UNSAFE, 1.0)]

    with pytest.raises(InputError, match=r"at 0\.999 it is 0\.5"):
        propose(rows, POLICY, max_unsafe_to_safe=0.1)
    with pytest.raises(InputError, match="no unsafe row"):
        propose(rows[:1], POLICY, max_unsafe_to_safe=0.1)


def test_a_category_with_rows_enough_gets_a_threshold_of_its_own_where_it_pays() -> None:
    rows = [found(UNSAFE, UNSAFE, 0.6, number=n, named=(Category.PHI,)) for n in range(40)]
    rows += [found(SAFE, UNSAFE, 0.6, number=n, named=(Category.VIOLENCE,)) for n in range(40)]
    chosen = propose(rows, POLICY, max_unsafe_to_safe=0.05).threshold

    assert chosen.unsafe > 0.6
    assert (chosen.categories[Category.PHI].unsafe or 1.0) <= 0.6
    assert Category.VIOLENCE not in chosen.categories


def test_labels_are_weighted_to_the_mix_of_ordinary_talk() -> None:
    rows = [found(SAFE, UNSAFE, 0.9), *(found(UNSAFE, UNSAFE, 0.9, number=n) for n in range(9))]

    assert weighted_cost(rows, POLICY, label_weights(rows)) == pytest.approx(3 * 0.85 / 0.9)


def test_a_row_that_no_judge_saw_keeps_its_level_and_evidence_raises_whatever_the_thresholds() -> None:
    skipped = Found(case(SAFE), SAFE, None, ())
    wired = found(UNSAFE, SAFE, 0.99, evidence=(Evidence(EvidenceKind.PHONE, 0, 5, 0.9),))

    assert skipped.level(POLICY) is SAFE
    assert wired.level(POLICY) is UNSAFE
    assert measured([skipped, wired], POLICY).scored == 1


@pytest.mark.parametrize("method", [CalibrationMethod.TEMPERATURE, CalibrationMethod.ISOTONIC])
def test_a_calibrated_policy_names_what_it_was_fitted_on_and_is_nearer_to_the_truth(method: CalibrationMethod) -> None:
    policy, report = calibrate(
        mixed(), POLICY, method=method, model=SCRIPTED_MODEL, dataset_sha256="ab" * 32, seed=1, max_unsafe_to_safe=0.1
    )

    assert policy.version == "4"
    assert policy.calibration.method is method
    assert policy.calibration.is_for(SCRIPTED_MODEL)
    assert not policy.calibration.is_for(replace(SCRIPTED_MODEL, revision="other"))
    before, after = report.held_out_before, report.held_out_after
    assert before.ece is not None
    assert after.ece is not None
    assert after.ece < before.ece
    assert (after.rates.unsafe_to_safe or 0.0) <= (before.rates.unsafe_to_safe or 0.0)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="too few rows"):
        calibrate(
            mixed(20),
            POLICY,
            method=CalibrationMethod.TEMPERATURE,
            model=SCRIPTED_MODEL,
            dataset_sha256="",
            seed=0,
            max_unsafe_to_safe=0.1,
        )


def test_a_judgment_without_scores_counts_and_is_not_fitted_on() -> None:
    rows = [*mixed(), *(replace(one, finding=replace(judgment(), scores=None)) for one in mixed()[:10])]
    _, report = calibrate(
        rows,
        POLICY,
        method=CalibrationMethod.TEMPERATURE,
        model=SCRIPTED_MODEL,
        dataset_sha256="ab" * 32,
        seed=1,
        max_unsafe_to_safe=0.1,
    )

    assert report.fit_before.rows + report.held_out_before.rows == len(rows)
    assert report.fit_before.scored + report.held_out_before.scored == len(rows) - 10


def test_the_hash_is_the_files_own_and_of_several_over_theirs_in_order(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    other.write_bytes(b"2")

    assert hash_of([one]) == sha256(b"1").hexdigest()
    assert len({hash_of([one]), hash_of([other]), hash_of([one, other]), hash_of([other, one])}) == 4


def test_scores_of_a_found_row_are_held_against_the_fitted_policy() -> None:
    row = replace(found(UNSAFE, SAFE, 0.9), finding=replace(judgment(), scores=Scores(0.8, 0.1, 0.1)))
    assert row.level(POLICY) is SAFE
    assert row.level(replace(POLICY, threshold=replace(POLICY.threshold, languages={"en": 0.81}))) is CONTESTED
