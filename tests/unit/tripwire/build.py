"""Cleaned chunks for the tripwires' tests.

The stages may not import each other; their tests use both, as a worker does.
"""

from pipeline.clean.cleaner import Cleaner
from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, TranscriptChunk
from pipeline.domain.verdict import Evidence
from pipeline.tripwire.scan import Tripwires

TRIPWIRES = Tripwires()
_CLEANER = Cleaner()


def chunk(text: str, language: str | None = "en") -> TranscriptChunk:
    source = SourceRef(system="test", kind="unit", ref="1")
    return TranscriptChunk(
        "clinic", "c-1", 0, Speaker("spk_1"), text, 0, 1000, "2026-01-05T09:00:00Z", source, language
    )


def evidence_in(text: str, language: str | None = "en") -> tuple[Evidence, ...]:
    clean = _CLEANER.clean(chunk(text, language))
    return TRIPWIRES.find(clean) if isinstance(clean, CleanChunk) else ()


def found(text: str, language: str | None = "en") -> list[tuple[str, str]]:
    """Kind and raw text of each finding."""
    return [(str(evidence.kind), text[evidence.start : evidence.end]) for evidence in evidence_in(text, language)]
