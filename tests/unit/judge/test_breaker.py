"""The circuit opens, waits, lets one probe through, and closes."""

import asyncio

import pytest

from pipeline.judge.breaker import Breaker, BreakerState, Circuit
from pipeline.testing.fake_clock import FakeClock, run_in_fake_time

RULE = Breaker(failures=3, cool_down_seconds=10)


def _circuit(clock: FakeClock) -> tuple[Circuit, list[BreakerState]]:
    seen: list[BreakerState] = []
    return Circuit(RULE, clock=clock, on_change=seen.append), seen


def _break(circuit: Circuit) -> None:
    for _ in range(RULE.failures):
        circuit.failed(probe=False)


def test_failures_in_a_row_open_it_and_a_success_between_starts_the_count_again() -> None:
    circuit, seen = _circuit(FakeClock())
    for _ in range(5):
        circuit.failed(probe=False)
        circuit.failed(probe=False)
        circuit.succeeded(probe=False)
    assert seen == []
    _break(circuit)
    assert circuit.state is BreakerState.OPEN
    assert seen == [BreakerState.OPEN]


def test_while_open_callers_wait_the_cool_down_and_one_of_them_probes() -> None:
    clock = FakeClock()
    circuit, seen = _circuit(clock)
    _break(circuit)
    probes: list[float] = []

    async def caller() -> None:
        if await circuit.admission():
            probes.append(clock.monotonic())
            await asyncio.sleep(2)
            circuit.succeeded(probe=True)

    async def main() -> None:
        await asyncio.gather(*(caller() for _ in range(50)))

    run_in_fake_time(main(), clock=clock)
    assert probes == [pytest.approx(10)]
    assert clock.monotonic() == pytest.approx(12)
    assert seen == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


def test_a_probe_that_fails_opens_it_for_another_cool_down() -> None:
    clock = FakeClock()
    circuit, _ = _circuit(clock)
    _break(circuit)

    async def main() -> float:
        assert await circuit.admission()
        circuit.failed(probe=True)
        assert circuit.state is BreakerState.OPEN
        assert await circuit.admission()
        return clock.monotonic()

    assert run_in_fake_time(main(), clock=clock) == pytest.approx(20)


def test_a_probe_that_is_abandoned_hands_the_probe_to_another_caller() -> None:
    clock = FakeClock()
    circuit, _ = _circuit(clock)
    _break(circuit)

    async def main() -> bool:
        assert await circuit.admission()
        waiting = asyncio.create_task(circuit.admission())
        await asyncio.sleep(100)
        assert not waiting.done()
        circuit.abandoned(probe=True)
        return await waiting

    assert run_in_fake_time(main(), clock=clock)


def test_a_late_success_from_before_does_not_close_it() -> None:
    circuit, _ = _circuit(FakeClock())
    _break(circuit)
    circuit.succeeded(probe=False)
    assert circuit.state is BreakerState.OPEN


@pytest.mark.parametrize(("failures", "cool_down_seconds"), [(0, 1.0), (1, 0.0)])
def test_a_breaker_that_never_opens_or_never_waits_cannot_be_made(failures: int, cool_down_seconds: float) -> None:
    with pytest.raises(ValueError, match="breaker"):
        Breaker(failures, cool_down_seconds)
