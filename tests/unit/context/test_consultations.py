"""What is remembered is bounded, and depends on the input log alone."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.context.consultations import Consultations, ContextLimits
from pipeline.context.sequence import Arrival
from pipeline.context.turns import estimate_tokens
from pipeline.domain.transcript import CleanChunk, Speaker, SpeakerRole
from pipeline.domain.window import ContextWindow
from pipeline.testing.builders import build_chunk
from tests import strategies

HOUR_MS = 3_600_000


def _clean(text: str, *, consult_id: str = "c", seq: int = 0) -> CleanChunk:
    chunk = build_chunk(text, consult_id=consult_id, seq=seq, role=SpeakerRole.PATIENT)
    return CleanChunk(chunk, text, tuple(range(len(text) + 1)), "exact/1")


def _say(memory: Consultations, text: str, *, consult_id: str = "c", seq: int, at_ms: int = 0) -> ContextWindow | None:
    if memory.arrive(consult_id, seq, timestamp_ms=at_ms) is not Arrival.NEW:
        return None
    return memory.window(_clean(text, consult_id=consult_id, seq=seq))


def _texts(window: ContextWindow | None) -> list[str]:
    assert window is not None
    return [turn.text for turn in window.turns]


def test_a_window_holds_the_latest_turns_of_its_own_consultation_oldest_first() -> None:
    memory = Consultations(ContextLimits(max_turns=2))
    for seq, text in enumerate(["one", "two", "three", "four"]):
        _say(memory, text, seq=seq)
    _say(memory, "elsewhere", consult_id="other", seq=0)

    assert _texts(_say(memory, "five", seq=4)) == ["three", "four"]


def test_a_chunk_is_no_turn_of_its_own_window() -> None:
    assert _texts(_say(Consultations(ContextLimits()), "one", seq=0)) == []


@given(
    st.lists(strategies.text | st.text("😀字a", max_size=60), min_size=1, max_size=12),
    st.integers(0, 5),
    st.integers(0, 40),
)
def test_a_window_is_bounded_in_turns_and_in_tokens(texts: list[str], max_turns: int, max_tokens: int) -> None:
    memory = Consultations(ContextLimits(max_turns=max_turns, max_tokens=max_tokens))
    for seq, text in enumerate(texts):
        window = _say(memory, text, seq=seq)
        assert window is not None
        assert len(window.turns) <= max_turns
        assert sum(estimate_tokens(turn.text) for turn in window.turns) <= max_tokens
        recent = texts[max(0, seq - max_turns) : seq]
        # What is kept is the end of what was said: whole turns, but for the first, which may have lost its start.
        kept = _texts(window)
        assert kept[1:] == recent[len(recent) - len(kept) + 1 :] if kept else True
        assert not kept or recent[-len(kept)].endswith(kept[0])


def test_no_turn_is_kept_where_none_is_asked_for() -> None:
    memory = Consultations(ContextLimits(max_turns=0))
    _say(memory, "one", seq=0)

    assert _texts(_say(memory, "two", seq=1)) == []


def test_a_consultation_is_forgotten_one_horizon_after_its_last_chunk_even_when_nobody_else_spoke() -> None:
    limits = ContextLimits(horizon_ms=HOUR_MS)
    alone, beside = Consultations(limits), Consultations(limits)
    for memory in (alone, beside):
        _say(memory, "one", seq=0, at_ms=0)
    _say(beside, "elsewhere", consult_id="other", seq=0, at_ms=HOUR_MS + 1)

    for memory in (alone, beside):
        assert _texts(_say(memory, "two", seq=1, at_ms=HOUR_MS + 1)) == []


def test_a_consultation_is_remembered_for_the_whole_of_the_horizon() -> None:
    memory = Consultations(ContextLimits(horizon_ms=HOUR_MS))
    _say(memory, "one", seq=0, at_ms=0)

    assert _texts(_say(memory, "two", seq=1, at_ms=HOUR_MS)) == ["one"]


def test_time_is_that_of_the_stream_and_never_goes_back() -> None:
    memory = Consultations(ContextLimits(horizon_ms=HOUR_MS))
    _say(memory, "late", consult_id="other", seq=0, at_ms=5 * HOUR_MS)
    _say(memory, "one", seq=0, at_ms=0)

    assert _texts(_say(memory, "two", seq=1, at_ms=6 * HOUR_MS)) == ["one"]


def test_beyond_the_bound_the_consultation_that_was_silent_longest_is_forgotten() -> None:
    memory = Consultations(ContextLimits(max_consults=2))
    _say(memory, "a0", consult_id="a", seq=0)
    _say(memory, "b0", consult_id="b", seq=0)
    _say(memory, "a1", consult_id="a", seq=1)
    _say(memory, "c0", consult_id="c", seq=0)

    assert len(memory) == 2
    assert _texts(_say(memory, "a2", consult_id="a", seq=2)) == ["a0", "a1"]
    assert _texts(_say(memory, "b1", consult_id="b", seq=1)) == []


@dataclass(frozen=True, slots=True)
class Said:
    consult_id: str
    seq: int
    at_ms: int


@st.composite
def streams(draw: st.DrawFn) -> list[Said]:
    """Consultations that each lie within one horizon (an hour), interleaved, with gaps, repeats and late numbers."""
    said: list[Said] = []
    now_ms = 0
    begun: dict[str, int] = {}
    for _ in range(draw(st.integers(1, 40))):
        now_ms += draw(st.sampled_from([0, 1, HOUR_MS // 10, HOUR_MS // 2, HOUR_MS + 1]))
        consult_id = draw(st.sampled_from("abcd"))
        if now_ms - begun.setdefault(consult_id, now_ms) > HOUR_MS:
            # The same patient later is another consultation.
            consult_id = f"{consult_id}@{now_ms}"
            begun[consult_id] = now_ms
        said.append(Said(consult_id, draw(st.integers(0, 8)), now_ms))
    return said


def _hear(memory: Consultations, one: Said) -> ContextWindow | None:
    """Every odd number is a listener's sound inside the turn before it."""
    if memory.arrive(one.consult_id, one.seq, timestamp_ms=one.at_ms) is not Arrival.NEW:
        return None
    clean = _clean(f"{one.seq}", consult_id=one.consult_id, seq=one.seq)
    if one.seq % 2:
        start_ms = clean.chunk.started_at_ms - 2500
        inside = replace(clean.chunk, speaker=Speaker("listener"), started_at_ms=start_ms, ended_at_ms=start_ms + 200)
        clean = replace(clean, chunk=inside, only_sounds=True)
    return memory.window(clean)


