"""The one place that names every stage, in order, and builds a worker from settings.

source -> clean -> context -> judge -> decide -> sink + audit
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import Broker, Record, TopicSpec
from pipeline.broker.topics import RETENTIONS_MS, TopicNames, required_topics
from pipeline.clean.cleaner import Cleaner
from pipeline.clock import Clock
from pipeline.context.consultations import ContextLimits
from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.policy import Policy
from pipeline.domain.transcript import TranscriptChunk
from pipeline.domain.verdict import Evidence, Verdict
from pipeline.judge.base import Judge
from pipeline.metrics import Metrics
from pipeline.runtime.engines import build_broker, build_judge, with_cache
from pipeline.runtime.erasure_watch import ErasureWatch
from pipeline.runtime.flow import Flow, Stages
from pipeline.runtime.health import Health
from pipeline.runtime.journal import this_process
from pipeline.runtime.limits import WorkerLimits
from pipeline.runtime.sealing import build_keys
from pipeline.runtime.worker import Worker
from pipeline.settings import Settings
from pipeline.sink.dead_letter import DeadLetterLimit
from pipeline.source.decode import InvalidRecord, decode
from pipeline.tripwire.scan import Tripwires


@dataclass(frozen=True, slots=True)
class Assembled:
    """A worker ready to `run`, and what watches it."""

    worker: Worker
    metrics: Metrics
    health: Health


def build_stages(policy: Policy, *, max_text_chars: int) -> Stages:
    """The deterministic stages, in order."""

    def source(record: Record) -> TranscriptChunk | InvalidRecord:
        return decode(record, max_text_chars=max_text_chars)

    def decide(finding: Judgment | Abstention, evidence: Sequence[Evidence], language: str | None) -> Verdict:
        return evaluate(finding, evidence, policy=policy, language=language)

    return Stages(decode=source, clean=Cleaner().clean, trip=Tripwires().find, decide=decide)


def build_worker(
    settings: Settings,
    *,
    clock: Clock,
    broker: Broker | None = None,
    judge: Judge | None = None,
    unsealed: bool = False,
    on_breaker: Callable[[str], None] = lambda _state: None,
) -> Assembled:
    """The worker that `settings` describe; `broker` and `judge` replace theirs (tests, the bench). `unsealed` is the
    bench's alone, to tell what sealing costs.
    `on_breaker` hears each state of the judge's breaker, on the judge's thread.

    Raises SettingsError, PolicyError, and what building the engines raises.
    """
    policy = build_policy(settings)
    names = TopicNames(settings.topics.prefix)
    broker = broker or build_broker(settings, clock=clock)
    metrics, health = Metrics(), Health()
    observe = _breaker_observer(metrics, health, on_breaker)
    if judge is None:
        judge = build_judge(settings, policy=policy, on_breaker=observe)
        judge = with_cache(judge, settings.cache, policy=policy, on_event=metrics.cache_event)
    keys = None if unsealed else build_keys(settings, clock=clock)
    worker_settings = settings.worker
    stages = build_stages(policy, max_text_chars=worker_settings.max_text_chars)
    limits = WorkerLimits(
        max_in_flight=worker_settings.max_in_flight,
        commit_interval_ms=worker_settings.commit_interval_ms,
        drain_timeout_seconds=worker_settings.drain_timeout_seconds,
    )
    worker = Worker(
        stream=broker.stream(topic=names.chunks, group=worker_settings.group, instance_id=worker_settings.instance_id),
        reader=broker.reader(),
        judge=judge,
        flow=Flow(
            stages,
            topics=names,
            actor=worker_actor(settings),
            clock=clock,
            origin=this_process(),
            seal_text=keys.seal if keys is not None and settings.audit.seal_verdict_text else None,
        ),
        stages=stages,
        erasures=ErasureWatch(broker.reader(), events_topic=names.audit_events, clock=clock),
        chains=ChainWriter(audit_topic=names.audit, keys_topic=names.keys, keys=keys),
        context=build_context_limits(settings),
        limits=limits,
        dead_letters=DeadLetterLimit(
            run=worker_settings.dead_letter_run,
            ratio=worker_settings.dead_letter_ratio,
            window=worker_settings.dead_letter_window,
        ),
        metrics=metrics,
        health=health,
        clock=clock,
    )
    return Assembled(worker, metrics, health)


def build_policy(settings: Settings) -> Policy:
    """The policy in force."""
    return load_policy(settings.policy_file or BUILT_IN_POLICY, preset=settings.policy_preset)


def build_context_limits(settings: Settings) -> ContextLimits:
    context = settings.context
    return ContextLimits(
        max_turns=context.max_turns,
        max_tokens=context.max_tokens,
        horizon_ms=round(context.horizon_hours * 3_600_000),
        max_consults=context.max_consults,
    )


def audit_retention_ms(settings: Settings) -> int:
    """How long the audit trail is kept, by whichever of the rule and the number asks for more."""
    return max(settings.topics.audit_retention_ms, RETENTIONS_MS[settings.topics.audit_retention])


def build_topic_specs(settings: Settings, *, brokers: int = 1) -> tuple[TopicSpec, ...]:
    """The topics as the settings ask for them, on a cluster of so many brokers."""
    topics = settings.topics
    return required_topics(
        TopicNames(topics.prefix),
        partitions=topics.partitions,
        replication=topics.replication,
        min_insync=topics.min_insync_replicas,
        audit_retention_ms=audit_retention_ms(settings),
        brokers=brokers,
    )


def _breaker_observer(metrics: Metrics, health: Health, also: Callable[[str], None]) -> Callable[[str], None]:
    def observe(state: str) -> None:
        metrics.breaker_state(state)
        health.breaker(state)
        also(state)

    metrics.breaker_state("closed")
    return observe


def worker_actor(settings: Settings) -> str:
    """Who a worker is in the audit trail."""
    return f"consultguard-worker/{version('consultguard')} {settings.worker.instance_id}"
