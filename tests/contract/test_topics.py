"""Topics are created exactly as asked, and described as they are."""

import pytest

from pipeline.broker.base import TopicSpec
from pipeline.broker.topics import SIX_YEARS_MS, TopicNames, differences, ensure, required_topics
from pipeline.errors import BrokerRefused, TopicMismatch
from tests.contract.rig import CLOCK, Rig


def test_a_topic_is_described_as_it_was_created(rig: Rig) -> None:
    spec = TopicSpec(rig.unique("topic"), 3, retention_ms=SIX_YEARS_MS, cleanup_policy="delete")
    admin = rig.broker.topics()
    admin.create(spec)
    rig.until(lambda: admin.describe(spec.name) is not None)
    found = admin.describe(spec.name)
    admin.close()

    assert found is not None
    assert (found.name, found.partitions, found.replication) == (spec.name, 3, 1)
    assert (found.retention_ms, found.min_insync_replicas, found.cleanup_policy) == (SIX_YEARS_MS, 1, "delete")
    assert rig.broker.partitions(spec.name) == 3


def test_a_topic_kept_for_ever_says_so(rig: Rig) -> None:
    name = rig.topic(retention_ms=-1)
    admin = rig.broker.topics()
    found = admin.describe(name)
    admin.close()

    assert found is not None
    assert found.retention_ms == -1


def test_a_missing_topic_is_none_and_has_no_partitions(rig: Rig) -> None:
    name = rig.unique("missing")
    admin = rig.broker.topics()
    assert admin.describe(name) is None
    admin.close()
    with pytest.raises(TopicMismatch):
        rig.broker.partitions(name)


def test_creating_a_topic_twice_is_a_mismatch(rig: Rig) -> None:
    name = rig.topic(partitions=2)
    admin = rig.broker.topics()
    with pytest.raises(TopicMismatch):
        admin.create(TopicSpec(name, 2))
    admin.close()

    assert rig.broker.partitions(name) == 2


def test_more_copies_than_there_are_machines_are_refused(rig: Rig) -> None:
    admin = rig.broker.topics()
    with pytest.raises(BrokerRefused):
        admin.create(TopicSpec(rig.unique("topic"), 1, replication=5))
    admin.close()


def test_ensure_creates_what_is_missing_and_keeps_what_will_do(rig: Rig) -> None:
    specs = required_topics(TopicNames(rig.unique("consult")), partitions=2, replication=1, min_insync=1)
    admin = rig.broker.topics()
    first = ensure(admin, specs, clock=CLOCK)
    second = ensure(admin, specs, clock=CLOCK)
    admin.close()

    assert [row.action for row in first] == ["created"] * len(specs)
    assert [row.action for row in second] == ["kept"] * len(specs)
    assert all(differences(spec, row.topic) == [] for spec, row in zip(specs, second, strict=True))


def test_ensure_refuses_a_weaker_topic_and_creates_nothing(rig: Rig) -> None:
    specs = required_topics(TopicNames(rig.unique("consult")), partitions=2, replication=1, min_insync=1)
    admin = rig.broker.topics()
    admin.create(TopicSpec(specs[0].name, 1, retention_ms=1_000))
    rig.until(lambda: admin.describe(specs[0].name) is not None)
    with pytest.raises(TopicMismatch) as refused:
        ensure(admin, specs, clock=CLOCK)

    assert "has 1 partitions, needs 2" in str(refused.value)
    assert "retention.ms" in str(refused.value)
    assert admin.describe(specs[1].name) is None
    admin.close()