@given(streams(), st.data(), st.integers(1, 5))
def test_a_restart_anywhere_that_reads_one_horizon_back_gives_the_same_windows(
    said: list[Said], data: st.DataObject, max_consults: int
) -> None:
    limits = ContextLimits(max_turns=3, horizon_ms=HOUR_MS, max_consults=max_consults)
    whole = Consultations(limits)
    expected = [_hear(whole, one) for one in said]

    restart = data.draw(st.integers(0, len(said)), label="restart before")
    rebuilt = Consultations(limits)
    oldest_ms = said[restart - 1].at_ms - HOUR_MS if restart else 0
    for one in said[:restart]:
        if one.at_ms >= oldest_ms:
            _hear(rebuilt, one)

    found = [_hear(rebuilt, one) for one in said[restart:]]
    assert found == expected[restart:]


def test_turns_that_are_forgotten_show_in_no_later_window_and_their_numbers_stay_known() -> None:
    memory = Consultations(ContextLimits(max_turns=2))
    for seq in range(9):
        _say(memory, f"before {seq}", seq=seq)
        _say(memory, f"other {seq}", consult_id="other", seq=seq)

    memory.forget_turns("c")
    memory.forget_turns("never heard of")

    first = _say(memory, "after", seq=9)
    assert first is not None
    assert (first.turns, first.earlier) == ((), ())
    assert _texts(_say(memory, "later", seq=10)) == ["after"]
    assert memory.arrive("c", 3, timestamp_ms=0) is Arrival.DUPLICATE
    assert "other 8" in _texts(_say(memory, "on", consult_id="other", seq=9))


@given(strategies.text)
def test_the_estimate_is_at_least_a_token_for_three_bytes(text: str) -> None:
    assert estimate_tokens(text) * 3 >= len(text.encode())
