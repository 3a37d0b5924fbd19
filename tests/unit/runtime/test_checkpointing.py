"""The checkpoint service signs at its cadence, loses nothing to a fault that passes, and stops at one that does not."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.audit.anchor_directory import DirectoryAnchor
from pipeline.audit.checkpoint import Checkpoint, read
from pipeline.audit.checkpoint_series import follow
from pipeline.audit.checkpointer import Checkpointer
from pipeline.broker.base import OutgoingRecord, Record, RecordRef, TopicPartition, TopicSpec
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.local.publisher import LocalPublisher
from pipeline.broker.local.reader import LocalReader
from pipeline.errors import (
    AnchorRefused,
    AnchorUnavailable,
    AuditBroken,
    BrokerUnavailable,
    CommitUnknown,
    ConsultGuardError,
    Fenced,
)
from pipeline.runtime.anchoring import Anchoring
from pipeline.runtime.checkpointing import Cadence, Checkpointed, CheckpointService
from pipeline.testing.fake_clock import FakeClock
from tests.audit_chains import chain
from tests.unit.audit.checkpoints import KEY, ORIGIN, OTHER_KEY, checkpoint, series

AUDIT, POINTS = TopicPartition("consult.audit", 0), TopicPartition("consult.audit.checkpoints", 0)
LINKS = chain(12, chain_id="consult.chunks/0")
Append = Callable[[Record | None], OutgoingRecord]


class ScriptedClock(FakeClock):
    """Does what is due whenever somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self._plan: list[tuple[float, Callable[[], object]]] = []

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        self._plan.append((seconds, act))

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        due = [found for found in self._plan if found[0] <= self.monotonic()]
        self._plan = [found for found in self._plan if found not in due]
        for _, act in due:
            act()


class FaultyPublisher:
    """Raises what is in `faults` first: `before` the append, or after it where it was made all the same."""

    def __init__(self, inner: LocalPublisher) -> None:
        self._inner = inner
        self.faults: list[tuple[ConsultGuardError, bool]] = []

    def append(self, partition: TopicPartition, make: Append) -> RecordRef:
        if self.faults and self.faults[0][1]:
            self._inner.append(partition, make)
        if self.faults:
            raise self.faults.pop(0)[0]
        return self._inner.append(partition, make)

    def publish(self, records: object) -> list[RecordRef]:
        raise NotImplementedError

    def close(self) -> None:
        self._inner.close()


