"""What happens to the service itself stands in one chain, whoever writes it."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from pipeline.audit.chain import EVENTS_CHAIN
from pipeline.audit.verify import verify
from pipeline.broker.base import Broker, OutgoingRecord, TopicPartition
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clock import Deadline, SystemClock
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.audit import AuditEvent
from pipeline.errors import AuditBroken
from pipeline.runtime.journal import Journal, open_journal
from pipeline.runtime.lifecycle import note_breaker, recorded
from pipeline.settings import Settings

CLOCK = SystemClock()
NAMES = TopicNames()
PLACE = TopicPartition(NAMES.audit_events, 0)
POLICY = load_policy(BUILT_IN_POLICY)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    broker = LocalBroker(tmp_path / "log", clock=CLOCK)
    admin = broker.topics()
    ensure(admin, required_topics(NAMES, partitions=1, replication=1, min_insync=1), clock=CLOCK)
    admin.close()
    return broker


def _journal(broker: Broker, instance: str = "north-1") -> Journal:
    settings = Settings(worker={"instance_id": instance})  # type: ignore[arg-type]
    return open_journal(settings, broker, role="worker", clock=CLOCK)


def _bodies(broker: Broker) -> list[dict[str, object]]:
    reader = broker.reader()
    records = list(reader.read(PLACE, start=0))
    reader.close()
    assert verify(records, chain_id=EVENTS_CHAIN).verified
    return [orjson.loads(record.value or b"") for record in records]


def _events(broker: Broker) -> list[str]:
    return [str(body["event"]) for body in _bodies(broker)]


def _worked(broker: Broker, settings: Settings, work: Callable[[Journal], None] = lambda _journal: None) -> None:
    journal, reader = open_journal(settings, broker, role="worker", clock=CLOCK), broker.reader()
    with recorded(journal, reader, topic=NAMES.audit_events, settings=settings, policy=POLICY, clock=CLOCK):
        work(journal)
    reader.close()


def _settings(**groups: object) -> Settings:
    return Settings(worker={"instance_id": "north-1"}, **groups)  # type: ignore[arg-type]


def test_events_of_two_services_form_one_chain(broker: Broker) -> None:
    first, second = _journal(broker, "north-1"), _journal(broker, "south-1")
    first.write(AuditEvent.KEY_ROTATED, "rotated")
    second.write(AuditEvent.EXPORTED, "exported", consult_id="c-1", detail={"form": "csv"})
    first.write(AuditEvent.VERIFIED, "verified")
    for journal in (first, second):
        journal.close(Deadline(5, clock=CLOCK))

    bodies = _bodies(broker)

    assert [str(body["actor"]).split()[1] for body in bodies] == ["north-1", "south-1", "north-1"]
    assert (bodies[1]["consult_id"], bodies[1]["detail"], bodies[1]["source"]) == ("c-1", {"form": "csv"}, None)


def test_a_note_is_written_by_the_time_the_journal_is_closed(broker: Broker) -> None:
    journal = _journal(broker)
    for state in ("open", "half_open", "closed"):
        note_breaker(journal, state)
    journal.close(Deadline(10, clock=CLOCK))

    assert _events(broker) == ["breaker_opened", "breaker_closed"]


def test_nothing_is_written_after_a_record_that_is_no_link(broker: Broker) -> None:
    publisher = broker.publisher(publisher_id="outsider")
    publisher.publish([OutgoingRecord(PLACE.topic, None, b"{}", 0)])
    publisher.close()

    with pytest.raises(AuditBroken, match="offset 0"):
        _journal(broker).write(AuditEvent.VERIFIED, "verified")


def test_a_worker_leaves_its_start_and_its_end(broker: Broker) -> None:
    _worked(broker, _settings())

    assert _events(broker) == ["started", "stopped"]
    assert _bodies(broker)[1]["outcome"] == "asked"


def test_an_end_by_a_fault_is_told_from_one_that_was_asked_for(broker: Broker) -> None:
    def break_down(_journal: Journal) -> None:
        raise LookupError("broken")

    with pytest.raises(LookupError):
        _worked(broker, _settings(), break_down)

    assert _bodies(broker)[1]["outcome"] == "fault"


def test_a_fault_is_told_also_where_the_end_cannot_be_written(broker: Broker) -> None:
    def break_down(journal: Journal) -> None:
        journal.close(Deadline(5, clock=CLOCK))
        raise LookupError("broken")

    with pytest.raises(LookupError):
        _worked(broker, _settings(), break_down)


def test_a_start_with_other_settings_names_the_groups_that_changed_and_no_value(broker: Broker) -> None:
    _worked(broker, _settings())
    _worked(broker, _settings())
    _worked(broker, _settings(context={"max_turns": 5}, tenant="ward-9"))

    changed = [body for body in _bodies(broker) if body["event"] == "configuration_changed"]
    assert [body["detail"] for body in changed] == [{"groups": "context tenant"}]
    assert "ward-9" not in str(_bodies(broker))


def test_another_workers_settings_are_no_change(broker: Broker) -> None:
    _worked(broker, _settings())
    _worked(broker, Settings(worker={"instance_id": "south-1"}))  # type: ignore[arg-type]

    assert "configuration_changed" not in _events(broker)
