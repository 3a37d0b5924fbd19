"""Whatever fails or crashes, in whatever order: one sound series, the same in topic and anchor."""

from collections.abc import Callable, Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audit.checkpoint_series import follow
from pipeline.audit.checkpointer import Checkpointer
from pipeline.broker.base import OutgoingRecord, Record, RecordRef, TopicPartition
from pipeline.errors import AnchorRefused, AnchorUnavailable, BrokerUnavailable, CommitUnknown, ConsultGuardError
from pipeline.runtime.checkpointing import Cadence, CheckpointService
from pipeline.testing.fake_clock import FakeClock
from tests.audit_chains import chain
from tests.unit.audit.checkpoints import KEY, ORIGIN
from tests.unit.audit.listed_reader import ListedReader

AUDIT, POINTS = TopicPartition("consult.audit", 0), TopicPartition("consult.audit.checkpoints", 0)
LINKS = chain(12, chain_id="consult.chunks/0")


class Crash(Exception):
    """The process is gone."""


class CrashingClock(FakeClock):
    """Ends in a crash, or calls `then`, after so many sleeps."""

    def __init__(self, sleeps: int, then: Callable[[], None] | None) -> None:
        super().__init__()
        self._sleeps = sleeps
        self.then = then

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._sleeps -= 1
        if self._sleeps == 0:
            if self.then is None:
                raise Crash
            self.then()


class ListedPublisher:
    """Appends to the lists of a reader; `outcomes` say what becomes of the next appends."""

    def __init__(self, reader: ListedReader) -> None:
        self._reader = reader
        self.outcomes: list[str] = []

    def append(self, partition: TopicPartition, make: Callable[[Record | None], OutgoingRecord]) -> RecordRef:
        outcome = self.outcomes.pop(0) if self.outcomes else "made"
        if outcome == "away":
            raise BrokerUnavailable("away")
        value = make(self._reader.last(partition, settle_seconds=0)).value
        if outcome != "lost":
            self._reader.append(partition, [value])
        if outcome != "made":
            raise CommitUnknown("no answer")
        return RecordRef(*partition, self._reader.end_offset(partition) - 1)

    def publish(self, records: Sequence[OutgoingRecord]) -> Sequence[RecordRef]:
        raise NotImplementedError

    def close(self) -> None:
        return None


class ListedAnchor:
    """Keeps values in memory; `away` says for each of the next puts whether it answers."""

    readable = True

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}
        self.away: list[bool] = []

    def put(self, seq: int, value: bytes) -> None:
        if self.away and self.away.pop(0):
            raise AnchorUnavailable("away")
        if self.kept.setdefault(seq, value) != value:
            raise AnchorRefused("another is kept")

    def read(self, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
        return iter(sorted(found for found in self.kept.items() if found[0] >= start))


LIVES = st.lists(
    st.tuples(
        st.integers(0, 3),  # records judged before it starts
        st.integers(1, 12),  # seconds until it ends
        st.booleans(),  # by a crash
        st.lists(st.sampled_from(["made", "unknown", "lost", "away"]), max_size=6),
        st.lists(st.booleans(), max_size=6),
    ),
    max_size=4,
)


@settings(max_examples=40)
@given(LIVES, st.integers(0, 2))
def test_topic_and_anchor_hold_one_sound_series_over_all_records(
    lives: list[tuple[int, int, bool, list[str], list[bool]]], gap: int
) -> None:
    reader, anchor, judged = ListedReader(gap=gap), ListedAnchor(), 0
    publisher = ListedPublisher(reader)

    def service(clock: FakeClock) -> CheckpointService:
        return CheckpointService(
            Checkpointer(reader, audit_topic=AUDIT.topic, partitions=1, origin=ORIGIN, key=KEY, clock=clock),
            reader=reader,
            publisher=publisher,
            topic=POINTS,
            anchor=anchor,
            public_keys=[KEY.public_key()],
            cadence=Cadence(records=2, seconds=3.0),
            clock=clock,
        )

    for more, seconds, crashes, outcomes, away in lives:
        reader.append(AUDIT, LINKS[judged : judged + more])
        judged += more
        publisher.outcomes, anchor.away = outcomes, away
        clock = CrashingClock(seconds, None)
        found = service(clock)
        if not crashes:
            clock.then = found.stop
        try:
            found.run()
        except Crash:
            pass
        except ConsultGuardError as error:
            if not error.retriable:  # what is still there at the deadline may end it, and nothing else
                raise
    publisher.outcomes, anchor.away = [], []

    done = service(FakeClock()).run_once()

    values = [record.value or b"" for record in reader.read(POINTS, start=0)]
    series = follow(values, public_key=KEY.public_key(), origin=ORIGIN)
    assert (series.flaw, series.count, done.last_seq) == (None, len(values), len(values) - 1)
    assert list(anchor.kept.items()) == list(enumerate(values))
    assert series.last is not None
    assert sum(state.size for state in series.last.chains) == judged
