"""Time that tests own: for threads that sleep, and for a whole event loop."""

import asyncio
import selectors
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_START_MS = 1_750_000_000_000


class FakeClock:
    """A `Clock` whose `sleep` advances it. Safe to share between threads."""

    def __init__(self, *, now_ms: int = _START_MS) -> None:
        self._start_ms = now_ms
        self._elapsed_seconds = 0.0
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        return self._start_ms + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        with self._lock:
            return self._elapsed_seconds

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move time on by `seconds`; it never goes back."""
        if seconds < 0:
            raise ValueError("time does not go backwards")
        with self._lock:
            self._elapsed_seconds += seconds


def run_in_fake_time(main: Coroutine[Any, Any, T], *, clock: FakeClock) -> T:
    """Run `main` on an event loop whose time is `clock`.

    `asyncio.sleep`, `asyncio.timeout` and every other timer fire as soon as nothing else is ready to run: the loop
    advances the clock to the next timer instead of waiting for it.
    """
    with asyncio.Runner(loop_factory=lambda: _FakeTimeLoop(clock)) as runner:
        return runner.run(main)


class _FakeTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        super().__init__(_AdvancingSelector(clock))

    def time(self) -> float:
        return self._clock.monotonic()


class _AdvancingSelector(selectors.DefaultSelector):
    """Looks once for what is ready; where the loop would wait for a timer, advances to it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer at all: only a thread or a socket can wake the loop
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self._clock.advance(timeout)
        return ready
