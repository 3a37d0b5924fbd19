"""The bounds of one worker, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Bounds of one worker: chunks admitted and not committed, milliseconds between commits, seconds for the rest.

    `settle_seconds` must exceed the broker's transaction time-out, after which it aborts a dead worker's transaction.
    """

    max_in_flight: int = 512
    commit_interval_ms: int = 50
    drain_timeout_seconds: float = 20.0
    settle_seconds: float = 20.0
    restore_timeout_seconds: float = 60.0
