"""Windows of invented talk for the judge's tests."""

from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.domain.window import ContextWindow, Turn


def window(
    text: str, *turns: tuple[SpeakerRole, str], role: SpeakerRole = SpeakerRole.PATIENT, seq: int = 1
) -> ContextWindow:
    """One cleaned chunk, exactly as said, after the given turns."""
    chunk = TranscriptChunk(
        tenant="north-clinic",
        consult_id="consult-1",
        seq=seq,
        speaker=Speaker("speaker-1", role),
        text=text,
        started_at_ms=0,
        ended_at_ms=1_000,
        spoken_at="2026-03-02T09:00:00Z",
        source=SourceRef("file", "vtt", "invented"),
    )
    clean = CleanChunk(chunk, text, tuple(range(len(text) + 1)), "exact/1")
    return ContextWindow(clean, tuple(Turn(*turn) for turn in turns))
