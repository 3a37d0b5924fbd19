"""When chunks are due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.schedule import Step, due_seconds, steps_of


@given(st.lists(st.floats(0.1, 5000), min_size=1, max_size=6), st.integers(1, 2000))
def test_every_chunk_has_its_time_and_times_never_go_back(rates: list[float], chunks: int) -> None:
    steps = steps_of(rates, chunks)
    due = list(due_seconds(steps))
    assert [step.per_second for step in steps] == rates
    assert len(due) == chunks
    assert due == sorted(due)


def test_steps_last_equally_long() -> None:
    assert steps_of([50, 100, 250], 4000) == (Step(50, 500), Step(100, 1000), Step(250, 2500))


def test_a_step_begins_when_the_one_before_has_lasted_its_time() -> None:
    assert list(due_seconds((Step(2, 3), Step(10, 2)))) == pytest.approx([0, 0.5, 1.0, 1.5, 1.6])
