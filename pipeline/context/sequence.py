"""Which chunk numbers of a consultation have been seen: one verdict a chunk, and no chunk out of order."""

from bisect import bisect_right
from enum import StrEnum


class Arrival(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    BACKWARDS = "backwards"


class SeenNumbers:
    """The numbers seen of one consultation, as disjoint intervals: one interval for a producer that skips nothing.

    A gap is allowed (a producer may drop a chunk it could not read); a number below the highest that was never seen
    arrives too late to be judged in order.
    """

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def arrive(self, seq: int) -> Arrival:
        """Classify `seq` and, if it is new, remember it."""
        if not self._ends or seq > self._ends[-1]:
            if self._ends and seq == self._ends[-1] + 1:
                self._ends[-1] = seq
            else:
                self._starts.append(seq)
                self._ends.append(seq)
            return Arrival.NEW
        index = bisect_right(self._starts, seq) - 1
        return Arrival.DUPLICATE if index >= 0 and seq <= self._ends[index] else Arrival.BACKWARDS
