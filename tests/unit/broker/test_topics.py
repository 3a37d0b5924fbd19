from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from pipeline.broker.base import Erasure, TopicSpec
from pipeline.broker.topics import SIX_YEARS_MS, TopicNames, differences, ensure, required_topics
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import BrokerUnavailable, TopicMismatch
from pipeline.testing.fake_clock import FakeClock

SPEC = TopicSpec("t", 6, replication=3, retention_ms=1_000, min_insync_replicas=2)
DAY_MS = 86_400_000


class MemoryAdmin:
    """A cluster in which a new topic is described only after `lag` looks."""

    def __init__(self, *topics: TopicSpec, lag: int = 0, made_elsewhere: TopicSpec | None = None) -> None:
        self.topics = {topic.name: topic for topic in topics}
        self.created: list[str] = []
        self._lag = lag
        self._made_elsewhere = made_elsewhere

    def brokers(self) -> int:
        return 1

    def erase(self, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        raise NotImplementedError

    def describe(self, name: str) -> TopicSpec | None:
        if name in self.created and self._lag:
            self._lag -= 1
            return None
        return self.topics.get(name)

    def create(self, spec: TopicSpec) -> None:
        if self._made_elsewhere is not None:
            self.topics[spec.name] = self._made_elsewhere
            raise TopicMismatch("exists")
        self.created.append(spec.name)
        self.topics[spec.name] = spec

    def close(self) -> None: ...


def test_names_are_those_of_the_wire_contract() -> None:
    names = TopicNames()

    assert names.chunks == "consult.chunks"
    assert [names.verdicts(level) for level in RiskLevel] == [
        "consult.verdicts.safe",
        "consult.verdicts.contested",
        "consult.verdicts.unsafe",
    ]
    assert (names.audit, names.dead_letter, names.reviews) == (
        "consult.audit",
        "consult.dead-letter",
        "consult.reviews",
    )


def test_a_prefix_keeps_two_sites_apart_on_one_cluster() -> None:
    ours = {spec.name for spec in required_topics(TopicNames("north"), partitions=1, replication=1, min_insync=1)}
    theirs = {spec.name for spec in required_topics(TopicNames("south"), partitions=1, replication=1, min_insync=1)}

    assert len(ours) == len(theirs) == 10
    assert not ours & theirs


def test_every_topic_has_the_partitions_of_the_chunks_but_those_that_are_one_chain() -> None:
    names = TopicNames()
    specs = required_topics(names, partitions=12, replication=3, min_insync=2)

    assert {spec.name for spec in specs if spec.partitions == 1} == {names.audit_events, names.checkpoints}
    assert {spec.partitions for spec in specs} == {1, 12}
    assert {(spec.replication, spec.min_insync_replicas) for spec in specs} == {(3, 2)}


def test_only_the_keys_are_compacted_and_soon() -> None:
    names = TopicNames()
    specs = {spec.name: spec for spec in required_topics(names, partitions=2, replication=1, min_insync=1)}

    assert [name for name, spec in specs.items() if spec.cleanup_policy != "delete"] == [names.keys]
    assert int(specs[names.keys].extra["max.compaction.lag.ms"]) <= 3_600_000


def test_what_proves_things_has_three_copies_where_there_are_three_brokers() -> None:
    names = TopicNames()
    specs = required_topics(names, partitions=2, replication=1, min_insync=1, brokers=3)

    kept = {spec.name for spec in specs if (spec.replication, spec.min_insync_replicas) == (3, 2)}
    assert kept == {names.audit, names.audit_events, names.checkpoints, names.keys}
    two = required_topics(names, partitions=2, replication=1, min_insync=1, brokers=2)
    assert {spec.replication for spec in two} == {1}


def test_a_topic_of_keys_that_is_not_compacted_is_weaker() -> None:
    asked = TopicSpec("keys", 1, cleanup_policy="compact")

    assert "cleanup.policy=compact" in " ".join(differences(asked, replace(asked, cleanup_policy="delete")))
    assert differences(asked, asked) == []


def test_retentions_are_those_of_the_wire_contract() -> None:
    names = TopicNames()
    specs = required_topics(names, partitions=1, replication=1, min_insync=1)

    assert {spec.name: spec.retention_ms for spec in specs} == {
        names.chunks: 7 * DAY_MS,
        names.safe: 30 * DAY_MS,
        names.contested: 30 * DAY_MS,
        names.unsafe: 30 * DAY_MS,
        names.dead_letter: 30 * DAY_MS,
        names.audit: SIX_YEARS_MS,
        names.audit_events: SIX_YEARS_MS,
        names.checkpoints: SIX_YEARS_MS,
        names.keys: -1,
        names.reviews: SIX_YEARS_MS,
    }
    assert 2_191.5 * DAY_MS < SIX_YEARS_MS


@pytest.mark.parametrize(
    "found",
    [
        SPEC,
        replace(SPEC, partitions=12),
        replace(SPEC, replication=5, min_insync_replicas=3),
        replace(SPEC, retention_ms=-1),
        replace(SPEC, extra={"max.message.bytes": "1"}),
    ],
)
def test_a_topic_that_is_as_asked_or_stronger_has_no_differences(found: TopicSpec) -> None:
    assert differences(SPEC, found) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"partitions": 5}, "partitions"),
        ({"replication": 2}, "copies"),
        ({"retention_ms": 999}, "retention.ms=1000"),
        ({"min_insync_replicas": 1}, "min.insync.replicas=2"),
        ({"cleanup_policy": "compact"}, "cleanup.policy=delete"),
        ({"cleanup_policy": "compact,delete"}, "cleanup.policy=delete"),
    ],
)
def test_each_weakness_is_named_with_its_mend(change: dict[str, object], word: str) -> None:
    (difference,) = differences(SPEC, replace(SPEC, **change))  # type: ignore[arg-type]

    assert word in difference


