"""Which admitted chunk waits for which answer of the judge, and what a failed commit need not ask again."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from pipeline.broker.base import RecordRef, TopicPartition
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.runtime.flow import Pending
from pipeline.runtime.inflight import Slot
from pipeline.runtime.judging import Ask, JudgeThread


class Heard(NamedTuple):
    """A judge's answer to a waiting chunk; `seconds` at the judge, 0.0 where it was kept from before."""

    slot: Slot
    pending: Pending
    finding: Judgment | Abstention
    seconds: float


class Docket:
    """Used by the worker's thread alone.

    Findings are kept until their chunk is committed. When a commit fails the chunks are read again, and decided from
    the kept findings: a replay gives the same verdict even on a server whose scores vary in the last digit.
    """

    def __init__(self, judges: JudgeThread) -> None:
        self._judges = judges
        self._tickets = 0
        self._waiting: dict[int, tuple[Slot, Pending]] = {}
        self._asks: list[Ask] = []
        self._kept: dict[RecordRef, Judgment | Abstention] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, slot: Slot, pending: Pending) -> Heard | None:
        """Queue a chunk for the judge; or, if its finding is kept, hear it at once."""
        kept = self._kept.get(pending.record.ref)
        if kept is not None:
            return Heard(slot, pending, kept, 0.0)
        self._tickets += 1
        self._waiting[self._tickets] = (slot, pending)
        self._asks.append(Ask(self._tickets, pending.window))
        return None

    def ask(self) -> None:
        """Hand everything queued to the judge, in one go."""
        asks, self._asks = self._asks, []
        self._judges.ask(asks)

    def hear(self) -> Iterator[Heard]:
        """What the judge answered since the last call. Raises what broke the judge."""
        for answer in self._judges.answers():
            waiting = self._waiting.pop(answer.ticket, None)
            if waiting is None:
                continue  # given up when its partition went to someone else
            if answer.fault is not None:
                raise answer.fault
            assert answer.finding is not None
            self._kept[waiting[0].record.ref] = answer.finding
            yield Heard(*waiting, answer.finding, answer.seconds)

    def give_up(self, slots: Collection[Slot]) -> None:
        """These are not waited for any more."""
        gone = {id(slot) for slot in slots}
        tickets = [ticket for ticket, (slot, _) in self._waiting.items() if id(slot) in gone]
        for ticket in tickets:
            del self._waiting[ticket]
        self._asks = [ask for ask in self._asks if ask.ticket in self._waiting]
        self._judges.cancel(tickets)

    def settled(self, refs: Sequence[RecordRef]) -> None:
        """These are committed; their findings are not needed again."""
        for ref in refs:
            self._kept.pop(ref, None)

    def settled_before(self, partition: TopicPartition, position: int | None) -> None:
        """Everything of the partition before `position` (None: all of it) is not ours to do again."""
        self._kept = {
            ref: finding
            for ref, finding in self._kept.items()
            if ref.topic_partition != partition or (position is not None and ref.offset >= position)
        }
