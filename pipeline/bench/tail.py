"""Follows the verdict topics as a reader downstream would: committed records only, as they appear."""

import threading
import time
from collections.abc import Mapping, Sequence

import orjson

from pipeline.broker.base import Broker, TopicPartition
from pipeline.clock import Clock, Deadline
from pipeline.errors import BrokerUnavailable

_POLL_SECONDS = 0.1
_RECORDS = 1000
_CLOSE_SECONDS = 5.0


class Tail:
    """One topic, on a thread of its own, from its beginning. `seen` has, by a chunk's id, when its verdict was read
    first, in seconds since the epoch."""

    def __init__(self, broker: Broker, *, topic: str, partitions: int, group: str, clock: Clock) -> None:
        # A group of its own a topic: members of one group that follow different topics would disturb each other.
        self._stream = broker.stream(topic=topic, group=f"{group}-{topic}", instance_id=f"{group}-{topic}")
        self._partitions = partitions
        self._clock = clock
        self._owned: set[TopicPartition] = set()
        self._stopping = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"tail {topic}", daemon=True)
        self.seen: dict[str, float] = {}

    def start(self) -> None:
        self._thread.start()

    @property
    def settled(self) -> bool:
        """Whether it follows every partition. Raises what ended it."""
        self._raise_fault()
        return len(self._owned) == self._partitions

    @property
    def count(self) -> int:
        """Chunks whose verdict is here. Raises what ended it."""
        self._raise_fault()
        return len(self.seen)

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        self._owned |= positions.keys()

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self._owned -= set(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self._owned -= set(partitions)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            while not self._opened() and not self._stopping.is_set():
                self._clock.sleep(_POLL_SECONDS)
            while not self._stopping.is_set():
                self._read()
        except Exception as error:  # noqa: BLE001 - raised by `settled`, on the thread that asks
            self._fault = error
        finally:
            self._stream.close(Deadline(_CLOSE_SECONDS, clock=self._clock))

    def _opened(self) -> bool:
        """A broker that has just started, on a busy machine, does not answer in time at once."""
        try:
            self._stream.open(self)
        except BrokerUnavailable:
            return False
        return True

    def _read(self) -> None:
        try:
            records = self._stream.poll(timeout_seconds=_POLL_SECONDS, max_records=_RECORDS)
        except BrokerUnavailable:
            self._clock.sleep(_POLL_SECONDS)
            return
        now = time.time()
        for record in records:
            # Again after a rebalance: it commits nothing, so it starts over.
            self.seen.setdefault(orjson.loads(record.value or b"{}")["chunk_id"], now)
