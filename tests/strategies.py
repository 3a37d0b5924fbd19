"""Hypothesis strategies for domain values, invalid ones included where a type lets them through."""

from hypothesis import strategies as st

from pipeline.domain.audit import AuditEvent, AuditRecord, Latency, SourcePosition
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity, Scores
from pipeline.domain.policy import (
    Calibration,
    CalibrationMethod,
    CategoryThreshold,
    Policy,
    Rule,
    Threshold,
    TripwireRule,
    Unavailable,
)
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.domain.verdict import DecidedBy, Evidence, Verdict

# What JSON can carry: everything but lone surrogates.
text = st.text(st.characters(codec="utf-8"))
identifiers = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
counts = st.integers(0, 2**53 - 1)
probabilities = st.floats(0, 1)
any_floats = st.floats(allow_nan=True, allow_infinity=True)
levels = st.sampled_from(RiskLevel)
categories = st.lists(st.sampled_from(Category), max_size=4).map(tuple)
models = st.builds(
    ModelIdentity, name=identifiers, revision=st.just("1") | identifiers, prompt_version=st.just("1") | identifiers
)
scores = st.builds(Scores, safe=probabilities, contested=probabilities, unsafe=probabilities)
broken_scores = st.builds(Scores, safe=any_floats, contested=any_floats, unsafe=any_floats)


def judgments(*, broken: bool = True) -> st.SearchStrategy[Judgment]:
    """Judgments; with `broken`, numbers that are no probabilities as well."""
    numbers = scores | broken_scores if broken else scores
    mass = probabilities | any_floats if broken else probabilities
    return st.builds(
        Judgment,
        label=levels,
        scores=st.none() | numbers,
        label_mass=st.none() | mass,
        model=models,
        categories=categories,
        reason=st.none() | text,
    )


abstentions = st.builds(
    Abstention, reason=st.sampled_from(AbstentionReason), model=models, label_mass=st.none() | any_floats
)

evidence = st.builds(
    Evidence,
    kind=st.sampled_from(EvidenceKind),
    start=st.integers(0, 100),
    end=st.integers(100, 200),
    confidence=probabilities | st.just(float("nan")),
)
evidences = st.lists(evidence, max_size=4)

tripwire_rules = st.builds(TripwireRule, level=levels, min_confidence=probabilities)
category_thresholds = st.builds(
    CategoryThreshold, unsafe=st.none() | probabilities, contested=st.none() | probabilities
)
thresholds = st.builds(
    Threshold,
    safe=probabilities,
    unsafe=probabilities,
    label_mass=probabilities,
    band=st.just(0.0) | st.floats(0, 0.5),
    categories=st.dictionaries(st.sampled_from(Category), category_thresholds, max_size=3),
)
curves = st.lists(st.tuples(probabilities, probabilities), max_size=5, unique_by=lambda point: point[0]).map(
    lambda points: tuple(zip(sorted(x for x, _ in points), sorted(y for _, y in points), strict=True))
)
calibrations = st.just(Calibration()) | st.builds(
    Calibration,
    method=st.sampled_from(CalibrationMethod),
    temperature=st.floats(0.01, 100),
    curves=st.dictionaries(levels, curves),
    model_revision=st.just("1") | identifiers,
    prompt_version=st.just("1") | identifiers,
)
policies = st.builds(
    Policy,
    id=identifiers,
    version=identifiers,
    threshold=thresholds,
    calibration=calibrations,
    ignored_categories=st.frozensets(st.sampled_from(Category)),
    tripwires=st.dictionaries(st.sampled_from(EvidenceKind), tripwire_rules),
    judge_unavailable=st.sampled_from(Unavailable),
    contest_after_seconds=st.floats(0.1, 100),
    preset=st.just("none"),
)

verdicts = st.builds(
    Verdict,
    level=levels,
    rule=st.sampled_from(Rule).map(str) | st.sampled_from(AbstentionReason).map(lambda reason: f"abstained:{reason}"),
    decided_by=st.sampled_from(DecidedBy),
    reason=text,
    categories=categories,
    evidence=st.lists(
        st.builds(
            Evidence,
            kind=st.sampled_from(EvidenceKind),
            start=counts,
            end=counts,
            confidence=probabilities,
        ),
        max_size=3,
    ).map(tuple),
    scores=st.none() | scores,
    label_mass=st.none() | probabilities,
    policy_id=identifiers,
    policy_version=identifiers,
    model=models,
)

latencies = st.builds(Latency, queue=counts, clean=counts, judge=counts, total=counts)

audit_records = st.builds(
    AuditRecord,
    event=st.sampled_from(AuditEvent),
    outcome=identifiers,
    recorded_at_ms=counts,
    source=st.builds(SourcePosition, topic=identifiers, partition=counts, offset=counts),
    actor=identifiers,
    consult_id=st.none() | identifiers,
    chunk_id=st.none() | identifiers,
    seq=st.none() | counts,
    verdict_id=st.none() | identifiers,
    verdict=st.none() | verdicts,
    cleaner_version=st.none() | identifiers,
    latency=st.none() | latencies,
)
