"""Time, handed in so that tests own it."""

import time
from typing import Protocol


class Clock(Protocol):
    """What the pipeline may ask of time."""

    def now_ms(self) -> int:
        """Wall-clock time in milliseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes backwards; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`; a fake advances instead."""


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Deadline:
    """One point in time shared by all the calls of a shutdown, a commit or a request."""

    def __init__(self, timeout_seconds: float, *, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic() + timeout_seconds

    def remaining_seconds(self) -> float:
        """Seconds left; 0.0 once it has passed, never negative."""
        return max(0.0, self._at - self._clock.monotonic())

    @property
    def passed(self) -> bool:
        return self.remaining_seconds() == 0.0
