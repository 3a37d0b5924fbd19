"""The engines that settings name: which broker, which judge. Each library is imported only where it is used."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from pydantic import SecretStr

from pipeline.broker.base import Broker
from pipeline.clock import Clock
from pipeline.domain.policy import CalibrationMethod, Policy
from pipeline.judge.base import Judge
from pipeline.judge.explainer import ExplainedJudge, Explainer
from pipeline.judge.fitted import FittedJudge
from pipeline.judge.prompt import PROFILES
from pipeline.settings import CacheSettings, ExplainerSettings, KafkaSettings, Settings, VllmSettings

if TYPE_CHECKING:
    from pipeline.broker.kafka.config import KafkaConfig
    from pipeline.judge.vllm_pool import VllmConfig


def build_broker(settings: Settings, *, clock: Clock) -> Broker:
    """The broker that `settings.broker` names. Connects to nothing yet."""
    match settings.broker:
        case "local":
            from pipeline.broker.local.broker import LocalBroker

            return LocalBroker(settings.data_dir / "broker", clock=clock)
        case "kafka":
            from pipeline.broker.kafka.broker import KafkaBroker

            return KafkaBroker(_kafka_config(settings.kafka), clock=clock)
        case _:
            assert_never(settings.broker)


def build_judge(settings: Settings, *, policy: Policy, on_breaker: Callable[[str], None]) -> Judge:
    """The judge that `settings.judge` names, not started, with its explainer where one is set. `on_breaker` hears its
    breaker's states."""
    judge = _fitted(_labelling_judge(settings, policy=policy, on_breaker=on_breaker), policy)
    explainer = build_explainer(settings.explainer)
    if explainer is None:
        return judge
    # Around the retries: the label is final when an explanation is asked for, and loses no time to it.
    return ExplainedJudge(judge, explainer, limit_seconds=settings.explainer.timeout_seconds)


def build_explainer(explainer: ExplainerSettings) -> Explainer | None:
    """The explainer that the settings name, not started; None where they name none."""
    if not explainer.endpoint:
        return None
    from pipeline.judge.vllm_explainer import VllmExplainer
    from pipeline.judge.vllm_pool import VllmConfig

    return VllmExplainer(
        VllmConfig(
            endpoints=(explainer.endpoint,),
            model=explainer.model,
            api_key=_secret(explainer.api_key),
            ca_file=explainer.ca_file,
            connect_seconds=explainer.timeout_seconds,
            total_seconds=explainer.timeout_seconds,
        )
    )


def _labelling_judge(settings: Settings, *, policy: Policy, on_breaker: Callable[[str], None]) -> Judge:
    match settings.judge:
        case "embedded":
            from pipeline.judge.embedded import MINI_GUARD, EmbeddedConfig, EmbeddedJudge

            embedded = settings.embedded
            config = EmbeddedConfig(
                model_dir=embedded.model_dir or MINI_GUARD,
                threads=embedded.threads,
                min_label_mass=policy.threshold.label_mass,
                category_words=policy.categories,
            )
            return EmbeddedJudge(config, PROFILES["consultguard"])
        case "vllm":
            return _vllm_judge(settings.vllm, policy=policy, on_breaker=on_breaker)
        case _:
            assert_never(settings.judge)


def _fitted(judge: Judge, policy: Policy) -> Judge:
    """`judge`, which refuses to start where the policy's calibration is for another model."""
    return judge if policy.calibration.method is CalibrationMethod.NONE else FittedJudge(judge, policy.calibration)


def with_cache(
    judge: Judge, settings: CacheSettings, *, policy: Policy, on_event: Callable[[str, Mapping[str, int]], None]
) -> Judge:
    """`judge` behind what the settings let it remember. Outermost: an answer that is known waits for no retry."""
    from pipeline.judge.cache import CachedJudge, CacheRules
    from pipeline.judge.phrases import PhraseRules
    from pipeline.tripwire.digits import digit_runs

    if not settings.enabled and not settings.templates:
        return judge
    phrases = PhraseRules(promote_after=settings.promote_after, entries=settings.template_entries)
    return CachedJudge(
        judge,
        scope=f"{policy.id}/{policy.version}",
        rules=CacheRules(
            entries=settings.entries if settings.enabled else 0,
            phrases=phrases if settings.templates else None,
            recheck_every=settings.recheck_every,
        ),
        holds_number=lambda text: any(len(run.atoms) > 1 for run in digit_runs(text)),
        on_event=on_event,
    )


def vllm_config(vllm: VllmSettings, *, policy: Policy) -> "VllmConfig":
    """The servers that the settings name, asked as `policy` wants."""
    from pipeline.judge.vllm_pool import VllmConfig

    return VllmConfig(
        endpoints=_listed(vllm.endpoints),
        model=vllm.model,
        api_key=_secret(vllm.api_key),
        connect_seconds=vllm.connect_timeout_seconds,
        total_seconds=vllm.timeout_seconds,
        max_concurrency=vllm.max_concurrency,
        revision=vllm.revision,
        cache_salt=_secret(vllm.cache_salt),
        ca_file=vllm.ca_file,
        min_label_mass=policy.threshold.label_mass,
        category_words=policy.categories,
    )


def _vllm_judge(vllm: VllmSettings, *, policy: Policy, on_breaker: Callable[[str], None]) -> Judge:
    from pipeline.judge.breaker import Breaker
    from pipeline.judge.instruct import InstructJudge
    from pipeline.judge.resilience import ResilientJudge, RetryPolicy
    from pipeline.judge.vllm import VllmJudge

    config = vllm_config(vllm, policy=policy)
    asking = InstructJudge if vllm.profile == "instruct" else VllmJudge
    return ResilientJudge(
        asking(config, PROFILES[vllm.profile]),
        # One try may be two requests, the label's and the categories'.
        retry=RetryPolicy(attempt_seconds=2 * vllm.timeout_seconds + vllm.connect_timeout_seconds),
        breaker=Breaker(failures=vllm.breaker_failures, cool_down_seconds=vllm.breaker_cooldown_seconds),
        max_concurrency=vllm.max_concurrency,
        on_unavailable=policy.judge_unavailable.value,
        contest_after_seconds=policy.contest_after_seconds,
        on_breaker=on_breaker,
    )


def _kafka_config(kafka: KafkaSettings) -> "KafkaConfig":
    from pipeline.broker.kafka.config import KafkaConfig

    return KafkaConfig(
        bootstrap_servers=_listed(kafka.bootstrap_servers),
        security_protocol=kafka.security_protocol,
        ssl_cafile=_path(kafka.ssl_cafile),
        ssl_certfile=_path(kafka.ssl_certfile),
        ssl_keyfile=_path(kafka.ssl_keyfile),
        ssl_password=_secret(kafka.ssl_password),
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_username=kafka.sasl_username,
        sasl_password=_secret(kafka.sasl_password),
        session_timeout_ms=kafka.session_timeout_ms,
        transaction_timeout_ms=kafka.transaction_timeout_ms,
        commit_timeout_seconds=kafka.commit_timeout_seconds,
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _secret(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
