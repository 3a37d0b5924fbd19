"""A sound inside another's turn is written beside it, and is never a turn that answers."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.context.turns import RecentTurns, estimate_tokens
from pipeline.domain.transcript import CleanChunk, Speaker, SpeakerRole
from pipeline.testing.builders import build_chunk

_SOUNDS = ("Mm-hmm.", "uh-huh", "Yeah", "嗯。")
_QUESTION = "Do you have any allergies, to penicillin or latex?"


def said(text: str, who: str, start_ms: int, end_ms: int) -> CleanChunk:
    role = SpeakerRole.CLINICIAN if who == "doctor" else SpeakerRole.PATIENT
    chunk = replace(build_chunk(text), speaker=Speaker(who, role), started_at_ms=start_ms, ended_at_ms=end_ms)
    return CleanChunk(chunk, text, tuple(range(len(text) + 1)), "exact/1", text in _SOUNDS)


def before(turns: RecentTurns, clean: CleanChunk) -> list[str]:
    return [turn.text for turn in turns.before(clean)]


def remembered(*chunks: CleanChunk, max_turns: int = 6, max_tokens: int = 256) -> RecentTurns:
    turns = RecentTurns(max_turns=max_turns, max_tokens=max_tokens)
    for chunk in chunks:
        turns.add(chunk)
    return turns


def test_a_sound_inside_anothers_turn_is_written_beside_it_and_is_no_turn() -> None:
    turns = remembered(said(_QUESTION, "doctor", 0, 5000), said("Mm-hmm.", "patient", 2000, 2400))
    answer = said("No, no allergies.", "patient", 7000, 8000)
    assert before(turns, answer) == [f"{_QUESTION} (overlapping: mm-hmm)"]


def test_a_sound_that_a_live_producer_sends_before_the_turn_around_it_is_taken_in_when_that_turn_comes() -> None:
    turns = remembered(said("Hello.", "doctor", 0, 900), said("Mm-hmm.", "patient", 2000, 2400))
    question = said(_QUESTION, "doctor", 1000, 5000)
    assert before(turns, question) == ["Hello."]
    turns.add(question)
    assert before(turns, said("No.", "patient", 6000, 6500)) == ["Hello.", f"{_QUESTION} (overlapping: mm-hmm)"]


def test_most_windows_begin_where_the_one_before_began() -> None:
    turns = remembered(max_turns=6)
    begins = []
    for number in range(60):
        begins += before(turns, said("now", "patient", 0, 0))[:1]
        turns.add(said(str(number), "patient", 0, 0))
    assert sum(one == next_one for one, next_one in pairwise(begins)) >= 0.75 * len(begins)


def test_beyond_its_tokens_too_a_window_lets_two_thirds_go_at_once() -> None:
    turns = remembered(*(said("x" * 90, "patient", 0, 0) for _ in range(6)), max_tokens=180)
    assert len(turns.before(said("now", "patient", 0, 0))) == 1


def test_of_the_turns_before_the_latest_the_ends_are_kept_longer_oldest_first() -> None:
    long = "I counted " + "again and again, " * 30 + "and it was four."
    turns = remembered(*(said(text, "patient", 0, 0) for text in (long, "one", "two", "three")), max_turns=2)
    assert before(turns, said("four", "patient", 0, 0)) == ["two", "three"]
    assert [turn.text for turn in turns.earlier()] == [long[-200:], "one"]


def test_the_longer_memory_has_a_bound_too() -> None:
    turns = remembered(*(said(str(number), "patient", 0, 0) for number in range(100)), max_turns=2)
    kept = [turn.text for turn in (*turns.earlier(), *turns.before(said("now", "patient", 0, 0)))]
    assert kept == [str(number) for number in range(100 - len(kept), 100)]
    assert len(turns.earlier()) == 24


def test_the_window_of_a_sound_shows_of_the_turn_around_it_only_that_it_goes_on() -> None:
    turns = remembered(said("Hello.", "patient", 0, 900), said(_QUESTION, "doctor", 1000, 5000))
    assert before(turns, said("Mm-hmm.", "patient", 2000, 2400)) == ["Hello.", "..."]


@pytest.mark.parametrize(
    ("who", "start_ms", "end_ms"),
    [
        ("patient", 5200, 5600),  # after the question: an answer
        ("patient", 4900, 5600),  # as it ends: speakers take over so
        ("patient", 0, 5000),  # the two voices of one cue
        ("doctor", 2000, 2400),  # the speaker's own
    ],
)
def test_a_sound_that_may_be_the_answer_stays_a_turn_after_the_whole_question(
    who: str, start_ms: int, end_ms: int
) -> None:
    sound = said("Mm-hmm.", who, start_ms, end_ms)
    turns = remembered(said(_QUESTION, "doctor", 0, 5000))
    assert before(turns, sound) == [_QUESTION]
    turns.add(sound)
    assert before(turns, said("Good.", "doctor", 9000, 9500)) == [_QUESTION, "Mm-hmm."]


def test_a_sound_that_outlasts_the_turn_it_began_in_stays_a_turn_and_is_marked() -> None:
    turns = remembered(said(_QUESTION, "doctor", 0, 5000), said("Mm-hmm.", "patient", 3000, 5400))
    assert before(turns, said("Well?", "doctor", 6000, 6500)) == [_QUESTION, "Mm-hmm. (overlapping)"]


def test_words_inside_anothers_turn_stay_a_turn_and_are_marked_and_their_own_window_shows_it_unfinished() -> None:
    words = said("Only to nuts.", "patient", 2000, 3000)
    turns = remembered(said(_QUESTION, "doctor", 0, 5000))
    assert before(turns, words) == [f"{_QUESTION} ..."]
    turns.add(words)
    assert before(turns, said("And?", "doctor", 6000, 6500)) == [_QUESTION, "Only to nuts. (overlapping)"]


def test_sounds_beside_a_turn_are_bounded_and_each_is_written_once() -> None:
    many = [said(_SOUNDS[n % 4], "patient", 100 + n * 10, 105 + n * 10) for n in range(100)]
    turns = remembered(said(_QUESTION, "doctor", 0, 5000), *many)
    assert before(turns, said("No.", "patient", 6000, 6500)) == [f"{_QUESTION} (overlapping: mm-hmm, uh-huh, yeah)"]


def test_a_turn_too_long_for_the_window_keeps_its_end_and_its_marks() -> None:
    spoken = said("word " * 100, "doctor", 0, 5000), said("Mm-hmm.", "patient", 2000, 2400)
    (text,) = before(remembered(*spoken, max_tokens=40), said("No.", "patient", 6000, 6500))
    assert text.endswith("word  (overlapping: mm-hmm)")
    assert estimate_tokens(text) <= 40


def test_a_sound_whose_turn_is_no_longer_remembered_is_a_turn() -> None:
    turns = remembered(
        said("A long story.", "doctor", 0, 60_000),
        said("I see it so.", "patient", 1000, 2000),
        said("Mm-hmm.", "patient", 3000, 3400),
        max_turns=1,
    )
    assert before(turns, said("No.", "patient", 61_000, 61_500)) == ["Mm-hmm."]


_CHUNKS = st.lists(
    st.builds(
        lambda text, who, start, length: said(text, who, start, start + length),
        st.sampled_from([*_SOUNDS, _QUESTION, "No, none.", "字" * 90]),
        st.sampled_from(["doctor", "patient"]),
        st.integers(0, 40).map(lambda tenths: tenths * 100),
        st.integers(0, 40).map(lambda tenths: tenths * 100),
    ),
    max_size=12,
)


@given(_CHUNKS, st.integers(0, 4), st.integers(0, 60))
def test_whoever_speaks_over_whom_a_window_is_bounded_and_the_same_each_time(
    chunks: list[CleanChunk], max_turns: int, max_tokens: int
) -> None:
    one, other = (RecentTurns(max_turns=max_turns, max_tokens=max_tokens) for _ in range(2))
    for chunk in chunks:
        window = one.before(chunk)
        assert window == other.before(chunk)
        assert len(window) <= max_turns
        assert sum(estimate_tokens(turn.text) for turn in window) <= max_tokens
        one.add(chunk)
        other.add(chunk)


_INSIDE = st.tuples(st.sampled_from(_SOUNDS), st.integers(1, 4000), st.integers(0, 1000))


@given(st.lists(_INSIDE, max_size=8), st.data())
def test_sounds_inside_a_turn_are_no_turns_whether_they_arrive_before_or_after_it(
    sounds: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    chunks = [said(text, "patient", start, start + length) for text, start, length in sounds]
    chunks.insert(data.draw(st.integers(0, len(chunks)), label="turn after"), said(_QUESTION, "doctor", 0, 5000))
    (text,) = before(remembered(*chunks, max_turns=20), said("No.", "patient", 6000, 6500))
    assert text.startswith(_QUESTION)
    assert ("(overlapping: " in text) == bool(sounds)
