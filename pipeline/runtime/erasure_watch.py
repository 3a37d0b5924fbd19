"""How a worker learns of erasures while it runs: it follows the service's audit events, beside its own work."""

import threading
from collections import deque

import structlog

from pipeline.broker.base import Reader, TopicPartition
from pipeline.clock import Clock
from pipeline.errors import BrokerUnavailable
from pipeline.runtime.erased import Asked, asked_in

LOOK_SECONDS = 1.0
"""Between two looks; an erasing command waits longer than that for what is in flight."""

_REMEMBERED_MS = 30 * 86_400_000
"""Chunks are kept for 7 days unless an operator asks for more: what was erased before that is in no log any more."""


class ErasureWatch:
    """Owns `reader` and one thread. Everything else is called by the worker's thread and does not block."""

    def __init__(self, reader: Reader, *, events_topic: str, clock: Clock) -> None:
        self._reader = reader
        self._events = TopicPartition(events_topic, 0)
        self._clock = clock
        self._thread = threading.Thread(target=self._run, name="erasures", daemon=True)
        self._heard: deque[Asked] = deque()
        self._position: int | None = None
        self._known = threading.Event()
        self._closing = threading.Event()
        self._fault: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    @property
    def ready(self) -> bool:
        """True once every erasure that was asked for before is known. Raises what keeps them from being read."""
        self._raise_fault()
        return self._known.is_set()

    def heard(self) -> list[Asked]:
        """What was asked for since the last call, in order. Raises what keeps it from being read, such as
        BrokerRefused; a broker that is away is tried again."""
        self._raise_fault()
        return [self._heard.popleft() for _ in range(len(self._heard))]

    def close(self, *, timeout_seconds: float) -> None:
        """End the thread, which closes the reader. A second call does nothing."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        away = False
        try:
            while not self._closing.is_set():
                try:
                    self._look()
                    away = False
                    self._known.set()
                except BrokerUnavailable as error:
                    if not away:
                        structlog.get_logger().warning("erasures_wait_for_broker", fault=error)
                    away = True
                self._closing.wait(LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - handed to the worker's thread, which stops on it
            self._fault = error
        finally:
            self._reader.close()

    def _look(self) -> None:
        if self._position is None:
            self._position = self._reader.offset_for_time(self._events, self._clock.now_ms() - _REMEMBERED_MS)
        end = self._reader.end_offset(self._events)
        if end <= self._position:
            return
        for record in self._reader.read(self._events, start=self._position, stop=end):
            asked = asked_in(record)
            if asked is not None:
                self._heard.append(asked)
            self._position = record.ref.offset + 1
        self._position = end  # behind the last record lie the markers of its transaction

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault
