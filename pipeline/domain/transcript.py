"""What was said: a chunk as it arrives, and as it is after cleaning."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.ids import chunk_id_of


class SpeakerRole(StrEnum):
    """Who speaks, as the producer knows it; `unknown` is never guessed away."""

    CLINICIAN = "clinician"
    PATIENT = "patient"
    INTERPRETER = "interpreter"
    OTHER = "other"
    UNKNOWN = "unknown"


class SkipReason(StrEnum):
    """Why a chunk needs no judge."""

    EMPTY = "empty"
    FILLER_ONLY = "filler_only"
    MARKER_ONLY = "marker_only"


@dataclass(frozen=True, slots=True)
class Speaker:
    id: str
    role: SpeakerRole = SpeakerRole.UNKNOWN
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Where the words came from: the system (`zoom`, `file`), the kind (`vtt`, `rtms`), and its own reference."""

    system: str
    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class TranscriptChunk:
    """The unit of moderation. `text` is protected; so are `speaker.name` and `source.ref`."""

    tenant: str
    consult_id: str
    seq: int
    speaker: Speaker
    text: str
    started_at_ms: int
    ended_at_ms: int
    spoken_at: str
    source: SourceRef
    language: str | None = None
    asr_confidence: float | None = None

    @property
    def chunk_id(self) -> str:
        return chunk_id_of(self.consult_id, self.seq)


@dataclass(frozen=True, slots=True)
class CleanChunk:
    """A chunk with text fit for judging.

    `offsets[i]` is the position in `chunk.text` that cleaned character `i` came from; `offsets[len(text)]` is the end
    of the raw text that was kept, so a cleaned span [a, b) cites the raw span [offsets[a], offsets[b-1] + 1).
    `only_sounds`: the text is nothing but sounds such as "mm-hmm", which may be a yes, or may only show listening.
    """

    chunk: TranscriptChunk
    text: str
    offsets: tuple[int, ...]
    cleaner_version: str
    only_sounds: bool = False

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The raw span of cleaned span [start, end); both half-open, in characters."""
        if end <= start:
            return self.offsets[start], self.offsets[start]
        return self.offsets[start], self.offsets[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """A valid chunk with nothing to judge. It leaves an audit record and no verdict."""

    chunk: TranscriptChunk
    reason: SkipReason
