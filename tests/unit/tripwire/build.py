"""Cleaned chunks for the tripwires' tests.

The stages may not import each other; their tests use both, as a worker does.
"""

from dataclasses import replace

from pipeline.clean.cleaner import Cleaner
from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.domain.verdict import Evidence
from pipeline.domain.window import ContextWindow, Turn
from pipeline.tripwire.scan import Tripwires

TRIPWIRES = Tripwires()
_CLEANER = Cleaner()
_WINDOW_TURNS = 6
_EARLIER_TURNS = 24


def chunk(text: str, language: str | None = "en") -> TranscriptChunk:
    source = SourceRef(system="test", kind="unit", ref="1")
    return TranscriptChunk(
        "clinic", "c-1", 0, Speaker("spk_1"), text, 0, 1000, "2026-01-05T09:00:00Z", source, language
    )


def evidence_in(text: str, language: str | None = "en", *earlier: tuple[str, str]) -> tuple[Evidence, ...]:
    """What is found in a patient's chunk after the `earlier` turns, each a role and a text."""
    clean = _CLEANER.clean(replace(chunk(text, language), speaker=Speaker("spk_1", SpeakerRole.PATIENT)))
    turns = tuple(Turn(SpeakerRole(role), said) for role, said in earlier)
    window_turns, earlier_turns = turns[-_WINDOW_TURNS:], turns[:-_WINDOW_TURNS][-_EARLIER_TURNS:]
    return TRIPWIRES.find(ContextWindow(clean, window_turns, earlier_turns)) if isinstance(clean, CleanChunk) else ()


def found(text: str, language: str | None = "en", *earlier: tuple[str, str]) -> list[tuple[str, str]]:
    """Kind and raw text of each finding."""
    return [
        (str(evidence.kind), text[evidence.start : evidence.end]) for evidence in evidence_in(text, language, *earlier)
    ]
