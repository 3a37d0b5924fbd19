"""The recent turns of one consultation, and who spoke while another was still speaking.

A listener's "mm-hmm" inside another's turn is no answer: in 57 mock consultations 63 % of the utterances that were
nothing but such a sound began while the other spoke, and the real answer came seconds later. As a turn of its own it
would read as a yes to a question that had not been finished. So it is written beside the turn it lies in.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from pipeline.domain.transcript import CleanChunk, SpeakerRole
from pipeline.domain.window import Turn

# As transcripts write it. A guard reads these as ordinary speech; square brackets, a word for it or `…` made the mini
# guard doubt a harmless "mm-hmm" (unsafe at 0.7 to 0.8, against 0.001 to 0.006 with these).
UNFINISHED = "..."
OVERLAPPING = "(overlapping)"

# Speakers take over within about a quarter of a second of each other's end, before it too (Stivers et al., PNAS 2009).
_TAKEOVER_MS = 250
# Beyond these many different sounds another one says nothing more about a turn.
_MOST_SOUNDS = 3
_KEPT_PART = 3
_EARLIER_TURNS = 24
_EARLIER_CHARS = 200
_AROUND_SOUNDS = " ,.!?，。！？、…—–-"


def estimate_tokens(text: str) -> int:
    """An upper estimate without a tokenizer: one token for three bytes of UTF-8.

    Byte-level BPE needs about 4 bytes a token in English and 3 to 5 in Chinese, so this errs towards a shorter
    context; and it is the same for every model, so that a model change does not change what a window holds.
    """
    return len(text.encode()) // 3 + 1


class _Shown(NamedTuple):
    """A turn as a window shows it: `marks` are the end of its text, `tokens` an upper estimate of all of it."""

    turn: Turn
    marks: str
    tokens: int

    @classmethod
    def of(cls, role: SpeakerRole, words: str, marks: str) -> "_Shown":
        text = words + marks
        return cls(Turn(role, text), marks, estimate_tokens(text))


@dataclass(slots=True)
class _Said:
    """One turn, with what others let be heard meanwhile. Times in milliseconds of the recording."""

    speaker_id: str
    role: SpeakerRole
    text: str
    only_sounds: bool
    started_at_ms: int
    ended_at_ms: int
    overlapping: bool = False
    sounds: list[str] = field(default_factory=list)
    _shown: _Shown | None = None

    @classmethod
    def of(cls, clean: CleanChunk) -> "_Said":
        chunk = clean.chunk
        speaker = chunk.speaker
        return cls(speaker.id, speaker.role, clean.text, clean.only_sounds, chunk.started_at_ms, chunk.ended_at_ms)

    def lies_within(self, other: "_Said") -> bool:
        """Begun after the other began and over before the other ended; one cue's two voices have the same times."""
        return (
            self.speaker_id != other.speaker_id
            and other.started_at_ms < self.started_at_ms < other.ended_at_ms
            and self.ended_at_ms <= other.ended_at_ms
        )

    def cuts_into(self, other: "_Said") -> bool:
        """Begun while the other was in full flow."""
        latest_ms = other.ended_at_ms - _TAKEOVER_MS
        return self.speaker_id != other.speaker_id and other.started_at_ms < self.started_at_ms < latest_ms

    def hear(self, text: str) -> None:
        sound = text.strip(_AROUND_SOUNDS).lower()
        if sound not in self.sounds and len(self.sounds) < _MOST_SOUNDS:
            self.sounds.append(sound)
            self._shown = None

    def shown(self) -> _Shown:
        """As most windows show it; written once, because it stands in as many windows as they have turns."""
        if self._shown is None:
            self._shown = _Shown.of(self.role, self.text, self.marks())
        return self._shown

    def marks(self) -> str:
        heard = f" (overlapping: {', '.join(self.sounds)})" if self.sounds else ""
        return f" {OVERLAPPING}{heard}" if self.overlapping else heard


