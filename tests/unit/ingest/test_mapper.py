"""From utterances to chunks."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.transcript import SourceRef, SpeakerRole
from pipeline.ingest.mapper import Consultation, consult_id_for, language_of, role_of, to_chunks
from pipeline.ingest.utterance import Utterance

_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def consultation(**changes: object) -> Consultation:
    values: dict[str, object] = {
        "tenant": "clinic",
        "consult_id": "c-1",
        "source": SourceRef("file", "vtt", "visit.vtt"),
        "recorded_at": _START,
        "language": "en",
    }
    return Consultation(**{**values, **changes})  # type: ignore[arg-type]


def utterance(name: str | None, text: str, start: int = 0, end: int = 1000) -> Utterance:
    return Utterance(name, text, start, end)


def test_chunks_are_numbered_from_zero_and_speakers_by_first_appearance() -> None:
    chunks = list(
        to_chunks(
            [utterance("Dr. Alvarez", "Hi"), utterance("Sam", "Hi"), utterance("Dr. Alvarez", "So")], consultation()
        )
    )
    assert [(chunk.seq, chunk.speaker.id, chunk.text) for chunk in chunks] == [
        (0, "spk_1", "Hi"),
        (1, "spk_2", "Hi"),
        (2, "spk_1", "So"),
    ]
    assert [chunk.speaker.role for chunk in chunks] == [
        SpeakerRole.CLINICIAN,
        SpeakerRole.UNKNOWN,
        SpeakerRole.CLINICIAN,
    ]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("doctor", SpeakerRole.CLINICIAN),
        ("Clinician", SpeakerRole.CLINICIAN),
        ("Dr.", SpeakerRole.CLINICIAN),
        ("Dr. Alvarez", SpeakerRole.CLINICIAN),
        ("patient", SpeakerRole.PATIENT),
        ("患者", SpeakerRole.PATIENT),
        ("Interpreter", SpeakerRole.INTERPRETER),
        ("other", SpeakerRole.OTHER),
        ("Drew", SpeakerRole.UNKNOWN),
        ("Sam Lee", SpeakerRole.UNKNOWN),
        (None, SpeakerRole.UNKNOWN),
    ],
)
def test_a_role_is_taken_from_a_word_for_it_and_never_guessed(name: str | None, role: SpeakerRole) -> None:
    assert role_of(name, {}) is role


def test_a_mapped_role_wins_over_the_name() -> None:
    assert role_of("Dr. Alvarez", {"Dr. Alvarez": SpeakerRole.OTHER}) is SpeakerRole.OTHER


def test_spoken_at_is_the_recordings_start_plus_the_offset_in_utc() -> None:
    start = datetime(2026, 1, 5, 17, 0, tzinfo=timezone(timedelta(hours=8)))
    (chunk,) = to_chunks([utterance("Sam", "Hi", 61_250, 62_000)], consultation(recorded_at=start))
    assert chunk.spoken_at == "2026-01-05T09:01:01.250Z"
    assert (chunk.started_at_ms, chunk.ended_at_ms) == (61_250, 62_000)


def test_a_long_utterance_is_split_after_a_sentence_with_its_share_of_the_time() -> None:
    text = "It hurts here. " * 5 + "And there."
    chunks = list(to_chunks([utterance("Sam", text, 0, 8500)], consultation(max_chars=40)))
    assert [chunk.text for chunk in chunks] == ["It hurts here. It hurts here."] * 2 + ["It hurts here. And there."]
    assert chunks[0].started_at_ms == 0
    assert chunks[-1].ended_at_ms == 8500
    assert all(a.ended_at_ms == b.started_at_ms for a, b in pairwise(chunks))


def test_chunks_are_in_the_order_in_which_they_start_and_ties_in_the_order_of_the_file() -> None:
    late_first = [
        utterance("Sam", "No, none.", 5000, 6000),
        utterance("Dr. Alvarez", "Any allergies?", 0, 4000),
        utterance("Sam", "Mm-hmm.", 1000, 1300),
        utterance("Ann", "He means it.", 5000, 6000),
    ]
    chunks = list(to_chunks(late_first, consultation()))
    assert [chunk.text for chunk in chunks] == ["Any allergies?", "Mm-hmm.", "No, none.", "He means it."]
    assert [chunk.seq for chunk in chunks] == [0, 1, 2, 3]
    assert [chunk.speaker.id for chunk in chunks] == ["spk_1", "spk_2", "spk_2", "spk_3"]


def test_what_was_said_in_the_middle_of_a_long_turn_stands_between_its_parts() -> None:
    long = utterance("Sam", "It hurts here. " * 4, 0, 8000)
    chunks = list(to_chunks([long, utterance("Dr. Alvarez", "Mm-hmm.", 5000, 5300)], consultation(max_chars=32)))
    assert [chunk.text for chunk in chunks] == ["It hurts here. It hurts here."] * 2 + ["Mm-hmm."]
    assert chunks[1].started_at_ms < chunks[2].started_at_ms
    assert chunks[2].ended_at_ms <= chunks[1].ended_at_ms


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 50), st.integers(0, 20)), max_size=20))
def test_start_times_never_go_back(spoken: list[tuple[str | None, int, int]]) -> None:
    utterances = [utterance(name, "It hurts. It does. " * 3, start, start + size) for name, start, size in spoken]
    starts = [chunk.started_at_ms for chunk in to_chunks(utterances, consultation(max_chars=30))]
    assert starts == sorted(starts)


@given(st.text(alphabet="ab .。，头疼", min_size=1, max_size=300), st.integers(5, 50))
def test_splitting_loses_nothing_but_white_space_and_keeps_the_limit(text: str, limit: int) -> None:
    chunks = list(to_chunks([utterance("Sam", text, 0, 5000)], consultation(max_chars=limit)))
    assert all(len(chunk.text) <= limit for chunk in chunks)
    assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())
    assert [chunk.seq for chunk in chunks] == list(range(len(chunks)))


@pytest.mark.parametrize(
    ("text", "stated", "language"),
    [
        ("I feel dizzy", "en", "en"),
        ("我头晕", "en", "zh"),
        ("I feel dizzy", "zh", "en"),
        ("120/80", "zh", "zh"),
        ("我头晕", "zh-TW", "zh-TW"),
        ("頭が痛い", "ja", "ja"),
        ("頭が痛い", None, None),
        ("me duele", "es", "es"),
        ("hello", None, None),
    ],
)
def test_the_script_of_a_turn_overrules_the_stated_language_where_they_contradict(
    text: str, stated: str | None, language: str | None
) -> None:
    assert language_of(text, stated) == language


def test_a_consultation_of_a_file_is_named_after_the_file_and_the_dialogue() -> None:
    assert consult_id_for(Path("/data/visits.jsonl"), "d7") == "visits-d7"
