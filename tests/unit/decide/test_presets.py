"""`strict` lets nothing more pass, `loose` blocks nothing more, and the version says which."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.levels import level_of
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.decide.presets import with_preset
from pipeline.domain.judgment import Judgment
from pipeline.domain.policy import Policy, Threshold
from pipeline.domain.taxonomy import Category
from tests import strategies

attainable = st.floats(0, 0.3).flatmap(
    lambda band: st.builds(
        Threshold,
        safe=st.floats(0.5, 1 - band),
        unsafe=st.floats(0, 1 - band),
        label_mass=strategies.probabilities,
        band=st.just(band),
        categories=st.dictionaries(st.sampled_from(Category), strategies.category_thresholds, max_size=2),
    )
)


@given(strategies.judgments(broken=False), strategies.policies, attainable)
def test_strict_is_never_milder_than_the_policy_and_loose_never_harder(
    finding: Judgment, policy: Policy, threshold: Threshold
) -> None:
    policy = replace(policy, threshold=threshold)
    strict, plain = (
        level_of(finding, one, language=None)[0].severity for one in (with_preset(policy, "strict"), policy)
    )

    assert strict >= plain
    if threshold.band == 0:  # a loose policy has none, and so blocks what the band sent to a person
        assert level_of(finding, with_preset(policy, "loose"), language=None)[0].severity <= plain


@given(attainable, st.sampled_from(["strict", "loose"]))
def test_a_presets_thresholds_can_be_reached(threshold: Threshold, name: str) -> None:
    policy = replace(load_policy(BUILT_IN_POLICY), threshold=threshold)
    shifted = with_preset(policy, "strict" if name == "strict" else "loose").threshold

    assert 0.5 <= shifted.safe <= 1
    assert shifted.safe + shifted.band <= 1 + 1e-9


def test_the_built_in_policy_has_the_documented_thresholds_under_each_preset() -> None:
    found = {
        name: load_policy(BUILT_IN_POLICY, preset=name).threshold for name in ("none", "strict", "loose")
    }  # fmt: skip

    assert {name: (one.safe, one.unsafe) for name, one in found.items()} == {
        "none": (0.8, 0.5),
        "strict": pytest.approx((0.9, 0.4)),
        "loose": pytest.approx((0.7, 0.6)),
    }


def test_the_version_names_the_preset_and_nothing_but_thresholds_changes() -> None:
    plain = load_policy(BUILT_IN_POLICY)
    strict = with_preset(plain, "strict")

    assert strict.version == f"{plain.version}+strict"
    assert replace(strict, version=plain.version, threshold=plain.threshold, preset="none") == plain
