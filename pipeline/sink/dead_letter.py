"""Where unreadable records go, unchanged, and when there are too many of them."""

from collections import deque
from dataclasses import dataclass

from pipeline.broker.base import OutgoingRecord, Record


def dead_letter(record: Record, *, topic: str, stage: str, code: str, field: str | None = None) -> OutgoingRecord:
    """The record's own key, bytes and headers, with headers that say where it was and what is wrong with it.

    No header carries a value from the record: `field` is a name of our schema.
    """
    ref = record.ref
    reasons = [
        ("consult.error.stage", stage.encode()),
        ("consult.error.code", code.encode()),
        ("consult.source.topic", ref.topic.encode()),
        ("consult.source.partition", str(ref.partition).encode()),
        ("consult.source.offset", str(ref.offset).encode()),
    ]
    if field is not None:
        reasons.append(("consult.error.field", field.encode()))
    kept = tuple(header for header in record.headers if not header[0].startswith("consult."))
    return OutgoingRecord(topic, record.key, record.value or b"", ref.partition, (*kept, *reasons))


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """The worker stops after `run` dead letters in a row, or when more than `ratio` (0 to 1) of the last `window`
    records were dead letters (judged only once `window` records have been seen)."""

    run: int = 100
    ratio: float = 0.5
    window: int = 1000


LIMIT_ADVICE = (
    "stopped so that a wrong producer or topic is not drained into the dead-letter topic. Look at the headers there, "
    "mend the producer, or raise CONSULTGUARD_WORKER_DEAD_LETTER_RUN or CONSULTGUARD_WORKER_DEAD_LETTER_RATIO."
)
"""What is said with a broken limit."""


class DeadLetterMeter:
    """The running state of a limit."""

    def __init__(self, limit: DeadLetterLimit) -> None:
        self._limit = limit
        self._recent: deque[bool] = deque(maxlen=limit.window)
        self._bad = 0
        self._run = 0

    def count(self, *, dead: bool) -> str | None:
        """Count one committed record; the limit that is now broken, in words, or None."""
        if len(self._recent) == self._limit.window:
            self._bad -= self._recent[0]
        self._recent.append(dead)
        self._bad += dead
        self._run = self._run + 1 if dead else 0
        if self._run >= self._limit.run:
            return f"{self._run} unreadable records in a row"
        if len(self._recent) == self._limit.window and self._bad > self._limit.ratio * self._limit.window:
            return f"{self._bad} unreadable records among the last {self._limit.window}"
        return None
