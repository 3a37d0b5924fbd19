"""What erasing does where a broker fails in the middle, keeps what it has, or the consultation goes on."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pipeline.broker.base import Broker, Erasure, OutgoingRecord, TopicAdmin, TopicPartition
from pipeline.broker.key_codec import encode_key, key_record_key
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clock import Deadline
from pipeline.domain.audit import AuditEvent, Origin
from pipeline.domain.wire import AuditV1
from pipeline.errors import BrokerError, BrokerRefused, BrokerUnavailable
from pipeline.keys.base import KeyProvider, Wrapped
from pipeline.keys.data_keys import wrap_data_key
from pipeline.keys.ring import KEY_BYTES, KeyRing, RingKey
from pipeline.runtime.data_keys import live_keys, record_keys_of
from pipeline.runtime.erased import Asked, asked_in
from pipeline.runtime.erasure import ConsultationErasure, ErasureReport
from pipeline.runtime.journal import Journal
from pipeline.runtime.rewrapping import RewrapReport, rewrap
from pipeline.testing.fake_clock import FakeClock
from tests.erasing import BrokerOf

TOPICS = TopicNames()
KEYS = TopicPartition(TOPICS.keys, 0)
OLD, NEW = RingKey(b"o" * KEY_BYTES), RingKey(b"n" * KEY_BYTES)
OLD_RING = KeyRing([OLD], source="test")
BOTH = KeyRing([OLD, NEW], source="test")


class Site:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.broker: Broker = LocalBroker(folder, clock=self.clock)
        with closing(self.broker.topics()) as admin:
            ensure(admin, required_topics(TOPICS, partitions=1, replication=1, min_insync=1), clock=self.clock)

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        journal = Journal(
            self.broker,
            topic=TOPICS.audit_events,
            actor="test",
            origin=Origin("here", 1, "0"),
            clock=self.clock,
        )
        try:
            yield journal
        finally:
            journal.close(Deadline(1.0, clock=self.clock))

    def publish(self, *records: OutgoingRecord) -> None:
        with closing(self.broker.publisher(publisher_id="test")) as publisher:
            publisher.publish(records)

    def add_key(self, consult_id: str, key_id: str) -> None:
        key = wrap_data_key(
            OLD_RING, bytes(32), consult_id=consult_id, key_id=key_id, created_at_ms=self.clock.now_ms()
        )
        self.publish(OutgoingRecord(TOPICS.keys, key_record_key(consult_id, key_id), encode_key(key), 0))

    def erase(self, consult_id: str = "gone", *, broker: Broker | None = None) -> ErasureReport:
        erasure = ConsultationErasure(broker or self.broker, TOPICS, consult_id, group="workers", clock=self.clock)
        with self.journal() as journal:
            return erasure.run(journal, reason="asked for")

    def rewrap(self, provider: KeyProvider) -> RewrapReport:
        with self.journal() as journal:
            return rewrap(self.broker, TOPICS, provider, journal, known=(OLD.id, NEW.id))

    def keys(self) -> dict[bytes, str]:
        with closing(self.broker.reader()) as reader:
            return {name: key.provider_key_id for name, key in live_keys(reader, KEYS).items()}

    def outcomes(self) -> list[tuple[AuditEvent, str]]:
        with closing(self.broker.reader()) as reader:
            records = [
                AuditV1.model_validate_json(record.value or b"")
                for record in reader.read(TopicPartition(TOPICS.audit_events, 0), start=0)
            ]
        return [(record.event, record.outcome) for record in records]

    def texts(self, topic: str) -> list[bytes | None]:
        with closing(self.broker.reader()) as reader:
            return [record.value for record in reader.read(TopicPartition(topic, 0), start=0)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    one = Site(tmp_path)
    one.add_key("gone", "dk_1")
    one.add_key("gone", "dk_2")
    one.add_key("gone/too", "dk_3")
    one.publish(
        OutgoingRecord(TOPICS.chunks, b"gone", b"said", 0),
        OutgoingRecord(TOPICS.chunks, b"gone/too", b"another", 0),
        OutgoingRecord(TOPICS.dead_letter, b"gone", b"unreadable", 0),
    )
    return one


def test_every_key_of_the_consultation_goes_and_no_other(site: Site) -> None:
    report = site.erase()

    assert list(site.keys()) == [b"gone/too/dk_3"]
    assert site.texts(TOPICS.chunks) == [b"another"]
    assert site.texts(TOPICS.dead_letter) == []
    assert [one.records for one in report.topics] == [2, 1, 0, 0, 0, 1]


def test_an_erasure_that_broke_off_is_finished_by_the_next(site: Site) -> None:
    def breaks(admin: TopicAdmin, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        if topic == TOPICS.chunks:
            raise BrokerRefused("planned")
        return admin.erase(topic, keys)

    with pytest.raises(BrokerRefused):
        site.erase(broker=BrokerOf(site.broker, breaks))
    assert site.texts(TOPICS.chunks) == [b"said", b"another"]
    assert ConsultationErasure(site.broker, TOPICS, "gone", group="workers", clock=site.clock).known()

    site.erase()

    assert site.texts(TOPICS.chunks) == [b"another"]
    assert [outcome for _, outcome in site.outcomes()] == ["asked", "asked", "done"]


def test_no_key_is_destroyed_where_the_trail_cannot_be_written(site: Site) -> None:
    site.publish(OutgoingRecord(TOPICS.audit_events, None, b"no link", 0))

    with pytest.raises(Exception, match="unreadable"):
        site.erase()

    assert len(site.keys()) == 3


def test_a_log_that_is_read_just_now_is_asked_again(site: Site) -> None:
    busy = [BrokerUnavailable("read"), BrokerUnavailable("read")]

    def erase(admin: TopicAdmin, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        if busy:
            raise busy.pop()
        return admin.erase(topic, keys)

    site.erase(broker=BrokerOf(site.broker, erase))

    assert list(site.keys()) == [b"gone/too/dk_3"]


def test_a_broker_that_never_can_is_given_up(site: Site) -> None:
    def erase(admin: TopicAdmin, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        raise BrokerUnavailable("read")

    with pytest.raises(BrokerError):
        site.erase(broker=BrokerOf(site.broker, erase))


def test_what_a_broker_keeps_is_told_with_its_end(site: Site) -> None:
    def keeps(admin: TopicAdmin, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        return Erasure.WITH_COMPACTION if topic == TOPICS.keys else Erasure.WITH_RETENTION

    said_at_ms = site.clock.now_ms()
    site.clock.advance(60.0)
    keys, chunks, safe, *_ = site.erase(broker=BrokerOf(site.broker, keeps)).topics

    assert (keys.became, keys.until_ms) == (Erasure.WITH_COMPACTION, site.clock.now_ms() + 3_600_000)
    assert (chunks.became, chunks.until_ms) == (Erasure.WITH_RETENTION, said_at_ms + 7 * 86_400_000)
    assert (safe.records, safe.until_ms) == (0, None)


@pytest.mark.parametrize("what", ["key", "chunk", "verdict"])
def test_a_consultation_that_speaks_on_meanwhile_is_told_of(site: Site, what: str) -> None:
    def speaks(admin: TopicAdmin, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        became = admin.erase(topic, keys)
        if topic == TOPICS.dead_letter and what == "key":
            site.add_key("gone", "dk_9")
        elif topic == TOPICS.dead_letter:
            site.publish(OutgoingRecord(TOPICS.safe if what == "verdict" else TOPICS.chunks, b"gone", b"more", 0))
        return became

    report = site.erase(broker=BrokerOf(site.broker, speaks))

    assert report.spoke_on
    assert site.outcomes()[-1] == (AuditEvent.ERASED, "unfinished")
    assert not site.erase().spoke_on
    assert site.outcomes()[-1] == (AuditEvent.ERASED, "done")


class Deaf:
    """A member of the group that nothing is told to."""

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None: ...

    def revoked(self, partitions: Sequence[TopicPartition]) -> None: ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None: ...


class Erasing:
    """A provider during whose work a consultation is erased."""

    def __init__(self, erase: Callable[[], object]) -> None:
        self._erase: Callable[[], object] | None = erase

    @property
    def key_id(self) -> str:
        return BOTH.key_id

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        erase, self._erase = self._erase, None
        if erase is not None:
            erase()
        return BOTH.wrap(data_key, context=context)

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        return BOTH.unwrap(wrapped, context=context)


def test_the_record_of_the_asking_says_where_the_cut_lies(site: Site) -> None:
    site.erase()

    with closing(site.broker.reader()) as reader:
        first, *_ = reader.read(TopicPartition(TOPICS.audit_events, 0), start=0)
    assert asked_in(first) == Asked("gone", site.clock.now_ms() - 3000, ends=(2,))


def test_what_is_in_flight_is_waited_for_until_it_is_done_or_every_worker_has_heard(site: Site) -> None:
    began_ms = site.clock.now_ms()
    site.erase()
    assert site.clock.now_ms() - began_ms == 3000  # nobody works here

    site.publish(OutgoingRecord(TOPICS.chunks, b"gone", b"more", 0))
    stream = site.broker.stream(topic=TOPICS.chunks, group="workers", instance_id="w")
    stream.open(Deaf())
    while not stream.poll(timeout_seconds=0.1, max_records=10):
        pass
    stream.commit([], offsets={TopicPartition(TOPICS.chunks, 0): 3})
    stream.close(Deadline(1.0, clock=site.clock))
    began_ms = site.clock.now_ms()
    site.erase()
    assert site.clock.now_ms() == began_ms


def test_a_key_erased_while_all_are_wrapped_anew_does_not_come_back(site: Site) -> None:
    report = site.rewrap(Erasing(site.erase))

    assert site.keys() == {b"gone/too/dk_3": NEW.id}
    assert (report.wrapped, dict(report.in_use)) == (1, {NEW.id: 1})
    with closing(site.broker.reader()) as reader:
        assert record_keys_of(reader, [KEYS], "gone") == {}


def test_a_key_made_after_an_erasure_ended_is_wrapped_anew_like_any_other(site: Site) -> None:
    site.erase()
    site.clock.advance(1.0)
    site.add_key("gone", "dk_9")

    site.rewrap(BOTH)

    assert site.keys() == {b"gone/too/dk_3": NEW.id, b"gone/dk_9": NEW.id}
