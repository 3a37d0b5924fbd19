"""The topics there must be, and what each must be at least."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, assert_never

from pipeline.broker.base import TopicAdmin, TopicSpec
from pipeline.clock import Clock, Deadline
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import BrokerUnavailable, TopicMismatch

_DAY_MS = 86_400_000

SIX_YEARS_MS = (6 * 365 + 2) * _DAY_MS
"""45 CFR 164.316(b)(2)(i) and 164.530(j)(2): six years, which hold two leap days at most."""

TEN_YEARS_MS = (10 * 365 + 3) * _DAY_MS
"""ASTM E2147-18, section 4.1: audit data is kept as long as the record, and for ten years at least."""

RETENTIONS_MS: Mapping[str, int] = MappingProxyType({"hipaa": SIX_YEARS_MS, "astm": TEN_YEARS_MS})
"""How long the audit trail is kept, by the rule that is followed."""

_CHUNKS_MS = 7 * _DAY_MS
_VERDICTS_MS = 30 * _DAY_MS
_KEY_SEGMENT_MS = 3_600_000
_TEXT_SEGMENT_MS = _DAY_MS
_CLUSTER = 3
_APPEAR_SECONDS = 15.0
_APPEAR_STEP_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TopicNames:
    """What the topics are called: `prefix`, a dot, and the part they play."""

    prefix: str = "consult"

    @property
    def chunks(self) -> str:
        return f"{self.prefix}.chunks"

    @property
    def safe(self) -> str:
        return f"{self.prefix}.verdicts.safe"

    @property
    def contested(self) -> str:
        return f"{self.prefix}.verdicts.contested"

    @property
    def unsafe(self) -> str:
        return f"{self.prefix}.verdicts.unsafe"

    @property
    def audit(self) -> str:
        return f"{self.prefix}.audit"

    @property
    def audit_events(self) -> str:
        return f"{self.prefix}.audit.events"

    @property
    def checkpoints(self) -> str:
        return f"{self.prefix}.audit.checkpoints"

    @property
    def keys(self) -> str:
        return f"{self.prefix}.keys"

    @property
    def dead_letter(self) -> str:
        return f"{self.prefix}.dead-letter"

    @property
    def reviews(self) -> str:
        return f"{self.prefix}.reviews"

    def verdicts(self, level: RiskLevel) -> str:
        """The topic of the verdicts of one level."""
        match level:
            case RiskLevel.SAFE:
                return self.safe
            case RiskLevel.CONTESTED:
                return self.contested
            case RiskLevel.UNSAFE:
                return self.unsafe
            case _:
                assert_never(level)


def required_topics(
    names: TopicNames,
    *,
    partitions: int,
    replication: int,
    min_insync: int,
    audit_retention_ms: int = SIX_YEARS_MS,
    brokers: int = 1,
) -> tuple[TopicSpec, ...]:
    """Every topic the worker and its readers need.

    Where there are three brokers, what proves things has three copies, two of them in sync, whatever is asked for.

    Most have as many partitions as the chunks, because input partition i writes partition i of what it writes. What is
    one chain for the whole deployment has one partition.
    """
    retentions_ms = {
        names.chunks: _CHUNKS_MS,
        names.safe: _VERDICTS_MS,
        names.contested: _VERDICTS_MS,
        names.unsafe: _VERDICTS_MS,
        names.audit: audit_retention_ms,
        names.dead_letter: _VERDICTS_MS,
        names.reviews: audit_retention_ms,
        names.audit_events: audit_retention_ms,
        names.checkpoints: audit_retention_ms,
        names.keys: -1,
    }
    single = (names.audit_events, names.checkpoints)
    proofs = (names.audit, *single, names.keys) if brokers >= _CLUSTER else ()
    # The broker removes whole segments, each when its last record is old enough: one that is written for a week keeps
    # what was said for two.
    texts = {name: {"segment.ms": str(_TEXT_SEGMENT_MS)} for name in (names.safe, names.contested, names.unsafe)}
    extras = texts | {
        # Stream time (how long a consultation is remembered) must not depend on a producer's clock.
        names.chunks: {"message.timestamp.type": "LogAppendTime", "segment.ms": str(_TEXT_SEGMENT_MS)},
        # A dead letter is its record's own bytes, up to the chunk topic's limit of 1 MiB, and headers on top.
        names.dead_letter: {"max.message.bytes": str(2 * 1024 * 1024), "segment.ms": str(_TEXT_SEGMENT_MS)},
        # An erased key must be gone from the disk within hours: compaction never touches the segment being written.
        names.keys: {"segment.ms": str(_KEY_SEGMENT_MS), "max.compaction.lag.ms": str(_KEY_SEGMENT_MS)},
    }
    return tuple(
        TopicSpec(
            name,
            1 if name in single else partitions,
            replication=max(replication, _CLUSTER) if name in proofs else replication,
            retention_ms=retention_ms,
            min_insync_replicas=max(min_insync, _CLUSTER - 1) if name in proofs else min_insync,
            cleanup_policy="compact" if name == names.keys else "delete",
            extra=extras.get(name, {}),
        )
        for name, retention_ms in retentions_ms.items()
    )


def differences(asked: TopicSpec, found: TopicSpec) -> list[str]:
    """Each way `found` is weaker than `asked`, with the mend; empty if it will do."""
    weaker: list[str] = []
    if found.partitions < asked.partitions:
        weaker.append(
            f"has {found.partitions} partitions, needs {asked.partitions}; add them only while nothing is in flight, "
            "because keys then move to other partitions"
        )
    if found.replication < asked.replication:
        weaker.append(f"keeps {found.replication} copies, needs {asked.replication}; reassign its partitions")
    if found.min_insync_replicas < asked.min_insync_replicas:
        weaker.append(
            f"min.insync.replicas is {found.min_insync_replicas}; set min.insync.replicas={asked.min_insync_replicas}"
        )
    if _keeps_shorter(found.retention_ms, asked.retention_ms):
        weaker.append(f"retention.ms is {found.retention_ms}; set retention.ms={asked.retention_ms}")
    if _compacts(asked) and found.cleanup_policy != asked.cleanup_policy:
        weaker.append(f"is not compacted, so what is erased stays; set cleanup.policy={asked.cleanup_policy}")
    if _compacts(found) and not _compacts(asked):
        weaker.append(f"is compacted, so older records of a key disappear; set cleanup.policy={asked.cleanup_policy}")
    for setting, value in sorted(asked.extra.items()):
        if found.extra.get(setting) != value:
            weaker.append(f"{setting} is {found.extra.get(setting, 'not set')}; set {setting}={value}")
    return weaker


def _keeps_shorter(found_ms: int, asked_ms: int) -> bool:
    return found_ms != -1 and (asked_ms == -1 or found_ms < asked_ms)


def _compacts(spec: TopicSpec) -> bool:
    return "compact" in spec.cleanup_policy


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What `ensure` did about one topic. `topic` is it as the broker now describes it."""

    name: str
    action: Literal["created", "kept"]
    topic: TopicSpec


