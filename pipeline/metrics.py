"""Every metric, declared once, with its meaning. No label ever holds an id or text; label values are closed sets."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pipeline.domain.audit import AuditEvent, AuditRecord
from pipeline.domain.policy import Rule

# Around the 500 ms objective for a verdict (produced to committed), finer below it than above.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)

BREAKER_STATES = ("closed", "half_open", "open")
PHRASE_CHANGES = ("promoted", "demoted")


class Metrics:
    """The metrics of one worker on a registry of its own, so that two workers in a process do not collide."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "consultguard_records_total",
            "Input records committed, by what became of them (judged, skipped, duplicate, dead_lettered).",
            ["event"],
            registry=self.registry,
        )
        self.verdicts = Counter(
            "consultguard_verdicts_total",
            "Verdicts committed, by level and by what decided.",
            ["level", "decided_by"],
            registry=self.registry,
        )
        self.categories = Counter(
            "consultguard_verdict_categories_total",
            "Categories of the contested and unsafe verdicts committed.",
            ["category"],
            registry=self.registry,
        )
        self.abstentions = Counter(
            "consultguard_abstentions_total",
            "Committed chunks without a judgment, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.dead_letters = Counter(
            "consultguard_dead_letters_total", "Dead letters committed, by code.", ["code"], registry=self.registry
        )
        self.commits = Counter(
            "consultguard_commits_total",
            "Transactions, by outcome (committed, aborted, unknown).",
            ["outcome"],
            registry=self.registry,
        )
        self.judge_seconds = Histogram(
            "consultguard_judge_seconds",
            "Seconds from submission to the judge to its answer, retries included.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.chunk_seconds = Histogram(
            "consultguard_chunk_seconds",
            "Seconds from the broker's timestamp of a chunk to the commit of its outcome.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.cache_answers = Counter(
            "consultguard_judge_cache_answers_total",
            "Chunks put to the cache, by what answered: exact, template, miss, or recheck (a phrase judged again).",
            ["answered_by"],
            registry=self.registry,
        )
        self.cache_phrases = Counter(
            "consultguard_judge_cache_phrases_total",
            "Phrases that began to be answered without the judge (promoted), or ceased to for good (demoted).",
            ["change"],
            registry=self.registry,
        )
        self.cache_entries = Gauge(
            "consultguard_judge_cache_entries",
            "Entries of the cache's tables (exact, phrases_on_trial, phrases, refused).",
            ["table"],
            registry=self.registry,
        )
        self.stage_seconds = Counter(
            "consultguard_stage_seconds_total",
            "Seconds the worker's own thread spent on committed chunks, by stage; divided by the records, a chunk's.",
            ["stage"],
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "consultguard_commit_seconds", "Seconds for one transaction.", buckets=_SECONDS, registry=self.registry
        )
        self.in_flight = Gauge(
            "consultguard_in_flight", "Chunks admitted and not yet committed.", registry=self.registry
        )
        self.paused = Gauge("consultguard_paused", "1 while intake is paused by a full window.", registry=self.registry)
        self.partitions = Gauge("consultguard_partitions_owned", "Input partitions owned.", registry=self.registry)
        self.breaker = Gauge(
            "consultguard_judge_breaker", "1 for the judge's breaker state.", ["state"], registry=self.registry
        )

    def committed(self, audit: AuditRecord, *, seconds: float) -> None:
        """Count one committed record; `seconds` is its age, from the broker's timestamp to the commit."""
        self.records.labels(audit.event).inc()
        self.chunk_seconds.observe(seconds)
        if audit.event == AuditEvent.DEAD_LETTERED:
            self.dead_letters.labels(audit.outcome).inc()
        if audit.verdict is not None:
            self.verdicts.labels(audit.verdict.level, audit.verdict.decided_by).inc()
            abstained, _, reason = audit.verdict.rule.partition(f"{Rule.ABSTAINED}:")
            if reason and not abstained:
                self.abstentions.labels(reason).inc()
            for category in audit.verdict.categories:
                self.categories.labels(category).inc()

    def stages(self, seconds: Mapping[str, float]) -> None:
        """Add what each stage took since the last call."""
        for stage, taken in seconds.items():
            self.stage_seconds.labels(stage).inc(taken)

    def cache_event(self, event: str, sizes: Mapping[str, int]) -> None:
        """Count one event of the judge's cache, and set the sizes of its tables."""
        if event in PHRASE_CHANGES:
            self.cache_phrases.labels(event).inc()
        else:
            self.cache_answers.labels(event).inc()
        for table, entries in sizes.items():
            self.cache_entries.labels(table).set(entries)

    def breaker_state(self, state: str) -> None:
        """Exactly one of the three states is 1."""
        for known in BREAKER_STATES:
            self.breaker.labels(known).set(known == state)
