"""What is remembered of the consultations of one partition: the numbers seen, and the recent turns.

The state after a record is a function of the input log up to that record. Which consultations are remembered depends
on broker timestamps and counts alone, never on the wall clock, so a worker that takes a partition over and reads back
one horizon gives the same chunk the same prompt as its predecessor would have. That holds for consultations whose
records lie within one horizon; of a longer one, only what lies within the last horizon is known for certain.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from pipeline.context.sequence import Arrival, SeenNumbers
from pipeline.context.turns import RecentTurns
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.window import ContextWindow


@dataclass(frozen=True, slots=True)
class ContextLimits:
    """How much is remembered.

    `max_turns` and `max_tokens` (by `estimate_tokens` of pipeline.context.turns) bound one window; `horizon_ms` is how
    long after its last chunk a consultation is remembered; `max_consults` bounds the memory of one partition.
    """

    max_turns: int = 12
    max_tokens: int = 384
    horizon_ms: int = 24 * 3_600_000
    max_consults: int = 20_000


@dataclass(slots=True)
class _Consultation:
    turns: RecentTurns
    last_ms: int = 0
    seen: SeenNumbers = field(default_factory=SeenNumbers)


class Consultations:
    """The consultations of one partition. Feed it every valid chunk in input order: `arrive`, then `window`."""

    def __init__(self, limits: ContextLimits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, _Consultation] = OrderedDict()
        self._stream_ms = 0

    def __len__(self) -> int:
        return len(self._known)

    def arrive(self, consult_id: str, seq: int, *, timestamp_ms: int) -> Arrival:
        """Classify a chunk's number and remember it; `timestamp_ms` is the broker's, of its record."""
        self._stream_ms = max(self._stream_ms, timestamp_ms)
        self._forget_silent()
        consultation = self._known.get(consult_id)
        if consultation is None:
            consultation = self._known[consult_id] = _Consultation(self._no_turns())
            if len(self._known) > self._limits.max_consults:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(consult_id)
        consultation.last_ms = self._stream_ms
        return consultation.seen.arrive(seq)

    def window(self, clean: CleanChunk) -> ContextWindow:
        """The window of a chunk that arrived as new; the windows after it hold the chunk as a turn, or beside one."""
        turns = self._known[clean.chunk.consult_id].turns
        window = ContextWindow(clean, turns.before(clean), turns.earlier())
        turns.add(clean)
        return window

    def forget_turns(self, consult_id: str) -> None:
        """No later window shows what was said so far. The numbers seen are kept."""
        consultation = self._known.get(consult_id)
        if consultation is not None:
            consultation.turns = self._no_turns()

    def _no_turns(self) -> RecentTurns:
        return RecentTurns(max_turns=self._limits.max_turns, max_tokens=self._limits.max_tokens)

    def _forget_silent(self) -> None:
        """The first is the longest silent, because arriving moves a consultation to the end."""
        oldest_kept_ms = self._stream_ms - self._limits.horizon_ms
        while self._known:
            consult_id = next(iter(self._known))
            if self._known[consult_id].last_ms >= oldest_kept_ms:
                return
            del self._known[consult_id]
