"""A transactional producer for records that come from outside the worker."""

from collections.abc import Callable, Sequence
from random import random

import structlog

from pipeline.broker.base import OutgoingRecord, Record, RecordRef, TopicPartition
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.reader import KafkaReader
from pipeline.broker.kafka.transactor import Transactor
from pipeline.clock import Clock
from pipeline.errors import BrokerError, BrokerUnavailable, CommitAborted, Fenced

_APPEND_TRIES = 8
_APPEND_PAUSE_SECONDS = 0.1
_SETTLE_SECONDS = 15.0

_log = structlog.get_logger()


class KafkaPublisher:
    """`pipeline.broker.base.Publisher` on Kafka. Connects on first use, and again after a failure."""

    def __init__(self, config: KafkaConfig, *, transactional_id: str, clock: Clock) -> None:
        self._transactor = Transactor(config, transactional_id=transactional_id, clock=clock)
        self._reader = KafkaReader(config, clock=clock)
        self._clock = clock
        self._ready = False
        self._closed = False

    def publish(self, records: Sequence[OutgoingRecord]) -> Sequence[RecordRef]:
        if self._closed:
            raise BrokerUnavailable("the publisher is closed")
        if not records:
            return []
        if not self._ready:
            self._transactor.open()
            self._ready = True
        try:
            return self._transactor.commit(records)
        except BrokerError:
            self._ready = False
            self._settle()
            raise

    def append(self, partition: TopicPartition, make: Callable[[Record | None], OutgoingRecord]) -> RecordRef:
        """Opening fences every other publisher of this id; one that opens in between fences this one, which then
        looks again."""
        for _ in range(_APPEND_TRIES - 1):
            try:
                return self._append_once(partition, make)
            except (Fenced, CommitAborted):
                self._clock.sleep(_APPEND_PAUSE_SECONDS * (1 + random()))  # noqa: S311  two that met part again
        return self._append_once(partition, make)

    def close(self) -> None:
        self._closed = True
        self._transactor.close(timeout_seconds=1)
        self._reader.close()

    def _append_once(self, partition: TopicPartition, make: Callable[[Record | None], OutgoingRecord]) -> RecordRef:
        if self._closed:
            raise BrokerUnavailable("the publisher is closed")
        self._ready = False
        self._transactor.open()
        last = self._reader.last(partition, settle_seconds=_SETTLE_SECONDS)
        (ref,) = self._transactor.commit([make(last)])
        self._ready = True
        return ref

    def _settle(self) -> None:
        """End the failed transaction now: while it is open, committed readers of its partitions stand still."""
        try:
            self._transactor.open()
            self._ready = True
        except BrokerError as error:
            _log.warning("kafka_publisher_not_settled", error=type(error).__name__)
