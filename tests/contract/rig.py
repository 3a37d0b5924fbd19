"""What a contract test drives a broker with; nothing here knows which broker it is."""

import queue
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pipeline.broker.base import Broker, OutgoingRecord, Record, Stream, TopicPartition, TopicSpec
from pipeline.clock import Deadline, SystemClock
from pipeline.errors import BrokerError, BrokerUnavailable, CommitAborted

CLOCK = SystemClock()


@dataclass
class Rig:
    """A broker, names nobody else uses, and how long a wait may take there."""

    broker: Broker
    patience_seconds: float
    _closing: list[Callable[[], None]] = field(default_factory=list)

    def unique(self, word: str) -> str:
        return f"{word}-{uuid.uuid4().hex[:12]}"

    def topic(self, partitions: int = 1, **settings: Any) -> str:
        name = self.unique("contract")
        admin = self.broker.topics()
        admin.create(TopicSpec(name, partitions, **settings))
        self.until(lambda: admin.describe(name) is not None)
        admin.close()
        return name

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for the condition; fail the test when patience ends."""
        deadline = Deadline(self.patience_seconds, clock=CLOCK)
        while not condition():
            assert not deadline.passed, "the condition was not met in time"
            CLOCK.sleep(0.01)

    def deadline(self) -> Deadline:
        return Deadline(self.patience_seconds, clock=CLOCK)

    def publish(self, topic: str, values: Iterable[bytes], *, partition: int | None = 0) -> list[int]:
        """The offsets given to `values`."""
        with self.publishing() as publish:
            return [
                ref.offset for ref in publish([OutgoingRecord(topic, b"key", value, partition) for value in values])
            ]

    @contextmanager
    def publishing(self) -> Iterator[Callable[[Sequence[OutgoingRecord]], Sequence[Any]]]:
        publisher = self.broker.publisher(publisher_id=self.unique("publisher"))
        try:
            yield publisher.publish
        finally:
            publisher.close()

    @contextmanager
    def reading(self) -> Iterator[Any]:
        reader = self.broker.reader()
        try:
            yield reader
        finally:
            reader.close()

    def records(self, topic: str, partition: int = 0) -> list[Record]:
        """Everything committed there now, once no transaction is open on it."""
        place = TopicPartition(topic, partition)
        with self.reading() as reader:
            reader.last(place, settle_seconds=self.patience_seconds)
            return list(reader.read(place, start=reader.begin_offset(place)))

    def values(self, topic: str, partition: int = 0) -> list[bytes | None]:
        return [record.value for record in self.records(topic, partition)]

    def committed(self, group: str, topic: str, partition: int = 0) -> int | None:
        with self.reading() as reader:
            offset: int | None = reader.committed(group, TopicPartition(topic, partition))
            return offset

    def open(self, topic: str, *, group: str, instance_id: str | None = None) -> tuple[Stream, "Journal"]:
        """An open stream for the test's own thread; closed at the end of the test."""
        journal = Journal()
        stream = self.broker.stream(topic=topic, group=group, instance_id=instance_id or self.unique("instance"))
        self.at_end(lambda: _close(stream, self.deadline()))
        stream.open(journal)
        return stream, journal

    def take(self, stream: Stream, count: int) -> list[Record]:
        """Poll until `count` records have come; fails the test if more come or patience ends."""
        taken: list[Record] = []

        def enough() -> bool:
            with suppress(BrokerUnavailable):
                taken.extend(stream.poll(timeout_seconds=0.1, max_records=100))
            return len(taken) >= count

        self.until(enough)
        assert len(taken) == count
        return taken

    def member(self, topic: str, *, group: str, instance_id: str | None = None, **options: Any) -> "Member":
        """A stream on a thread of its own, polling; closed at the end of the test."""
        stream = self.broker.stream(topic=topic, group=group, instance_id=instance_id or self.unique("instance"))
        member = Member(stream, patience_seconds=self.patience_seconds, **options)
        member.start()
        self.at_end(member.close)
        return member

    def at_end(self, close: Callable[[], None]) -> None:
        self._closing.append(close)

    def close(self) -> None:
        while self._closing:
            self._closing.pop()()


def _close(stream: Stream, deadline: Deadline) -> None:
    with suppress(BrokerError):
        stream.close(deadline)


def next_offsets(records: Iterable[Record]) -> dict[TopicPartition, int]:
    """The offsets to commit when `records` are done."""
    return {record.ref.topic_partition: record.ref.offset + 1 for record in records}


def copies(records: Iterable[Record], topic: str) -> list[OutgoingRecord]:
    """Each record again, to the same partition of another topic."""
    return [OutgoingRecord(topic, record.key, record.value or b"", record.ref.partition) for record in records]


