"""What a worker says of itself, readable from any thread."""

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class HealthState:
    """`breaker` is the judge's: closed, half_open or open. `committed` counts records since the start."""

    phase: str = "starting"
    partitions: int = 0
    committed: int = 0
    breaker: str = "closed"

    @property
    def ready(self) -> bool:
        return self.phase == "running" and self.partitions > 0


class Health:
    """The current state; each change replaces it whole."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = HealthState()

    @property
    def state(self) -> HealthState:
        return self._state

    def started(self) -> None:
        self._change(phase="running")

    def stopping(self) -> None:
        self._change(phase="stopping")

    def owns(self, partitions: int) -> None:
        self._change(partitions=partitions)

    def breaker(self, state: str) -> None:
        self._change(breaker=state)

    def committed(self, records: int) -> None:
        with self._lock:
            self._state = replace(self._state, committed=self._state.committed + records)

    def _change(self, **changes: str | int) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)  # type: ignore[arg-type]
