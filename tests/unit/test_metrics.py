"""Metrics count what was committed, under labels from closed sets."""

from collections.abc import Iterator

from hypothesis import given

from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.audit import AuditEvent, AuditRecord, SourcePosition
from pipeline.domain.judgment import AbstentionReason, Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.verdict import DecidedBy
from pipeline.judge.cache import CacheEvent
from pipeline.judge.phrases import PhraseRules, PhraseTable
from pipeline.metrics import BREAKER_STATES, Metrics
from pipeline.source.decode import InvalidCode
from pipeline.testing.scripted_judge import judgment
from tests import strategies

POLICY = load_policy(BUILT_IN_POLICY)

CLOSED: dict[str, set[str] | None] = {
    "event": set(map(str, AuditEvent)),
    "level": set(map(str, RiskLevel)),
    "decided_by": set(map(str, DecidedBy)),
    "category": set(map(str, Category)),
    "reason": set(map(str, AbstentionReason)),
    "code": set(map(str, InvalidCode)),
    "outcome": {"committed", "aborted", "unknown"},
    "state": set(BREAKER_STATES),
    "answered_by": {"exact", "template", "miss", "recheck"},
    "change": {"promoted", "demoted"},
    "table": {"exact", "phrases_on_trial", "phrases", "refused"},
    "le": None,
}


def _labels(metrics: Metrics) -> Iterator[tuple[str, str]]:
    for family in metrics.registry.collect():
        for sample in family.samples:
            yield from sample.labels.items()


def _audit(finding: Judgment, *, event: AuditEvent = AuditEvent.JUDGED, outcome: str = "safe") -> AuditRecord:
    verdict = evaluate(finding, (), policy=POLICY, language="en")
    return AuditRecord(
        event,
        outcome,
        0,
        SourcePosition("consult.chunks", 0, 0),
        "worker",
        consult_id="a-consultation",
        verdict=verdict if event is AuditEvent.JUDGED else None,
    )


@given(strategies.judgments())
def test_no_judgment_brings_a_label_value_from_outside_the_closed_sets(finding: Judgment) -> None:
    metrics = Metrics()
    metrics.committed(_audit(finding), seconds=0.1)
    for code in InvalidCode:
        metrics.committed(_audit(finding, event=AuditEvent.DEAD_LETTERED, outcome=code), seconds=0.1)
    metrics.committed(_audit(finding, event=AuditEvent.SKIPPED, outcome="empty"), seconds=0.1)
    metrics.breaker_state("open")
    for event in CacheEvent:
        metrics.cache_event(event, {"exact": 1, **PhraseTable(PhraseRules()).sizes()})

    for label, value in _labels(metrics):
        allowed = CLOSED[label]
        assert allowed is None or value in allowed


def test_each_committed_record_is_counted_once_by_what_became_of_it() -> None:
    metrics = Metrics()
    metrics.committed(_audit(judgment(RiskLevel.UNSAFE, categories=(Category.PHI,))), seconds=0.3)
    metrics.committed(_audit(judgment(), event=AuditEvent.DEAD_LETTERED, outcome=InvalidCode.NOT_JSON), seconds=0.3)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    assert value("consultguard_records_total", event="judged") == 1
    assert value("consultguard_records_total", event="dead_lettered") == 1
    assert value("consultguard_verdicts_total", level="unsafe", decided_by="judge") == 1
    assert value("consultguard_verdict_categories_total", category="phi") == 1
    assert value("consultguard_dead_letters_total", code="not_json") == 1
    assert value("consultguard_chunk_seconds_count") == 2


def test_exactly_one_breaker_state_is_set() -> None:
    metrics = Metrics()
    for state in (*BREAKER_STATES, "open"):
        metrics.breaker_state(state)
        found = {
            known: metrics.registry.get_sample_value("consultguard_judge_breaker", {"state": known})
            for known in BREAKER_STATES
        }
        assert found == {known: float(known == state) for known in BREAKER_STATES}


def test_the_cache_tells_what_answered_and_how_full_it_is() -> None:
    metrics = Metrics()
    metrics.cache_event("exact", {"exact": 7})
    metrics.cache_event("demoted", {"exact": 8})

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    assert value("consultguard_judge_cache_answers_total", answered_by="exact") == 1
    assert value("consultguard_judge_cache_phrases_total", change="demoted") == 1
    assert value("consultguard_judge_cache_entries", table="exact") == 8


def test_two_workers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.committed(_audit(judgment()), seconds=0.1)

    assert other.registry.get_sample_value("consultguard_records_total", {"event": "judged"}) is None


def test_every_metric_says_what_it_means() -> None:
    families = list(Metrics().registry.collect())

    assert families
    assert all(family.name.startswith("consultguard_") and family.documentation.endswith(".") for family in families)
