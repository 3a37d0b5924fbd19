"""The bounded window of chunks admitted and not yet committed: judged in any order, released in input order."""

from collections import deque
from dataclasses import dataclass, field

from pipeline.broker.base import OutgoingRecord, Record, TopicPartition
from pipeline.domain.audit import AuditRecord


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one input record leads to: what is published because of it, and the audit record."""

    published: tuple[OutgoingRecord, ...]
    audit: AuditRecord


@dataclass(slots=True, eq=False)
class Slot:
    """One admitted record; `outcome` is None until it is decided."""

    record: Record
    outcome: Outcome | None = None


@dataclass(slots=True)
class InFlight:
    """Slots by partition, in input order. `capacity` bounds all partitions together, in records."""

    capacity: int
    _slots: dict[TopicPartition, deque[Slot]] = field(default_factory=dict)
    _count: int = 0

    def __len__(self) -> int:
        return self._count

    @property
    def free(self) -> int:
        return max(0, self.capacity - self._count)

    def admit(self, record: Record) -> Slot:
        """A slot at the end of the record's partition. The caller keeps to `free`."""
        slot = Slot(record)
        self._slots.setdefault(record.ref.topic_partition, deque()).append(slot)
        self._count += 1
        return slot

    def decided(self) -> dict[TopicPartition, list[Slot]]:
        """Of each partition, the decided slots before its first undecided one; partitions with none are left out."""
        heads: dict[TopicPartition, list[Slot]] = {}
        for partition, slots in self._slots.items():
            head: list[Slot] = []
            for slot in slots:
                if slot.outcome is None:
                    break
                head.append(slot)
            if head:
                heads[partition] = head
        return heads

    def has_decided(self) -> bool:
        """Whether `decided` would give anything, without building it."""
        return any(slots and slots[0].outcome is not None for slots in self._slots.values())

    def of(self, key: bytes) -> list[Slot]:
        """The slots of the records with this key."""
        return [slot for slots in self._slots.values() for slot in slots if slot.record.key == key]

    def release(self, partition: TopicPartition, count: int) -> None:
        """Forget the first `count` slots of a partition: they are committed."""
        slots = self._slots[partition]
        for _ in range(count):
            slots.popleft()
        self._count -= count

    def drop(self, partition: TopicPartition) -> list[Slot]:
        """Forget a partition's slots, committed or not; they are handed back for cancelling."""
        slots = self._slots.pop(partition, deque())
        self._count -= len(slots)
        return list(slots)
