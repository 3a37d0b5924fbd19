"""Reads committed records by position."""

from collections.abc import Iterator

from kafka import IsolationLevel, KafkaAdminClient, KafkaConsumer, OffsetSpec
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.connection import as_library, as_records, connect_admin, connect_consumer
from pipeline.broker.kafka.errors import translating
from pipeline.clock import Clock, Deadline
from pipeline.errors import BrokerUnavailable

_POLL_MS = 200
_READ_BATCH = 500
# A fetch costs the library about as much as a hundred records: whole topics are read in a fifth less processor time
# than with its default of 1 MiB, and more than 4 gains nothing.
_FETCH_BYTES = 4 * 1024 * 1024
# A commit is answered once it is decided; its markers reach the partitions a few milliseconds later. Waiting this
# long at most for them makes what was committed before the call visible to it, and an unrelated transaction that
# stays open costs no more than this.
_MARKERS_SECONDS = 1.0
_SETTLE_PAUSE_SECONDS = 0.005
_NO_LEADER_PAUSE_SECONDS = 0.1
_FIRST_WINDOW = 16


class KafkaReader:
    """`pipeline.broker.base.Reader` on Kafka. Connects on first use."""

    def __init__(self, config: KafkaConfig, *, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._admin_or_none: KafkaAdminClient | None = None
        self._consumer_or_none: KafkaConsumer | None = None
        self._groups: dict[str, KafkaConsumer] = {}

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        end = self.end_offset(partition)
        return self._records(partition, start=start, stop=end if stop is None else min(stop, end))

    def begin_offset(self, partition: TopicPartition) -> int:
        return self._offset(partition, OffsetSpec.EARLIEST)

    def end_offset(self, partition: TopicPartition) -> int:
        written = self._offset(partition, OffsetSpec.LATEST, isolation=IsolationLevel.READ_UNCOMMITTED)
        deadline = Deadline(_MARKERS_SECONDS, clock=self._clock)
        while True:
            stable = self._offset(partition, OffsetSpec.LATEST)
            if stable >= written or deadline.passed:
                return stable
            self._clock.sleep(_SETTLE_PAUSE_SECONDS)

    def offset_for_time(self, partition: TopicPartition, timestamp_ms: int) -> int:
        found, end = self._offset(partition, timestamp_ms), self.end_offset(partition)
        # The broker's answer may name a marker or an aborted record, which carry times too.
        later = self._records(partition, start=found, stop=end) if found >= 0 else iter(())
        return next((record.ref.offset for record in later if record.timestamp_ms >= timestamp_ms), end)

    def last(self, partition: TopicPartition, *, settle_seconds: float) -> Record | None:
        end = self._settled_end(partition, settle_seconds=settle_seconds)
        begin = self.begin_offset(partition)
        # Markers and aborted records take offsets too, so the last record may lie any distance before the end.
        stop, window = end, _FIRST_WINDOW
        while stop > begin:
            start = max(begin, stop - window)
            newest = None
            for record in self._records(partition, start=start, stop=stop):
                newest = record
            if newest is not None:
                return newest
            stop, window = start, window * 4
        return None

    def committed(self, group: str, partition: TopicPartition) -> int | None:
        with translating("read a committed offset"):
            if group not in self._groups:
                self._groups[group] = connect_consumer(self._config, group=group)
            consumer = self._groups[group]
            offset: int | None = consumer.committed(as_library(partition), timeout_ms=self._config.request_timeout_ms)
        return offset

    def close(self) -> None:
        consumers = [*self._groups.values(), self._consumer_or_none]
        admin, self._admin_or_none, self._consumer_or_none, self._groups = self._admin_or_none, None, None, {}
        for consumer in consumers:
            if consumer is not None:
                consumer.close(autocommit=False, timeout_ms=0)
        if admin is not None:
            admin.close()

    def _records(self, partition: TopicPartition, *, start: int, stop: int) -> Iterator[Record]:
        key = as_library(partition)
        position = start
        while position < stop:
            batch, position = self._next(key, position)
            for record in batch:
                if record.ref.offset >= stop:
                    return
                yield record

    def _next(self, key: LibraryPartition, position: int) -> tuple[list[Record], int]:
        """Some records from `position` on, none where only markers lie, and the position after them."""
        deadline = Deadline(self._config.request_timeout_ms / 1000, clock=self._clock)
        with translating("read records"):
            consumer = self._focused(key, position)
            while not deadline.passed:
                records = consumer.poll(timeout_ms=_POLL_MS, max_records=_READ_BATCH).get(key, ())
                after: int = consumer.position(key)
                if records or after > position:
                    return as_records(records), after
        raise BrokerUnavailable(f"no record of {key.topic}/{key.partition} came in time")

    def _focused(self, key: LibraryPartition, position: int) -> KafkaConsumer:
        """The one consumer, placed. Iterators over several partitions may take turns with it."""
        if self._consumer_or_none is None:
            self._consumer_or_none = connect_consumer(self._config, fetch_bytes=_FETCH_BYTES)
        consumer = self._consumer_or_none
        if consumer.assignment() != {key}:
            consumer.assign([key])
            consumer.seek(key, position)
        elif consumer.position(key) != position:
            consumer.seek(key, position)
        return consumer

    def _settled_end(self, partition: TopicPartition, *, settle_seconds: float) -> int:
        deadline = Deadline(settle_seconds, clock=self._clock)
        while True:
            stable = self._offset(partition, OffsetSpec.LATEST)
            written = self._offset(partition, OffsetSpec.LATEST, isolation=IsolationLevel.READ_UNCOMMITTED)
            if stable == written:
                return stable
            if deadline.passed:
                raise BrokerUnavailable(
                    f"a transaction on {partition.topic}/{partition.partition} is still open after {settle_seconds} s"
                )
            self._clock.sleep(_SETTLE_PAUSE_SECONDS)

    def _offset(
        self, partition: TopicPartition, spec: int, *, isolation: IsolationLevel = IsolationLevel.READ_COMMITTED
    ) -> int:
        key = as_library(partition)
        deadline = Deadline(self._config.request_timeout_ms / 1000, clock=self._clock)
        while True:
            try:
                with translating("look up an offset"):
                    if self._admin_or_none is None:
                        self._admin_or_none = connect_admin(self._config)
                    found = self._admin_or_none.list_partition_offsets({key: spec}, isolation_level=isolation)
                return int(found[key].offset)
            except BrokerUnavailable:
                # While a partition has no leader the library answers at once; a new one takes a second or two.
                if deadline.passed:
                    raise
                self._clock.sleep(_NO_LEADER_PAUSE_SECONDS)