def ensure(admin: TopicAdmin, specs: Sequence[TopicSpec], *, clock: Clock) -> list[TopicReport]:
    """Create what is missing; one row a topic, in the order of `specs`.

    Raises TopicMismatch, naming every difference of every topic, before anything is created. Raises BrokerRefused
    where a topic cannot be created as asked, BrokerUnavailable.
    """
    found = {spec.name: admin.describe(spec.name) for spec in specs}
    _refuse_weaker((spec, topic) for spec in specs if (topic := found[spec.name]) is not None)
    rows = [_kept_or_created(admin, spec, found[spec.name], clock=clock) for spec in specs]
    _refuse_weaker((spec, row.topic) for spec, row in zip(specs, rows, strict=True))
    return rows


def _refuse_weaker(pairs: Iterable[tuple[TopicSpec, TopicSpec]]) -> None:
    weaker = [f"topic {asked.name} {words}" for asked, found in pairs for words in differences(asked, found)]
    if weaker:
        raise TopicMismatch("; ".join(weaker))


def _kept_or_created(admin: TopicAdmin, spec: TopicSpec, found: TopicSpec | None, *, clock: Clock) -> TopicReport:
    if found is not None:
        return TopicReport(spec.name, "kept", found)
    try:
        admin.create(spec)
    except TopicMismatch:
        # Another process was faster; what it made is compared like any other.
        return TopicReport(spec.name, "kept", _appeared(admin, spec.name, clock=clock))
    return TopicReport(spec.name, "created", _appeared(admin, spec.name, clock=clock))


def _appeared(admin: TopicAdmin, name: str, *, clock: Clock) -> TopicSpec:
    """A cluster answers a creation before every broker of it knows the topic."""
    deadline = Deadline(_APPEAR_SECONDS, clock=clock)
    while (topic := admin.describe(name)) is None:
        if deadline.passed:
            raise BrokerUnavailable(f"topic {name} was created but did not appear in {_APPEAR_SECONDS:.0f} s")
        clock.sleep(_APPEAR_STEP_SECONDS)
    return topic
