"""The window agrees with plain lists of what was admitted, decided and committed, whatever the order of events."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.domain.audit import AuditEvent, AuditRecord, SourcePosition
from pipeline.runtime.inflight import InFlight, Outcome, Slot

CAPACITY = 6
partitions = st.integers(0, 2)


def _partition(number: int) -> TopicPartition:
    return TopicPartition("chunks", number)


def _outcome(record: Record) -> Outcome:
    return Outcome((), AuditRecord(AuditEvent.SKIPPED, "empty", 0, SourcePosition(*record.ref), "test"))


class Window(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.window = InFlight(CAPACITY)
        self.slots: dict[int, list[Slot]] = {0: [], 1: [], 2: []}
        self.next_offset = dict.fromkeys(range(3), 0)
        self.committed = dict.fromkeys(range(3), 0)

    def _all(self) -> list[Slot]:
        return [slot for slots in self.slots.values() for slot in slots]

    def _head(self, number: int) -> list[Slot]:
        """The decided ones before the first undecided."""
        slots = self.slots[number]
        undecided = [place for place, slot in enumerate(slots) if slot.outcome is None]
        return slots[: undecided[0]] if undecided else list(slots)

    @precondition(lambda self: len(self._all()) < CAPACITY)
    @rule(number=partitions)
    def admit(self, number: int) -> None:
        ref = RecordRef("chunks", number, self.next_offset[number])
        self.slots[number].append(self.window.admit(Record(ref, b"k", b"v", (), 0)))
        self.next_offset[number] += 1

    @precondition(lambda self: any(slot.outcome is None for slot in self._all()))
    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([slot for slot in self._all() if slot.outcome is None]))
        slot.outcome = _outcome(slot.record)

    @rule(number=partitions)
    def commit(self, number: int) -> None:
        head = self.window.decided().get(_partition(number), [])
        if head:
            assert [slot.record.ref.offset for slot in head] == list(
                range(self.committed[number], self.committed[number] + len(head))
            )
            self.window.release(_partition(number), len(head))
            self.committed[number] += len(head)
            del self.slots[number][: len(head)]

    @rule(number=partitions)
    def drop(self, number: int) -> None:
        """A failed commit or a rebalance: what was not committed comes again."""
        assert self.window.drop(_partition(number)) == self.slots[number]
        self.slots[number] = []
        self.next_offset[number] = self.committed[number]

    @invariant()
    def agrees(self) -> None:
        heads = {_partition(number): head for number in range(3) if (head := self._head(number))}
        assert self.window.decided() == heads
        assert self.window.has_decided() == bool(heads)
        assert len(self.window) == len(self._all())
        assert self.window.free == CAPACITY - len(self._all())


TestWindow = Window.TestCase
