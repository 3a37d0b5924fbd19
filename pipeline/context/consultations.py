"""What is remembered of the consultations of one partition: the numbers seen, and the recent turns.

The state after a record is a function of the input log up to that record. Which consultations are remembered depends
on broker timestamps and counts alone, never on the wall clock, so a worker that takes a partition over and reads back
one horizon gives the same chunk the same prompt as its predecessor would have. That holds for consultations whose
records lie within one horizon; of a longer one, only what lies within the last horizon is known for certain.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from pipeline.context.sequence import Arrival, SeenNumbers
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.window import ContextWindow, Turn


@dataclass(frozen=True, slots=True)
class ContextLimits:
    """How much is remembered.

    `max_turns` and `max_tokens` (estimated, see `estimate_tokens`) bound one window; `horizon_ms` is how long after
    its last chunk a consultation is remembered; `max_consults` bounds the memory of one partition.
    """

    max_turns: int = 6
    max_tokens: int = 256
    horizon_ms: int = 24 * 3_600_000
    max_consults: int = 20_000


def estimate_tokens(text: str) -> int:
    """An upper estimate without a tokenizer: one token for three bytes of UTF-8.

    Byte-level BPE needs about 4 bytes a token in English and 3 to 5 in Chinese, so this errs towards a shorter
    context; and it is the same for every model, so that a model change does not change what a window holds.
    """
    return len(text.encode()) // 3 + 1


@dataclass(slots=True)
class _Consultation:
    last_ms: int = 0
    seen: SeenNumbers = field(default_factory=SeenNumbers)
    turns: deque[Turn] = field(default_factory=deque)


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
            consultation = self._known[consult_id] = _Consultation()
            if len(self._known) > self._limits.max_consults:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(consult_id)
        consultation.last_ms = self._stream_ms
        return consultation.seen.arrive(seq)

    def window(self, clean: CleanChunk) -> ContextWindow:
        """The window of a chunk that arrived as new; the chunk becomes a turn of the windows after it."""
        consultation = self._known[clean.chunk.consult_id]
        window = ContextWindow(clean, self._within_budget(consultation.turns))
        consultation.turns.append(Turn(clean.chunk.speaker.role, clean.text))
        if len(consultation.turns) > self._limits.max_turns:
            consultation.turns.popleft()
        return window

    def _within_budget(self, turns: deque[Turn]) -> tuple[Turn, ...]:
        """The latest turns that fit, oldest first; a turn that does not fit keeps its end, nearest to the chunk."""
        left = self._limits.max_tokens
        chosen: list[Turn] = []
        for turn in reversed(turns):
            need = estimate_tokens(turn.text)
            if need > left:
                # At most four bytes a character, three a token and one token to begin: so many always fit.
                tail_chars = max(0, 3 * left - 1) // 4
                if tail_chars:
                    chosen.append(Turn(turn.role, turn.text[-tail_chars:]))
                break
            chosen.append(turn)
            left -= need
        return tuple(reversed(chosen))

    def _forget_silent(self) -> None:
        """The first is the longest silent, because arriving moves a consultation to the end."""
        oldest_kept_ms = self._stream_ms - self._limits.horizon_ms
        while self._known:
            consult_id = next(iter(self._known))
            if self._known[consult_id].last_ms >= oldest_kept_ms:
                return
            del self._known[consult_id]
