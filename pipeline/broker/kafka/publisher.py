"""A transactional producer for records that come from outside the worker."""

from collections.abc import Sequence

import structlog

from pipeline.broker.base import OutgoingRecord, RecordRef
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.transactor import Transactor
from pipeline.clock import Clock
from pipeline.errors import BrokerError, BrokerUnavailable

_log = structlog.get_logger()


class KafkaPublisher:
    """`pipeline.broker.base.Publisher` on Kafka. Connects on first use, and again after a failure."""

    def __init__(self, config: KafkaConfig, *, transactional_id: str, clock: Clock) -> None:
        self._transactor = Transactor(config, transactional_id=transactional_id, clock=clock)
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

    def close(self) -> None:
        self._closed = True
        self._transactor.close(timeout_seconds=1)

    def _settle(self) -> None:
        """End the failed transaction now: while it is open, committed readers of its partitions stand still."""
        try:
            self._transactor.open()
            self._ready = True
        except BrokerError as error:
            _log.warning("kafka_publisher_not_settled", error=type(error).__name__)