class Journal:
    """A listener that remembers: what is owned now, from where, and everything that happened in order."""

    def __init__(self) -> None:
        self.owned: dict[TopicPartition, int] = {}
        self.events: list[tuple[str, frozenset[TopicPartition]]] = []

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        assert not positions.keys() & self.owned.keys(), "assigned what was never taken away"
        self.owned.update(positions)
        self.events.append(("assigned", frozenset(positions)))

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self._gone("revoked", partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self._gone("lost", partitions)

    def _gone(self, kind: str, partitions: Sequence[TopicPartition]) -> None:
        assert set(partitions) <= self.owned.keys(), "taken away what was never assigned"
        for partition in partitions:
            del self.owned[partition]
        self.events.append((kind, frozenset(partitions)))

    def told(self, kind: str) -> frozenset[TopicPartition]:
        """Every partition that was ever `kind`."""
        return frozenset().union(*(partitions for event, partitions in self.events if event == kind))


class Member(Journal):
    """A group member on its own thread. With `copy_to` it copies what it is given and commits, at once or (`lazy`) not
    before its partitions are revoked."""

    def __init__(
        self,
        stream: Stream,
        *,
        patience_seconds: float,
        copy_to: str | None = None,
        lazy: bool = False,
        told: list[tuple["Member", str, TopicPartition]] | None = None,
    ) -> None:
        super().__init__()
        self.stream = stream
        self.pending: list[Record] = []
        self.delivered: list[Record] = []
        self.fault: BaseException | None = None
        self._copy_to = copy_to
        self._lazy = lazy
        self._told = told
        self._patience_seconds = patience_seconds
        self._asked: queue.Queue[tuple[Callable[[Stream], Any], Future[Any]]] = queue.Queue()
        self._polling = True
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self, work: Callable[[Stream], Any]) -> Any:
        """Run `work` on the thread that owns the stream."""
        answer: Future[Any] = Future()
        self._asked.put((work, answer))
        return answer.result(timeout=self._patience_seconds)

    def stall(self) -> None:
        """Stop polling, as a process does that hangs."""
        self._polling = False
        self.ask(lambda _: None)

    def go_on(self) -> None:
        self._polling = True

    def close(self) -> None:
        """Leave the group in order."""
        if self._thread.is_alive():
            self._ended.set()
            self._thread.join(timeout=self._patience_seconds)
            assert not self._thread.is_alive(), "a member did not close"

    def commit_pending(self) -> None:
        """Commit what was delivered and not yet committed; asked from the member's own thread."""
        done = [record for record in self.pending if record.ref.topic_partition in self.owned]
        if done and self._copy_to is not None:
            self.stream.commit(copies(done, self._copy_to), offsets=next_offsets(done))
        self.pending.clear()

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        if self._copy_to is not None:
            self.commit_pending()
        super().revoked(partitions)
        self._note("revoked", partitions)
        self._forget(partitions)

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        super().assigned(positions)
        self._note("assigned", positions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        super().lost(partitions)
        self._forget(partitions)

    def _note(self, kind: str, partitions: Iterable[TopicPartition]) -> None:
        if self._told is not None:
            self._told.extend((self, kind, partition) for partition in partitions)

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        self.pending = [record for record in self.pending if record.ref.topic_partition not in partitions]

    def _run(self) -> None:
        try:
            self.stream.open(self)
            while not self._ended.is_set():
                self._answer()
                if self._polling:
                    self._poll()
                else:
                    CLOCK.sleep(0.01)
        except Exception as error:  # noqa: BLE001 (handed to the test, which says what it expected)
            self.fault = error
        finally:
            _close(self.stream, Deadline(self._patience_seconds, clock=CLOCK))
            self._refuse_asked()

    def _answer(self) -> None:
        with suppress(queue.Empty):
            while True:
                work, answer = self._asked.get_nowait()
                try:
                    answer.set_result(work(self.stream))
                except Exception as error:  # noqa: BLE001 (raised again in the test)
                    answer.set_exception(error)

    def _refuse_asked(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._asked.get_nowait()[1].set_exception(self.fault or RuntimeError("the member has ended"))

    def _poll(self) -> None:
        try:
            records = self.stream.poll(timeout_seconds=0.05, max_records=20)
            self.delivered += records
            self.pending += records
            if self._copy_to is not None and not self._lazy:
                self.commit_pending()
        except CommitAborted:
            self.pending.clear()
            self.stream.recover()
        except BrokerUnavailable:
            CLOCK.sleep(0.05)
