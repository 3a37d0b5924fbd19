"""Sends what is said at a steady rate while everything else goes wrong."""

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import islice

from pipeline.broker.base import Broker, OutgoingRecord, Publisher
from pipeline.domain.transcript import TranscriptChunk
from pipeline.errors import BrokerUnavailable, CommitAborted, CommitUnknown, Fenced
from pipeline.testing.builders import chunk_record
from tests.chaos.talk import consultations

_STEP_SECONDS = 0.5
_RETRY_SECONDS = 0.5
_LARGEST_BATCH = 500
_UNREADABLE_EVERY = 400
_TWICE_EVERY = 300


class Sender:
    """Sends `chunks` chunks in `seconds`, then ends. A batch whose outcome is unknown is sent again, as a producer
    would; so are a few chunks for no reason, and now and then comes a record that nobody can read."""

    def __init__(self, broker: Broker, *, topic: str, chunks: int, seconds: float) -> None:
        self._broker, self._topic, self._chunks = broker, topic, chunks
        self._rate = chunks / seconds
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._stopping = threading.Event()
        self.sent: set[str] = set()
        self.sent_again = 0
        self.unreadable = 0
        self.failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(self._broker.publisher(publisher_id=self._topic)) as publisher:
                self._send_all(publisher)
        except Exception as error:  # noqa: BLE001 - the run looks at it
            self.failure = error

    def _send_all(self, publisher: Publisher) -> None:
        said = consultations(self._chunks)
        began = time.monotonic()
        while len(self.sent) < self._chunks and not self._stopping.is_set():
            due = min(self._chunks, int((time.monotonic() - began) * self._rate) + 1) - len(self.sent)
            batch = list(islice(said, min(due, _LARGEST_BATCH)))
            if batch and self._send(publisher, batch):
                self.sent.update(chunk.chunk_id for chunk in batch)
            self._stopping.wait(_STEP_SECONDS)

    def _send(self, publisher: Publisher, batch: Sequence[TranscriptChunk]) -> bool:
        records: list[OutgoingRecord] = []
        for number, chunk in enumerate(batch, start=len(self.sent)):
            records.append(chunk_record(chunk, topic=self._topic))
            if number % _TWICE_EVERY == _TWICE_EVERY - 1:
                records.append(records[-1])
                self.sent_again += 1
            if number % _UNREADABLE_EVERY == _UNREADABLE_EVERY - 1:
                records.append(OutgoingRecord(self._topic, chunk.consult_id.encode(), b"\xff not a chunk"))
                self.unreadable += 1
        while not self._stopping.is_set():
            try:
                publisher.publish(records)
            except CommitUnknown:
                self.sent_again += len(batch)
            except (BrokerUnavailable, CommitAborted, Fenced):
                pass
            else:
                return True
            time.sleep(_RETRY_SECONDS)
        return False