def test_a_topic_that_forgets_is_weaker_than_one_kept_for_ever() -> None:
    assert differences(replace(SPEC, retention_ms=-1), SPEC) == ["retention.ms is 1000; set retention.ms=-1"]


def test_an_extra_setting_must_be_as_asked() -> None:
    asked = replace(SPEC, extra={"max.message.bytes": "2000000"})

    assert differences(asked, SPEC) == ["max.message.bytes is not set; set max.message.bytes=2000000"]
    assert differences(asked, asked) == []


def test_every_weakness_is_named_at_once() -> None:
    assert len(differences(SPEC, TopicSpec("t", 1, retention_ms=1, cleanup_policy="compact"))) == 5


def test_ensure_creates_only_what_is_missing() -> None:
    other = replace(SPEC, name="other")
    admin = MemoryAdmin(SPEC)
    rows = ensure(admin, [SPEC, other], clock=FakeClock())

    assert admin.created == ["other"]
    assert [(row.name, row.action) for row in rows] == [("t", "kept"), ("other", "created")]


def test_ensure_names_the_weaknesses_of_every_topic_and_creates_nothing() -> None:
    weak, weaker = replace(SPEC, replication=1), replace(SPEC, name="other", partitions=1)
    admin = MemoryAdmin(weak, weaker)
    asked = [SPEC, replace(SPEC, name="other"), replace(SPEC, name="missing")]
    with pytest.raises(TopicMismatch, match=r"topic t keeps 1 copies.*topic other has 1 partitions"):
        ensure(admin, asked, clock=FakeClock())

    assert admin.created == []


def test_ensure_waits_until_a_created_topic_is_known() -> None:
    rows = ensure(MemoryAdmin(lag=5), [SPEC], clock=FakeClock())

    assert rows[0].topic == SPEC


def test_ensure_gives_up_on_a_topic_that_never_appears() -> None:
    with pytest.raises(BrokerUnavailable, match="did not appear"):
        ensure(MemoryAdmin(lag=10_000), [SPEC], clock=FakeClock())


def test_a_topic_made_by_another_process_meanwhile_is_compared_too() -> None:
    assert ensure(MemoryAdmin(made_elsewhere=SPEC), [SPEC], clock=FakeClock())[0].action == "kept"
    with pytest.raises(TopicMismatch, match="copies"):
        ensure(MemoryAdmin(made_elsewhere=replace(SPEC, replication=1)), [SPEC], clock=FakeClock())
