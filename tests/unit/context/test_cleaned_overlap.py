"""From a file's utterances to windows: a listener's sound never reads as the answer."""

from datetime import UTC, datetime

from pipeline.clean.cleaner import Cleaner
from pipeline.context.consultations import Consultations, ContextLimits
from pipeline.domain.transcript import CleanChunk, SourceRef
from pipeline.domain.window import ContextWindow
from pipeline.ingest.mapper import Consultation, to_chunks
from pipeline.ingest.utterance import Utterance

_OVERLAPPED = (
    Utterance("Doctor", "Do you have any allergies to, um, penicillin or to latex?", 0, 6000),
    Utterance("Patient", "No, no allergies.", 9000, 10_000),
    Utterance("Patient", "Mm-hmm.", 2000, 2400),
)
_ANSWERED = (
    Utterance("Doctor", "Are you short of breath at rest?", 0, 3000),
    Utterance("Patient", "Mm-hmm.", 3200, 3600),
    Utterance("Doctor", "Since when?", 4000, 4600),
)


def _windows(utterances: tuple[Utterance, ...]) -> dict[str, ContextWindow]:
    consultation = Consultation("t", "c", SourceRef("file", "vtt", "v"), datetime(2026, 1, 5, tzinfo=UTC), "en")
    memory, cleaner = Consultations(ContextLimits()), Cleaner()
    windows = {}
    for chunk in to_chunks(utterances, consultation):
        memory.arrive("c", chunk.seq, timestamp_ms=0)
        clean = cleaner.clean(chunk)
        assert isinstance(clean, CleanChunk)
        windows[clean.text] = memory.window(clean)
    return windows


def _texts(window: ContextWindow) -> list[str]:
    return [turn.text for turn in window.turns]


def test_a_sound_under_a_question_is_judged_but_answers_neither_in_its_own_window_nor_later() -> None:
    windows = _windows(_OVERLAPPED)
    assert _texts(windows["Mm-hmm."]) == ["..."]
    assert _texts(windows["No, no allergies."]) == [
        "Do you have any allergies to, penicillin or to latex? (overlapping: mm-hmm)"
    ]


def test_the_same_sound_after_a_question_is_the_answer() -> None:
    windows = _windows(_ANSWERED)
    assert _texts(windows["Mm-hmm."]) == ["Are you short of breath at rest?"]
    assert _texts(windows["Since when?"]) == ["Are you short of breath at rest?", "Mm-hmm."]