class RecentTurns:
    """At most `max_turns`; a back-channel is none, but is written beside the turn it lies in, whichever came first.

    Beyond `max_turns`, or `max_tokens` of them, two thirds are let go at once. So most windows begin where the one
    before began, and a server finds their beginning in its prefix cache; letting one go each time, it finds nothing.

    Of 24 turns before those the end is kept, for `earlier`: as long as a number of a dozen digits, each answered by an
    "okay", takes.
    """

    def __init__(self, *, max_turns: int, max_tokens: int) -> None:
        self._max_turns = max_turns
        self._max_tokens = max_tokens
        self._said: deque[_Said] = deque()
        self._earlier: deque[Turn] = deque(maxlen=_EARLIER_TURNS)

    def before(self, clean: CleanChunk) -> tuple[Turn, ...]:
        """The latest turns that fit, oldest first; a turn that does not fit keeps its end, nearest to the chunk.

        Sounds that lie within the chunk are no turns before it. Of a turn that a mere sound overlaps, its
        window shows only that the speaker goes on, so that the sound cannot look like the answer to it.
        """
        now = _Said.of(clean)
        left = self._max_tokens
        chosen: list[Turn] = []
        for shown in self._seen_from(now):
            if shown.tokens > left:
                kept = _end_of(shown, left)
                if kept:
                    chosen.append(Turn(shown.turn.role, kept))
                break
            chosen.append(shown.turn)
            left -= shown.tokens
        return tuple(reversed(chosen))

    def earlier(self) -> tuple[Turn, ...]:
        """The ends of the turns before the latest `max_turns`, oldest first."""
        return tuple(self._earlier)

    def add(self, clean: CleanChunk) -> None:
        """Remember a chunk: as a turn, or beside the turn it lies in."""
        now = _Said.of(clean)
        if now.only_sounds:
            around = self._latest_around(now)
            if around is not None:
                around.hear(now.text)
                return
        else:
            self._take_in_sounds(now)
        now.overlapping = any(now.cuts_into(said) for said in self._said if not said.only_sounds)
        self._said.append(now)
        self._let_go()

    def _let_go(self) -> None:
        tokens = [said.shown().tokens for said in self._said]
        if len(tokens) <= self._max_turns and sum(tokens) <= self._max_tokens:
            return
        most_turns, most_tokens = ceil(self._max_turns / _KEPT_PART), ceil(self._max_tokens / _KEPT_PART)
        left = sum(tokens)
        for need in tokens:
            # The latest stays whatever its length: the window shows its end.
            if len(self._said) <= most_turns and (left <= most_tokens or len(self._said) <= 1):
                return
            gone = self._said.popleft()
            left -= need
            self._earlier.append(Turn(gone.role, gone.text[-_EARLIER_CHARS:]))

    def _seen_from(self, now: _Said) -> Iterator[_Shown]:
        """Latest first."""
        for said in reversed(self._said):
            if said.only_sounds and not now.only_sounds and said.lies_within(now):
                continue
            if said.only_sounds:
                yield said.shown()
            elif now.only_sounds and (now.lies_within(said) or now.cuts_into(said)):
                yield _Shown.of(said.role, UNFINISHED, "")
            elif now.cuts_into(said):
                yield _Shown.of(said.role, said.text, f"{said.marks()} {UNFINISHED}")
            else:
                yield said.shown()

    def _latest_around(self, sound: _Said) -> _Said | None:
        return next((said for said in reversed(self._said) if not said.only_sounds and sound.lies_within(said)), None)

    def _take_in_sounds(self, now: _Said) -> None:
        """A live producer sends a short sound before the long turn around it."""
        within = [said for said in self._said if said.only_sounds and said.lies_within(now)]
        for said in within:
            now.hear(said.text)
        if within:
            self._said = deque(said for said in self._said if not any(said is sound for sound in within))


def _end_of(shown: _Shown, tokens: int) -> str:
    marks = shown.marks
    words = shown.turn.text.removesuffix(marks)
    # At most four bytes a character, three a token and one token to begin: so many characters always fit.
    characters = max(0, 3 * tokens - 1) // 4
    if len(marks) < characters:
        return words[-(characters - len(marks)) :] + marks
    return words[-characters:] if characters else ""
