"""Which partitions are ours: turns the library's rebalance callbacks into facts for the polling thread.

The library calls its listener on its own I/O thread, in the middle of a poll, where nothing may block. So the
callbacks only note what happened; the stream tells its own listener on the polling thread once the poll returns. Two
things keep this as safe as telling it at once:

- a revocation not yet told holds back the next JoinGroup, without which no other member is given the partition
- a member that fell out of its group claims no partitions when it joins again. The library's assignor would go on
  claiming what it last had, and the leader could then hand a partition to two members at once
"""

import threading
from collections.abc import Callable, Iterable, Sequence

from kafka import ConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import RetriableError
from kafka.protocol.consumer.metadata import ConsumerProtocolSubscription
from kafka.structs import ConsumerGroupMetadata
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.broker.base import TopicPartition


class RevocationNotTold(RetriableError):  # type: ignore[misc]  # the library has no types
    """Held back: the owner has not yet been told what it lost. The library tries again by itself."""


class RebalanceNotes:
    """What happened on the I/O thread and was not yet told; shared by both threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost: set[TopicPartition] = set()
        self._revocation = False

    def note_revoked(self) -> None:
        with self._lock:
            self._revocation = True

    def note_lost(self, partitions: Iterable[LibraryPartition]) -> None:
        with self._lock:
            self._lost.update(TopicPartition(*partition) for partition in partitions)

    @property
    def untold_revocation(self) -> bool:
        return self._revocation

    def take_lost(self) -> set[TopicPartition]:
        """What was lost since the last call."""
        with self._lock:
            lost, self._lost = self._lost, set()
            return lost

    def told(self) -> None:
        """The owner knows everything that was revoked."""
        with self._lock:
            self._revocation = False


class NotingListener(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """The library's listener; runs on its I/O thread."""

    def __init__(self, notes: RebalanceNotes) -> None:
        self._notes = notes

    def on_partitions_revoked(self, revoked: set[LibraryPartition]) -> None:
        if revoked:
            self._notes.note_revoked()

    def on_partitions_assigned(self, assigned: set[LibraryPartition]) -> None:
        """Nothing to note: the stream compares the assignment with what it owns."""

    def on_partitions_lost(self, lost: set[LibraryPartition]) -> None:
        self._notes.note_lost(lost)


class HonestAssignor(CooperativeStickyAssignor):  # type: ignore[misc]  # the library has no types
    """Cooperative-sticky whose member claims only what it still owns. Called right before each JoinGroup."""

    def __init__(self, notes: RebalanceNotes) -> None:
        super().__init__()
        self._notes = notes
        self.member_assignment: Sequence[LibraryPartition] | None = None  # the library's own; named here for its type
        self.membership: Callable[[], ConsumerGroupMetadata] | None = None
        self.joining: Callable[[], None] | None = None

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolSubscription:
        if self.joining is not None:
            self.joining()
        if self._notes.untold_revocation:
            raise RevocationNotTold
        if self.member_assignment and self.membership is not None and not is_member(self.membership()):
            self._notes.note_lost(self.member_assignment)
            self.member_assignment = None
        return super().metadata(topics)


def is_member(membership: ConsumerGroupMetadata) -> bool:
    """Whether this names a live membership. An empty one must never reach the broker: it would skip the fencing."""
    return membership.generation_id >= 0 and bool(membership.member_id)