class FaultyAnchor(DirectoryAnchor):
    """Away while `away`; `blind` where it cannot be read."""

    def __init__(self, path: Path, *, blind: bool = False) -> None:
        super().__init__(path)
        self.away, self.readable, self.puts = False, not blind, 0

    def put(self, seq: int, value: bytes) -> None:
        if self.away:
            raise AnchorUnavailable("away")
        self.puts += 1
        super().put(seq, value)

    def read(self, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
        if self.away:
            raise AnchorUnavailable("away")
        return super().read(start=start)


class Site:
    """A deployment of one partition on the embedded log, with an anchor in a directory."""

    def __init__(self, path: Path) -> None:
        (path / "anchor").mkdir()
        self.clock = ScriptedClock()
        self._broker = LocalBroker(path / "broker", clock=self.clock)
        with closing(self._broker.topics()) as admin:
            for topic in (AUDIT.topic, "consult.audit.events", POINTS.topic):
                admin.create(TopicSpec(topic, 1))
        self.reader: LocalReader = self._broker.reader()
        self.publisher = FaultyPublisher(self._broker.publisher(publisher_id="test"))
        self.anchor = FaultyAnchor(path / "anchor")
        self._count = 0

    def judge(self, count: int) -> None:
        self.publish(AUDIT, *LINKS[self._count : self._count + count])
        self._count += count

    def publish(self, partition: TopicPartition, *values: bytes) -> None:
        with closing(self._broker.publisher(publisher_id="other")) as publisher:
            publisher.publish([OutgoingRecord(partition.topic, None, value, 0) for value in values])

    def service(
        self,
        *,
        records: int = 100,
        seconds: float = 60.0,
        anchored: bool = True,
        earlier: bool = False,
        reader: LocalReader | None = None,
        clock: FakeClock | None = None,
    ) -> CheckpointService:
        clock = clock or self.clock
        checkpointer = Checkpointer(
            reader or self.reader,
            audit_topic=AUDIT.topic,
            partitions=1,
            origin=ORIGIN,
            key=KEY,
            clock=clock,
            also=[TopicPartition("consult.audit.events", 0)],
        )
        return CheckpointService(
            checkpointer,
            reader=reader or self.reader,
            publisher=self.publisher,
            topic=POINTS,
            anchor=self.anchor if anchored else None,
            public_keys=[KEY.public_key(), *([OTHER_KEY.public_key()] if earlier else [])],
            cadence=Cadence(records, seconds),
            clock=clock,
        )

    def run_for(self, seconds: float, service: CheckpointService | None = None) -> Checkpointed:
        found = service or self.service()
        self.clock.at(self.clock.monotonic() + seconds, found.stop)
        return found.run()

    def values(self) -> list[bytes]:
        return [record.value or b"" for record in self.reader.read(POINTS, start=0)]

    def anchored(self) -> list[bytes]:
        return [value for _, value in self.anchor.read()]

    def sound(self) -> list[Checkpoint]:
        """Topic and anchor hold the same series, and it is sound."""
        values = self.values()
        assert self.anchored() == values
        found = follow(values, public_key=KEY.public_key(), origin=ORIGIN)
        assert (found.flaw, found.count) == (None, len(values))
        return [read(value, public_key=KEY.public_key()) for value in values]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.reader.close()
    found.publisher.close()


def _sizes(checkpoints: list[Checkpoint]) -> list[int]:
    return [sum(state.size for state in found.chains) for found in checkpoints]


def test_a_checkpoint_is_signed_every_so_often_in_quiet_times_too(site: Site) -> None:
    site.judge(2)

    done = site.run_for(125, site.service(seconds=60))

    assert _sizes(site.sound()) == [2, 2, 2]  # two of the cadence, and the last
    assert done == Checkpointed(written=3, last_seq=2, anchored_seq=2)


def test_a_checkpoint_is_signed_after_so_many_records(site: Site) -> None:
    service = site.service(records=4)
    for second, count in ((1, 3), (2, 1), (5, 4)):
        site.clock.at(second, lambda count=count: site.judge(count))  # type: ignore[misc]

    site.run_for(10, service)

    found = site.sound()
    assert _sizes(found) == [4, 8, 8]
    assert found[0].issued_at_ms < FakeClock().now_ms() + 5_000


def test_stop_before_run_and_twice_still_signs_a_last_checkpoint(site: Site) -> None:
    service = site.service()
    service.stop()
    service.stop()

    assert service.run().written == 1
    assert _sizes(site.sound()) == [0]


def test_once_signs_one_and_the_next_goes_on_from_it(site: Site) -> None:
    site.judge(3)
    assert site.service().run_once() == Checkpointed(1, 0, 0)
    site.judge(2)
    assert site.service().run_once() == Checkpointed(1, 1, 1)

    assert _sizes(site.sound()) == [3, 5]


def test_without_an_anchor_the_topic_alone_is_written(site: Site) -> None:
    assert site.service(anchored=False).run_once() == Checkpointed(1, 0, None)
    assert site.anchored() == []


def test_after_a_crash_before_the_anchor_had_it_the_last_one_is_put_there_again(site: Site) -> None:
    site.publish(POINTS, *series({}))

    site.run_for(2)

    assert len(site.sound()) == 2


@pytest.mark.parametrize("held", [0, 1, 3, 7])
def test_what_the_anchor_missed_before_a_crash_is_put_there_first(held: int, site: Site) -> None:
    values = series(*[{}] * 9)
    site.publish(POINTS, *values)
    for seq, value in enumerate(values[:held]):
        site.anchor.put(seq, value)

    site.service().run_once()

    assert len(site.sound()) == 10


def test_a_long_topic_fills_a_new_anchor_whole(site: Site) -> None:
    site.publish(POINTS, *series(*[{}] * 120))

    site.service().run_once()

    assert len(site.sound()) == 121


def test_an_anchor_that_cannot_be_read_gets_the_last_one_again(site: Site) -> None:
    site.publish(POINTS, *series({}, {}, {}))
    site.anchor = FaultyAnchor(site.anchor._path, blind=True)

    assert site.service().run_once().anchored_seq == 3
    assert site.anchor.puts == 2


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_topics_that_were_rolled_back_are_refused(kept: int, site: Site) -> None:
    values = series({}, {}, {}, {})
    site.publish(POINTS, *values[:kept])
    for seq, value in enumerate(values):
        site.anchor.put(seq, value)

    for start in (site.service().run, site.service().run_once):
        with pytest.raises(AuditBroken, match=rf"holds checkpoint {kept} .*an older state was put back"):
            start()
    assert site.values() == values[:kept]


def test_what_another_writes_to_both_during_the_start_is_no_roll_back(site: Site) -> None:
    """The topic is looked at first; by the time the anchor is, both may have one more."""
    values = series({}, {})
    site.publish(POINTS, values[0])
    site.anchor.put(0, values[0])

    class Late(LocalReader):
        def last(self, partition: TopicPartition, *, settle_seconds: float) -> Record | None:
            found = super().last(partition, settle_seconds=settle_seconds)
            if len(site.values()) == 1:
                site.publish(POINTS, values[1])
                site.anchor.put(1, values[1])
            return found

    with closing(Late(site._broker._connect)) as reader:
        assert site.service(reader=reader).run_once().last_seq == 2
    assert len(site.sound()) == 3


def test_an_anchor_that_holds_another_under_the_number_ends_it_before_anything_is_signed(site: Site) -> None:
    site.publish(POINTS, *series({}))
    site.anchor.put(0, checkpoint(0, {}, issued_at_ms=5))

    with pytest.raises(AnchorRefused, match="holds another"):
        site.run_for(100)
    assert len(site.values()) == 1


def test_of_two_checkpointers_exactly_one_goes_on(site: Site) -> None:
    first, second = site.service(seconds=10), site.service(seconds=10, clock=FakeClock(now_ms=site.clock.now_ms() + 7))
    second.stop()
    ran: list[Checkpointed] = []
    site.clock.at(5, lambda: ran.append(second.run()))

    with pytest.raises(Fenced, match="another checkpointer"):
        site.run_for(100, first)

    assert [done.written for done in ran] == [1]
    assert len(site.sound()) == 1


@pytest.mark.parametrize("made", [False, True])
def test_a_commit_of_unknown_outcome_is_decided_by_the_topics_last_record(made: bool, site: Site) -> None:
    site.judge(1)
    site.publisher.faults = [(CommitUnknown("no answer"), made)] * 3
    site.clock.at(12, lambda: site.judge(1))

    with capture_logs() as logs:
        done = site.run_for(25, site.service(seconds=10))

    assert _sizes(site.sound()) == [1, 2, 2]
    assert done.written == 3
    assert [found["log_level"] for found in logs if found["event"] == "checkpoint_delayed"] == ["warning"] * 3


def test_the_same_bytes_of_another_are_not_taken_for_its_own(site: Site) -> None:
    """Only after a commit of unknown outcome may the topic's last record be what this one signed."""
    service = site.service(seconds=10)
    twin = site.service(seconds=10)
    twin.stop()
    site.clock.at(10, twin.run)

    with pytest.raises(Fenced):
        site.run_for(100, service)


def test_a_broker_that_is_away_delays_a_checkpoint_and_loses_none(site: Site) -> None:
    site.publisher.faults = [(BrokerUnavailable("away"), False)] * 4
    site.judge(3)

    with capture_logs() as logs:
        site.run_for(19, site.service(seconds=10))

    found = site.sound()
    assert _sizes(found) == [3, 3]
    assert sum(entry["event"] == "checkpoint_delayed" for entry in logs) == 4


def test_a_broker_that_stays_away_at_the_end_is_told(site: Site) -> None:
    site.publisher.faults = [(BrokerUnavailable("away"), False)] * 100

    with pytest.raises(BrokerUnavailable):
        site.run_for(2)
    assert site.values() == []


def test_an_anchor_that_is_away_gets_everything_later_in_order(site: Site) -> None:
    service = site.service(seconds=10)
    site.clock.at(5, lambda: setattr(site.anchor, "away", True))
    site.clock.at(45, lambda: setattr(site.anchor, "away", False))

    with capture_logs() as logs:
        done = site.run_for(60, service)

    assert len(site.sound()) == done.written == 6
    events = [entry["event"] for entry in logs]
    assert 6 <= events.count("checkpoint_not_anchored") <= 9  # not every second


def test_an_anchor_that_is_away_at_the_start_is_waited_for(site: Site) -> None:
    site.anchor.away = True
    site.clock.at(8, lambda: setattr(site.anchor, "away", False))

    with capture_logs() as logs:
        assert site.run_for(10).written == 1
    assert [entry["event"] for entry in logs].count("checkpointer_not_started") == 8


def test_who_is_stopped_while_waiting_for_the_anchor_signs_nothing(site: Site) -> None:
    site.anchor.away = True

    assert site.run_for(5) == Checkpointed(0, None, None)
    with pytest.raises(AnchorUnavailable):
        site.service().run_once()


def test_a_chain_that_is_not_sound_ends_it_and_is_not_signed_over(site: Site) -> None:
    site.judge(2)
    site.clock.at(15, lambda: site.publish(AUDIT, LINKS[5]))

    with pytest.raises(AuditBroken, match="out of sequence"):
        site.run_for(100, site.service(seconds=10))

    assert _sizes(site.sound()) == [2]


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        checkpoint(0, {}, key=OTHER_KEY),
        checkpoint(0, {}, origin="elsewhere"),
        checkpoint(0, {}).replace(b'"seq":0', b'"seq":1'),
    ],
    ids=["no checkpoint", "another key", "another deployment", "altered"],
)
def test_it_goes_on_from_no_checkpoint_but_one_of_its_own(value: bytes, site: Site) -> None:
    site.publish(POINTS, value)

    with pytest.raises(AuditBroken, match="audit verify"):
        site.service().run()
    assert site.values() == [value]


def test_it_goes_on_from_a_checkpoint_of_a_key_before_that_it_is_told(site: Site) -> None:
    site.publish(POINTS, checkpoint(0, {}, key=OTHER_KEY))

    assert site.service(earlier=True).run_once().last_seq == 1


def test_without_an_anchor_there_is_nothing_to_follow(site: Site) -> None:
    anchoring = Anchoring(None, site.reader, POINTS)
    anchoring.begin(None)
    anchoring.more()

    assert (anchoring.after(-1), anchoring.follow()) == (None, True)
