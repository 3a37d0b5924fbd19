"""A policy that is written is the policy that is read."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.decide.writer import next_version, policy_toml
from pipeline.domain.policy import Calibration, CalibrationMethod, CategoryThreshold, Policy, Threshold
from pipeline.domain.taxonomy import Category, RiskLevel

BUILT_IN = load_policy(BUILT_IN_POLICY)
FITTED = Calibration(dataset_sha256="ab" * 32, model_revision='r "1"\\', prompt_version="p/1")
CURVES = dict.fromkeys(RiskLevel, ((0.1, 0.05), (1 / 3, 0.05), (0.9, 2 / 3)))


@pytest.mark.parametrize(
    "policy",
    [
        BUILT_IN,
        replace(BUILT_IN, id="naïve 策略 \x7f\t", version="2026-09", contest_after_seconds=1e-5),
        replace(BUILT_IN, calibration=replace(FITTED, method=CalibrationMethod.TEMPERATURE, temperature=1.7)),
        replace(BUILT_IN, calibration=replace(FITTED, method=CalibrationMethod.ISOTONIC, curves=CURVES)),
        replace(
            BUILT_IN,
            ignored_categories=frozenset(),
            threshold=Threshold(
                0.7,
                0.5,
                0.4,
                0.05,
                {Category.PHI: CategoryThreshold(0.4, 0.3), Category.VIOLENCE: CategoryThreshold()},
                {"zh": 0.6, "en": 0.5},
            ),
        ),
    ],
)
def test_what_is_written_is_read_back_the_same(tmp_path: Path, policy: Policy) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy_toml(policy, comment=["why"]), encoding="utf-8")

    assert load_policy(path) == policy


def test_a_preset_is_named_and_shifts_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy_toml(replace(BUILT_IN, preset="strict"), comment=()), encoding="utf-8")

    assert load_policy(path) == load_policy(BUILT_IN_POLICY, preset="strict")


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1", "2"), ("9", "10"), ("2026-09", "2026-10"), ("v3-draft", "v4-draft"), ("first", "first-2")],
)
def test_the_next_version_is_one_higher(version: str, expected: str) -> None:
    assert next_version(version) == expected
