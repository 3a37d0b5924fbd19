"""Tests own time, on threads and on the event loop."""

import asyncio
import threading
import time

import pytest

from pipeline.clock import Deadline
from pipeline.testing.fake_clock import FakeClock, run_in_fake_time


def test_sleeping_advances_both_readings() -> None:
    clock = FakeClock(now_ms=1_000)
    clock.sleep(2.5)
    assert (clock.monotonic(), clock.now_ms()) == (2.5, 3_500)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="backwards"):
        FakeClock().advance(-1)


def test_a_deadline_passes_when_the_clock_is_advanced() -> None:
    clock = FakeClock()
    deadline = Deadline(10, clock=clock)
    clock.advance(10)
    assert deadline.passed


def test_an_event_loop_in_fake_time_sleeps_an_hour_without_waiting() -> None:
    clock = FakeClock()

    async def main() -> list[str]:
        order: list[str] = []

        async def after(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            order.append(f"{name}@{clock.monotonic():.0f}")

        await asyncio.gather(after(3600, "late"), after(60, "early"))
        return order

    assert run_in_fake_time(main(), clock=clock) == ["early@60", "late@3600"]


def test_a_timeout_fires_in_fake_time() -> None:
    clock = FakeClock()

    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return clock.monotonic()

    assert run_in_fake_time(main(), clock=clock) == pytest.approx(30)


def test_a_thread_can_wake_the_loop_that_has_no_timer() -> None:
    async def main() -> str:
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()

        def later() -> None:
            time.sleep(0.01)
            loop.call_soon_threadsafe(gate.set)

        thread = threading.Thread(target=later)
        thread.start()
        await gate.wait()
        thread.join()
        return "woken"

    assert run_in_fake_time(main(), clock=FakeClock()) == "woken"
