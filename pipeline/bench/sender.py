"""Sends chunks at their scheduled times, on a thread of its own, and notes how late it was itself."""

import threading
import time
from collections.abc import Callable, Sequence

from pipeline.bench.talk import Talk
from pipeline.broker.base import OutgoingRecord, Publisher
from pipeline.errors import BrokerError
from pipeline.testing.builders import chunk_record

_BATCH = 500
_NAP_SECONDS = 0.05
_RETRY_SECONDS = 60.0


class Sender:
    """Sends chunk `n` of `talk` at `due[n]` seconds after `start`; what is due already goes out together, in order.

    It never waits for a verdict. Where a send takes long the next chunks go out late: their latency counts from when
    they were due all the same.
    """

    def __init__(
        self,
        connect: Callable[[], Publisher],
        talk: Talk,
        due: Sequence[float],
        *,
        topic: str,
        spread_over: int | None = None,
    ) -> None:
        """With `spread_over` consultations go to so many partitions in turn, so that all have the same to do; without,
        by their keys, as they do in use."""
        self._connect, self._talk, self._due, self._topic = connect, talk, due, topic
        self._spread_over = spread_over
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._stopping = threading.Event()
        self._fault: BaseException | None = None
        self.began = 0.0
        self.due_at: dict[str, float] = {}
        self.late_seconds: list[float] = []

    def start(self) -> None:
        """The schedule begins now. `began` and `due_at`, by chunk id, are seconds since the epoch."""
        self.began = time.time()
        self._thread.start()

    @property
    def sent(self) -> int:
        """Chunks that are durable at the broker."""
        return len(self.late_seconds)

    @property
    def sending(self) -> bool:
        """False once everything is sent. Raises what kept it from that."""
        if self._fault is not None:
            raise self._fault
        return self._thread.is_alive()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            publisher = self._connect()
            try:
                number = 0
                while number < len(self._due) and not self._stopping.is_set():
                    number = self._send_due(publisher, number)
            finally:
                publisher.close()
        except Exception as error:  # noqa: BLE001 - raised by `sending`, on the thread that asks
            self._fault = error

    def _send_due(self, publisher: Publisher, number: int) -> int:
        now = time.time() - self.began
        if self._due[number] > now:
            time.sleep(min(self._due[number] - now, _NAP_SECONDS))
            return number
        stop = number
        while stop < len(self._due) and self._due[stop] <= now and stop - number < _BATCH:
            stop += 1
        chunks = [self._talk.chunk(one) for one in range(number, stop)]
        for chunk, due in zip(chunks, self._due[number:stop], strict=True):
            self.due_at[chunk.chunk_id] = self.began + due
        self._publish(
            publisher,
            [
                chunk_record(chunk, topic=self._topic, partition=self._partition(one))
                for one, chunk in enumerate(chunks, start=number)
            ],
        )
        done = time.time() - self.began
        self.late_seconds.extend(done - due for due in self._due[number:stop])
        return stop

    def _publish(self, publisher: Publisher, records: Sequence[OutgoingRecord]) -> None:
        """Again where it did not go through: what a commit of unknown outcome had written comes twice, which the worker
        records as such and judges once. The time this takes is the system's, and shows in the latencies."""
        give_up_at = time.monotonic() + _RETRY_SECONDS
        while True:
            try:
                publisher.publish(records)
            except BrokerError as error:
                if not error.retriable or time.monotonic() > give_up_at or self._stopping.is_set():
                    raise
                time.sleep(_NAP_SECONDS)
            else:
                return

    def _partition(self, number: int) -> int | None:
        return None if self._spread_over is None else self._talk.consult(number) % self._spread_over
