"""How long the worker's own stages take, added up where they happen: two clock readings a stage, no metric a chunk."""

from enum import StrEnum
from time import perf_counter


class Stage(StrEnum):
    """What the worker's thread does with a chunk, in order. The judge is asked on another thread and has its own."""

    DECODE = "decode"
    CLEAN = "clean"
    CONTEXT = "context"
    TRIPWIRES = "tripwires"
    DECIDE = "decide"
    PUBLISH = "publish"
    """A verdict's bytes."""
    AUDIT = "audit"
    """An audit record's bytes: sealed, in canonical form, linked."""
    COMMIT = "commit"
    """The transaction at the broker."""


class Laps:
    """Seconds by stage. Used by one thread; stages do not nest."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = dict.fromkeys(Stage, 0.0)
        self._at = 0.0

    def start(self) -> None:
        self._at = perf_counter()

    def lap(self, stage: Stage) -> None:
        """The time since `start` or the last lap was this stage's."""
        now = perf_counter()
        self._seconds[stage] += now - self._at
        self._at = now

    def take(self) -> dict[str, float]:
        """The seconds since the last `take`."""
        taken = self._seconds
        self._seconds = dict.fromkeys(Stage, 0.0)
        return taken
