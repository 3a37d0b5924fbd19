"""What is counted of a committed chunk: metrics, health, and how many dead letters there were lately."""

from collections.abc import Sequence

from pipeline.clock import Clock
from pipeline.domain.audit import AuditEvent
from pipeline.metrics import Metrics
from pipeline.runtime.health import Health
from pipeline.runtime.inflight import Slot
from pipeline.sink.dead_letter import DeadLetterMeter


class Accounts:
    """Counts each committed chunk once. `limit_broken` says in words which dead-letter limit broke, None if none."""

    def __init__(self, *, metrics: Metrics, health: Health, meter: DeadLetterMeter, clock: Clock) -> None:
        self._metrics, self._health, self._meter, self._clock = metrics, health, meter, clock
        self.limit_broken: str | None = None

    def count(self, slots: Sequence[Slot]) -> None:
        """These, decided, are durable now."""
        now_ms = self._clock.now_ms()
        for slot in slots:
            assert slot.outcome is not None
            audit = slot.outcome.audit
            self._metrics.committed(audit, seconds=max(0.0, (now_ms - slot.record.timestamp_ms) / 1000))
            broken = self._meter.count(dead=audit.event == AuditEvent.DEAD_LETTERED)
            self.limit_broken = broken or self.limit_broken
        self._health.committed(len(slots))
