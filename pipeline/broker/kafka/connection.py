"""Makes the library's clients, with the settings exactly-once depends on, and keeps the library's logs quiet."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.errors import translating

# At DEBUG the library writes keys and values of records ("Sending (key=%r value=%r"); its response parser writes the
# raw bytes of a response it cannot decode even at ERROR, and raises as well.
_FLOORS = {"kafka.protocol.parser": logging.CRITICAL}
_FLOOR = logging.WARNING

# Consecutive transactions of one producer often meet CONCURRENT_TRANSACTIONS while the markers of the last one are
# being written, and the library sleeps this long before it asks again; its default of 100 ms would rule throughput.
_RETRY_BACKOFF_MS = 10
# A dead letter is a record of up to the broker's 1 MiB with headers on top; the topic's own limit allows twice that.
_MAX_REQUEST_BYTES = 2 * 1024 * 1024
_BATCH_BYTES = 256 * 1024


def _at_least_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= _FLOORS.get(record.name, _FLOOR)


def silence_library() -> None:
    """Keep the library's loggers at WARNING or above whatever level they or the root are set to, now or later."""
    names = [name for name in logging.root.manager.loggerDict if name == "kafka" or name.startswith("kafka.")]
    for name in names:
        logger = logging.getLogger(name)
        logger.addFilter(_at_least_warning)
        # The filter protects; the level only saves the cost of making records for it.
        if name == "kafka" or logger.level != logging.NOTSET:
            logger.setLevel(max(logger.level, _FLOOR))


def as_library(partition: TopicPartition) -> LibraryPartition:
    """The library insists on its own tuple type."""
    return LibraryPartition(partition.topic, partition.partition)


def as_records(batch: Iterable[Any]) -> list[Record]:
    """The library's records as ours, in the same order."""
    return [
        Record(RecordRef(r.topic, r.partition, r.offset), r.key, r.value, tuple(r.headers), r.timestamp) for r in batch
    ]


def connect_producer(config: KafkaConfig, *, transactional_id: str | None = None) -> KafkaProducer:
    """A transactional producer, before `init_transactions`; without an id a plain one, for what may be repeated.

    Raises BrokerUnavailable, BrokerRefused.
    """
    silence_library()
    with translating("connect a producer"), _closing_after_failure() as client:
        return KafkaProducer(
            **config.connection_options(),
            kafka_client=client,
            transactional_id=transactional_id,
            acks="all",
            transaction_timeout_ms=config.transaction_timeout_ms,
            delivery_timeout_ms=config.delivery_timeout_ms,
            max_block_ms=int(config.commit_timeout_seconds * 1000),
            compression_type=config.compression_type,
            linger_ms=config.linger_ms,
            batch_size=_BATCH_BYTES,
            max_request_size=_MAX_REQUEST_BYTES,
            retry_backoff_ms=_RETRY_BACKOFF_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )


def connect_consumer(
    config: KafkaConfig, *, group: str | None = None, assignors: Sequence[Any] = (), fetch_bytes: int = 1024 * 1024
) -> KafkaConsumer:
    """A consumer of committed records that never commits by itself; `fetch_bytes` of a partition come at a time.

    Raises BrokerUnavailable, BrokerRefused.
    """
    silence_library()
    membership = {"partition_assignment_strategy": tuple(assignors)} if assignors else {}
    with translating("connect a consumer"), _closing_after_failure() as client:
        return KafkaConsumer(
            **config.connection_options(),
            kafka_client=client,
            **membership,
            group_id=group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=config.session_timeout_ms,
            heartbeat_interval_ms=config.heartbeat_interval_ms,
            max_poll_interval_ms=config.max_poll_interval_ms,
            fetch_max_wait_ms=config.fetch_max_wait_ms,
            max_partition_fetch_bytes=fetch_bytes,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )


def connect_admin(config: KafkaConfig) -> KafkaAdminClient:
    """An admin client. Raises BrokerUnavailable, BrokerRefused."""
    silence_library()
    with translating("connect an admin client"), _closing_after_failure() as client:
        return KafkaAdminClient(**config.connection_options(), kafka_client=client)


@contextmanager
def _closing_after_failure() -> Iterator[Callable[..., KafkaNetClient]]:
    """A factory of network clients; what it made is closed when the block raises.

    A constructor of the library that fails keeps its sockets and its I/O thread, one set for every attempt to
    reach a broker that is down.
    """
    made: list[KafkaNetClient] = []

    def make(**options: Any) -> KafkaNetClient:
        made.append(KafkaNetClient(**options))
        return made[-1]

    try:
        yield make
    except Exception:
        for client in made:
            client.close()
        raise
