"""Every finding has exactly one verdict, and safe only where everything says safe."""

import math
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.chain import link
from pipeline.broker.codec import encode_verdict
from pipeline.decide.calibrated import calibrated
from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.audit import GENESIS, AuditEvent, AuditRecord, Latency, SourcePosition
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, Scores
from pipeline.domain.policy import Policy, Rule, TripwireRule
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.verdict import DecidedBy, Evidence
from pipeline.domain.wire import AuditV1, VerdictV1
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, judgment
from tests import strategies

POLICY = load_policy(BUILT_IN_POLICY)
PHONE = Evidence(EvidenceKind.PHONE, 3, 9, 0.9)

findings = strategies.judgments() | strategies.abstentions
languages = st.none() | st.sampled_from(["en", "zh", "zh-Hant", "ZH", "de", ""])


def _is_probability(value: float) -> bool:
    return 0 <= value <= 1 + 1e-6


@given(findings, strategies.evidences, strategies.policies, languages)
def test_every_finding_under_every_policy_has_one_verdict_and_the_same_one_each_time(
    finding: Judgment | Abstention, evidence: list[Evidence], policy: Policy, language: str | None
) -> None:
    verdict = evaluate(finding, evidence, policy=policy, language=language)

    assert verdict == evaluate(finding, evidence, policy=policy, language=language)
    assert verdict.reason
    assert verdict.evidence == tuple(evidence)
    assert (verdict.policy_id, verdict.policy_version, verdict.model) == (policy.id, policy.version, finding.model)


@given(findings, strategies.evidences, strategies.policies, languages)
def test_safe_needs_a_readable_judgment_its_threshold_its_label_mass_and_no_evidence(
    finding: Judgment | Abstention, evidence: list[Evidence], policy: Policy, language: str | None
) -> None:
    verdict = evaluate(finding, evidence, policy=policy, language=language)

    if verdict.level is not RiskLevel.SAFE:
        return
    assert isinstance(finding, Judgment)
    assert not evidence
    scores = finding.scores
    assert scores is not None
    assert all(map(_is_probability, (scores.safe, scores.contested, scores.unsafe)))
    assert finding.label_mass is None or policy.threshold.label_mass <= finding.label_mass <= 1 + 1e-6
    if verdict.rule == Rule.JUDGE_SAFE:
        assert finding.label is RiskLevel.SAFE
        assert policy.calibration.is_for(finding.model)
        assert calibrated(scores, policy.calibration).safe >= policy.threshold.safe + policy.threshold.band
    else:
        assert verdict.rule == Rule.IGNORED_CATEGORY
        assert finding.categories
        assert set(finding.categories) <= policy.ignored_categories


@given(findings, strategies.evidences, strategies.policies)
def test_evidence_raises_a_level_and_never_lowers_it(
    finding: Judgment | Abstention, evidence: list[Evidence], policy: Policy
) -> None:
    without = evaluate(finding, (), policy=policy, language=None)
    with_evidence = evaluate(finding, evidence, policy=policy, language=None)

    assert with_evidence.level.severity >= without.level.severity
    if evidence:
        assert with_evidence.level is not RiskLevel.SAFE
        assert Category.PHI in with_evidence.categories


@given(findings, strategies.evidences, strategies.policies, languages)
def test_every_verdict_is_a_released_form_with_an_audit_record(
    finding: Judgment | Abstention, evidence: list[Evidence], policy: Policy, language: str | None
) -> None:
    evidence = [item for item in evidence if not math.isnan(item.confidence)]
    verdict = evaluate(finding, evidence, policy=policy, language=language)
    chunk = build_chunk("fine")
    clean = CleanChunk(chunk, "fine", (0, 1, 2, 3, 4), "exact/1")
    latency = Latency(0, 0, 0, 0)
    audit = AuditRecord(
        AuditEvent.JUDGED, verdict.level, 0, SourcePosition("t", 0, 0), "test", verdict=verdict, latency=latency
    )

    published = encode_verdict(verdict, verdict_id="vrd_1", clean=clean, judged_at_ms=0, latency=latency)
    linked, _ = link(audit, chain_id="t/0", head=GENESIS)

    assert VerdictV1.model_validate_json(published).risk_level is verdict.level
    assert AuditV1.model_validate_json(linked).rule == verdict.rule


@pytest.mark.parametrize("mass", [math.nan, -0.1, 0.0, 0.49, math.inf, -math.inf, 1.5])
def test_a_safe_label_with_a_label_mass_that_is_low_or_no_probability_is_contested(mass: float) -> None:
    verdict = evaluate(judgment(label_mass=mass), (), policy=POLICY, language="en")

    assert verdict.level is RiskLevel.CONTESTED
    assert verdict.decided_by is DecidedBy.ABSTENTION
    assert verdict.rule.startswith("abstained:")


@pytest.mark.parametrize("safe", [math.nan, math.inf, -1.0, 2.0])
def test_a_safe_label_whose_score_is_no_probability_is_contested_and_publishes_no_scores(safe: float) -> None:
    finding = replace(judgment(), scores=Scores(safe, 0.0, 0.0))

    verdict = evaluate(finding, (), policy=POLICY, language="en")

    assert verdict.level is RiskLevel.CONTESTED
    assert verdict.rule == "abstained:unreadable"
    assert verdict.scores is None


