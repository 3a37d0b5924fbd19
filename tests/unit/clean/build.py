"""Chunks for the cleaner's tests."""

from pipeline.clean.cleaner import Cleaner
from pipeline.domain.transcript import CleanChunk, Skipped, SourceRef, Speaker, TranscriptChunk

CLEANER = Cleaner()


def chunk(text: str, language: str | None = "en") -> TranscriptChunk:
    source = SourceRef(system="test", kind="unit", ref="1")
    return TranscriptChunk(
        "clinic", "c-1", 0, Speaker("spk_1"), text, 0, 1000, "2026-01-05T09:00:00Z", source, language
    )


def cleaned(text: str, language: str | None = "en") -> CleanChunk:
    result = CLEANER.clean(chunk(text, language))
    assert isinstance(result, CleanChunk)
    return result


def text_of(text: str, language: str | None = "en") -> str:
    """The cleaned text, or an empty one where nothing was left to judge."""
    result = CLEANER.clean(chunk(text, language))
    return "" if isinstance(result, Skipped) else result.text
