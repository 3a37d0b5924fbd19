"""Chunk numbers are classified as a plain set of them would."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.context.sequence import Arrival, SeenNumbers


def _model(seen: set[int], seq: int) -> Arrival:
    if seq in seen:
        return Arrival.DUPLICATE
    return Arrival.NEW if not seen or seq > max(seen) else Arrival.BACKWARDS


@given(st.lists(st.integers(0, 30) | st.integers(0, 2**53), max_size=60))
def test_it_agrees_with_a_set_of_everything_accepted(arrivals: list[int]) -> None:
    numbers, seen = SeenNumbers(), set[int]()
    for seq in arrivals:
        expected = _model(seen, seq)
        assert numbers.arrive(seq) is expected
        if expected is Arrival.NEW:
            seen.add(seq)


def test_a_number_that_came_too_late_stays_too_late() -> None:
    numbers = SeenNumbers()
    numbers.arrive(5)

    assert [numbers.arrive(3), numbers.arrive(3), numbers.arrive(5), numbers.arrive(6)] == [
        Arrival.BACKWARDS,
        Arrival.BACKWARDS,
        Arrival.DUPLICATE,
        Arrival.NEW,
    ]
