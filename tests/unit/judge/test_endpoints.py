"""Servers take turns, and one that failed sits out."""

import pytest

from pipeline.judge.endpoints import Rotation
from pipeline.testing.fake_clock import FakeClock


def _rotation(clock: FakeClock, *names: str) -> Rotation[str]:
    return Rotation(names, clock=clock, left_out_seconds=10)


def test_each_call_begins_with_the_next_server_and_tries_every_one_once() -> None:
    rotation = _rotation(FakeClock(), "a", "b", "c")
    assert ["".join(rotation.once_each()) for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_a_server_that_failed_sits_out_its_time() -> None:
    clock = FakeClock()
    rotation = _rotation(clock, "a", "b")
    rotation.failed("a")
    assert ["".join(rotation.once_each()) for _ in range(2)] == ["b", "b"]
    clock.advance(10)
    assert "".join(rotation.once_each()) == "ab"


def test_a_success_ends_the_time_at_once() -> None:
    rotation = _rotation(FakeClock(), "a", "b")
    rotation.failed("a")
    rotation.succeeded("a")
    assert "".join(rotation.once_each()) == "ab"


def test_when_all_failed_the_one_that_failed_first_is_tried() -> None:
    clock = FakeClock()
    rotation = _rotation(clock, "a", "b")
    rotation.failed("b")
    clock.advance(1)
    rotation.failed("a")
    assert "".join(rotation.once_each()) == "b"


def test_no_server_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="endpoint"):
        _rotation(FakeClock())
