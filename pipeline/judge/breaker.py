"""When to stop asking a judge that does not answer, and how to find out that it does again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from pipeline.clock import Clock


class BreakerState(StrEnum):
    """CLOSED lets everybody through, OPEN nobody, HALF_OPEN one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The rule: after `failures` in a row nobody asks for `cool_down_seconds`, then one does."""

    failures: int = 5
    cool_down_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.failures < 1 or self.cool_down_seconds <= 0:
            raise ValueError("a breaker needs at least one failure and a cool-down above zero")


class Circuit:
    """A breaker's running state. Used on one event loop; `state` may be read from any thread."""

    def __init__(self, breaker: Breaker, *, clock: Clock, on_change: Callable[[BreakerState], None]) -> None:
        self._breaker = breaker
        self._clock = clock
        self._on_change = on_change
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._opened_until = 0.0
        self._probing = False
        self._changed = asyncio.Event()

    @property
    def state(self) -> BreakerState:
        return self._state

    async def admission(self) -> bool:
        """Wait until this caller may ask; True if it is the one probe.

        Whoever is admitted must report `succeeded`, `failed` or `abandoned`, with what it was told here.
        """
        while True:
            match self._state:
                case BreakerState.CLOSED:
                    return False
                case BreakerState.OPEN:
                    remaining_seconds = self._opened_until - self._clock.monotonic()
                    if remaining_seconds > 0:
                        await self._wait_for_change(remaining_seconds)
                    else:
                        self._become(BreakerState.HALF_OPEN)
                case BreakerState.HALF_OPEN:
                    if not self._probing:
                        self._probing = True
                        return True
                    await self._wait_for_change(None)
                case unreachable:
                    assert_never(unreachable)

    def succeeded(self, *, probe: bool) -> None:
        """An answer came. A late answer from before the circuit opened does not close it: the probe does."""
        if probe:
            self._probing = False
            self._become(BreakerState.CLOSED)
        if self._state is BreakerState.CLOSED:
            self._failures = 0

    def failed(self, *, probe: bool) -> None:
        """No answer came."""
        if probe:
            self._probing = False
            self._open()
        elif self._state is BreakerState.CLOSED:
            self._failures += 1
            if self._failures >= self._breaker.failures:
                self._open()

    def abandoned(self, *, probe: bool) -> None:
        """The caller was cancelled, or failed for a reason of its own; another may probe."""
        if probe:
            self._probing = False
            self._announce()

    def _open(self) -> None:
        self._opened_until = self._clock.monotonic() + self._breaker.cool_down_seconds
        self._become(BreakerState.OPEN)

    def _become(self, state: BreakerState) -> None:
        self._state = state
        self._failures = 0
        self._announce()
        self._on_change(state)

    def _announce(self) -> None:
        """Wake everybody who waits; each then looks at the state for itself."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait_for_change(self, at_most_seconds: float | None) -> None:
        try:
            async with asyncio.timeout(at_most_seconds):
                await self._changed.wait()
        except TimeoutError:
            return
