"""The bounds of one worker, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Bounds of one worker: chunks admitted and not committed, milliseconds between commits, seconds to drain."""

    max_in_flight: int = 512
    commit_interval_ms: int = 50
    drain_timeout_seconds: float = 20.0
