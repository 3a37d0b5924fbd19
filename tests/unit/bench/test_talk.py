"""What a load run sends is known, all different, and in the order of its consultations."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.talk import Talk, plan_talk

TALKS = st.builds(
    plan_talk,
    st.integers(1, 600),
    consults=st.none() | st.integers(1, 80),
    at_once=st.none() | st.integers(1, 40),
)


@given(TALKS)
def test_each_consultation_is_said_turn_by_turn_from_its_first(talk: Talk) -> None:
    turns: dict[str, list[int]] = {}
    for number in range(talk.chunks):
        chunk = talk.chunk(number)
        turns.setdefault(chunk.consult_id, []).append(chunk.seq)
    assert all(seqs == list(range(len(seqs))) for seqs in turns.values())
    assert max(map(len, turns.values())) <= talk.turns


@given(TALKS)
def test_no_two_chunks_have_the_same_id_or_the_same_words(talk: Talk) -> None:
    chunks = [talk.chunk(number) for number in range(talk.chunks)]
    assert len({chunk.chunk_id for chunk in chunks}) == talk.chunks
    assert len({chunk.text for chunk in chunks}) == talk.chunks


def test_only_so_many_consultations_go_on_at_a_time() -> None:
    talk = plan_talk(1000, consults=50, at_once=10)
    begun = [talk.consult(number) for number in range(1000)]
    assert max(begun) == 49
    for start in range(0, 1000, 200):
        assert len(set(begun[start : start + 200])) == 10


def test_the_same_number_is_the_same_chunk_every_time() -> None:
    assert plan_talk(500, consults=5, at_once=5).chunk(321) == plan_talk(500, consults=5, at_once=5).chunk(321)


def test_some_turns_hold_an_identifier_and_most_do_not() -> None:
    texts = [plan_talk(2000, consults=20, at_once=20).chunk(number).text for number in range(2000)]
    assert 0 < sum("five five five" in text for text in texts) < 200
