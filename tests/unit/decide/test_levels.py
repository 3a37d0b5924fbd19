"""Thresholds, bands and calibration can take safe back, and never give it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.evaluate import evaluate
from pipeline.decide.levels import level_of
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.judgment import Judgment, Scores
from pipeline.domain.policy import Calibration, CalibrationMethod, CategoryThreshold, Policy, Rule, Threshold
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, judgment
from tests import strategies

SAFE, CONTESTED, UNSAFE = RiskLevel
POLICY = load_policy(BUILT_IN_POLICY)
CALM = Calibration(
    CalibrationMethod.TEMPERATURE,
    temperature=3.0,
    model_revision=SCRIPTED_MODEL.revision,
    prompt_version=SCRIPTED_MODEL.prompt_version,
)


def with_threshold(
    *, safe: float = 0.8, unsafe: float = 0.5, band: float = 0.0, **categories: CategoryThreshold
) -> Policy:
    own = {Category(name): threshold for name, threshold in categories.items()}
    return replace(POLICY, threshold=Threshold(safe, unsafe, 0.5, band, own))


@given(strategies.judgments(broken=False), strategies.policies)
def test_only_the_judges_own_safe_label_or_an_ignored_category_is_safe(finding: Judgment, policy: Policy) -> None:
    level, rule = level_of(finding, policy, language=None)

    if level is SAFE:
        assert finding.label is SAFE or rule is Rule.IGNORED_CATEGORY


@given(strategies.judgments(broken=False), strategies.policies, st.floats(0, 0.5))
def test_a_wider_band_lowers_no_level_of_a_safe_label_and_blocks_nothing_more(
    finding: Judgment, policy: Policy, more: float
) -> None:
    wider = replace(policy, threshold=replace(policy.threshold, band=policy.threshold.band + more))
    (before, _), (after, _) = level_of(finding, policy, language=None), level_of(finding, wider, language=None)

    assert after is before or after is CONTESTED


@pytest.mark.parametrize(
    ("label", "score", "expected"),
    [
        (SAFE, 0.79, (CONTESTED, Rule.BELOW_SAFE_THRESHOLD)),
        (SAFE, 0.84, (CONTESTED, Rule.IN_BAND)),
        (SAFE, 0.86, (SAFE, Rule.JUDGE_SAFE)),
        (UNSAFE, 0.49, (CONTESTED, Rule.BELOW_UNSAFE_THRESHOLD)),
        (UNSAFE, 0.54, (CONTESTED, Rule.IN_BAND)),
        (UNSAFE, 0.56, (UNSAFE, Rule.JUDGE_UNSAFE)),
    ],
)
def test_a_score_in_the_band_goes_to_a_person(label: RiskLevel, score: float, expected: tuple[RiskLevel, Rule]) -> None:
    assert level_of(judgment(label, score=score), with_threshold(band=0.05), language=None) == expected


def test_the_lowest_threshold_of_the_categories_named_counts() -> None:
    policy = with_threshold(unsafe=0.6, phi=CategoryThreshold(unsafe=0.4), violence=CategoryThreshold(unsafe=0.9))

    def level(*categories: Category) -> RiskLevel:
        return level_of(judgment(UNSAFE, score=0.5, categories=categories), policy, language=None)[0]

    assert level(Category.PHI) is UNSAFE
    assert level(Category.VIOLENCE, Category.PHI) is UNSAFE
    assert level(Category.VIOLENCE) is CONTESTED
    assert level(Category.ILLEGAL) is CONTESTED
    assert level() is CONTESTED


def test_a_contested_label_is_blocked_from_its_categorys_threshold_on_and_for_no_other_category() -> None:
    policy = with_threshold(phi=CategoryThreshold(contested=0.3))
    finding = replace(judgment(CONTESTED), scores=Scores(0.2, 0.45, 0.35))

    assert level_of(replace(finding, categories=(Category.PHI,)), policy, language=None) == (
        UNSAFE,
        Rule.CATEGORY_THRESHOLD,
    )
    assert level_of(replace(finding, categories=(Category.ILLEGAL,)), policy, language=None) == (
        CONTESTED,
        Rule.JUDGE_CONTESTED,
    )
    assert level_of(finding, policy, language=None) == (CONTESTED, Rule.JUDGE_CONTESTED)


def test_thresholds_are_held_against_calibrated_scores_and_the_verdict_carries_the_raw_ones() -> None:
    finding = judgment(SAFE, score=0.85)
    assert level_of(finding, POLICY, language=None)[0] is SAFE

    verdict = evaluate(finding, (), policy=replace(POLICY, calibration=CALM), language=None)

    assert (verdict.level, verdict.rule) == (CONTESTED, Rule.BELOW_SAFE_THRESHOLD)
    assert verdict.scores == finding.scores


@pytest.mark.parametrize("field", ["revision", "prompt_version"])
@pytest.mark.parametrize("label", [SAFE, UNSAFE])
def test_a_label_of_another_model_than_was_fitted_for_is_contested(field: str, label: RiskLevel) -> None:
    other = replace(SCRIPTED_MODEL, **{field: "another"})
    verdict = evaluate(
        judgment(label, score=0.999, model=other), (), policy=replace(POLICY, calibration=CALM), language="en"
    )

    assert (verdict.level, verdict.rule) == (CONTESTED, Rule.UNCALIBRATED)
    assert "another version" in verdict.reason


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", SAFE), ("en-GB", SAFE), ("EN", SAFE), ("de", CONTESTED), ("", CONTESTED), (None, CONTESTED)],
)
def test_a_language_has_its_own_threshold_of_safe_and_an_unknown_one_the_common(
    language: str | None, expected: RiskLevel
) -> None:
    policy = with_threshold(safe=0.8)
    policy = replace(policy, threshold=replace(policy.threshold, languages={"en": 0.6}))

    assert level_of(judgment(SAFE, score=0.7), policy, language=language)[0] is expected