@pytest.mark.parametrize("label", RiskLevel)
def test_an_answer_that_measured_no_probabilities_goes_to_a_person_whatever_it_says(label: RiskLevel) -> None:
    finding = replace(judgment(label, categories=(Category.OTHER,)), scores=None, label_mass=None)

    verdict = evaluate(finding, (), policy=POLICY, language="en")

    assert (verdict.level, verdict.decided_by) == (RiskLevel.CONTESTED, DecidedBy.JUDGE)
    assert verdict.rule == (Rule.JUDGE_CONTESTED if label is RiskLevel.CONTESTED else Rule.UNMEASURED)
    assert (verdict.scores, verdict.label_mass) == (None, None)


def test_a_measured_label_without_a_measured_mass_is_held_against_its_threshold() -> None:
    sure = replace(judgment(score=0.98), label_mass=None)
    unsure = replace(judgment(score=0.45), label_mass=None)

    levels = [evaluate(finding, (), policy=POLICY, language="en").level for finding in (sure, unsure)]

    assert levels == [RiskLevel.SAFE, RiskLevel.CONTESTED]


@pytest.mark.parametrize("reason", AbstentionReason)
def test_an_abstention_is_contested_and_its_rule_names_the_reason(reason: AbstentionReason) -> None:
    verdict = evaluate(Abstention(reason, SCRIPTED_MODEL), (), policy=POLICY, language="en")

    assert (verdict.level, verdict.rule) == (RiskLevel.CONTESTED, f"abstained:{reason}")


def test_a_label_below_its_threshold_is_contested() -> None:
    safe = evaluate(judgment(RiskLevel.SAFE, score=0.49), (), policy=POLICY, language="en")
    unsafe = evaluate(judgment(RiskLevel.UNSAFE, score=0.49), (), policy=POLICY, language="en")

    assert (safe.level, safe.rule) == (RiskLevel.CONTESTED, Rule.BELOW_SAFE_THRESHOLD)
    assert (unsafe.level, unsafe.rule) == (RiskLevel.CONTESTED, Rule.BELOW_UNSAFE_THRESHOLD)


def test_a_score_at_its_threshold_is_taken_at_its_word() -> None:
    at = POLICY.threshold.safe_in("en")
    assert evaluate(judgment(score=at), (), policy=POLICY, language="en").level is RiskLevel.SAFE
    assert evaluate(judgment(score=at - 0.01), (), policy=POLICY, language="en").level is RiskLevel.CONTESTED


@pytest.mark.parametrize(("confidence", "level"), [(0.6, RiskLevel.UNSAFE), (0.59, RiskLevel.CONTESTED)])
def test_a_tripwire_below_its_confidence_contests_instead(confidence: float, level: RiskLevel) -> None:
    found = replace(PHONE, confidence=confidence)

    verdict = evaluate(judgment(), [found], policy=POLICY, language="en")

    assert (verdict.level, verdict.rule, verdict.decided_by) == (level, Rule.TRIPWIRE, DecidedBy.TRIPWIRE)


def test_evidence_of_a_kind_the_policy_does_not_name_or_calls_harmless_contests() -> None:
    silent = replace(POLICY, tripwires={})
    harmless = replace(POLICY, tripwires={EvidenceKind.PHONE: TripwireRule(RiskLevel.SAFE, 0.0)})

    for policy in (silent, harmless):
        assert evaluate(judgment(), [PHONE], policy=policy, language="en").level is RiskLevel.CONTESTED


def test_a_category_is_ignored_only_where_every_category_named_is() -> None:
    other = judgment(RiskLevel.UNSAFE, categories=(Category.OTHER,))
    mixed = judgment(RiskLevel.UNSAFE, categories=(Category.OTHER, Category.PHI))
    none = judgment(RiskLevel.UNSAFE)

    levels = [evaluate(finding, (), policy=POLICY, language="en").level for finding in (other, mixed, none)]

    assert levels == [RiskLevel.SAFE, RiskLevel.UNSAFE, RiskLevel.UNSAFE]


def test_the_models_own_sentence_is_used_only_where_the_judge_decided() -> None:
    finding = judgment(RiskLevel.UNSAFE, reason="It names an employer.", categories=(Category.PHI,))
    contested = judgment(RiskLevel.CONTESTED, reason="It names an employer.")

    assert evaluate(finding, (), policy=POLICY, language="en").reason == "It names an employer."
    raised = evaluate(contested, [PHONE], policy=POLICY, language="en")
    assert raised.reason == "A deterministic rule found: telephone number."


def test_scores_are_published_to_four_digits_and_whole_ones_as_integers() -> None:
    finding = replace(judgment(), scores=Scores(1.0 - 1e-9, 1e-9, 0.12345678))
    verdict = evaluate(finding, (), policy=POLICY, language="en")
    clean = CleanChunk(build_chunk("fine"), "fine", (0, 1, 2, 3, 4), "exact/1")

    body = orjson.loads(
        encode_verdict(verdict, verdict_id="vrd_1", clean=clean, judged_at_ms=0, latency=Latency(0, 0, 0, 0))
    )

    assert body["scores"] == {"safe": 1, "contested": 0, "unsafe": 0.1235}
    assert isinstance(body["scores"]["safe"], int)
