"""One transactional producer, with an end to every wait.

The order of a commit:

1. begin the transaction
2. send the records
3. send the consumed offsets with the group's membership, so that the broker fences a stale member (KIP-447)
4. flush, and look at every record's outcome
5. commit

Up to step 5 a failure means that nothing was written. From step 5 on, only an answer tells; without one the outcome
is unknown. Either way the producer is thrown away: a new one with the same transactional id bumps the epoch, which
settles whatever its predecessor left, and makes the predecessor's delayed requests void.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from pipeline.broker.base import OutgoingRecord, RecordRef, TopicPartition
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.connection import as_library, connect_producer
from pipeline.broker.kafka.errors import mapped, translating
from pipeline.clock import Clock
from pipeline.errors import BrokerError, BrokerUnavailable, CommitAborted, CommitUnknown, Fenced

_log = structlog.get_logger()


class Transactor:
    """Writes all of a batch or none. Not usable before `open`, nor between a failed commit and the next `open`."""

    def __init__(self, config: KafkaConfig, *, transactional_id: str, clock: Clock) -> None:
        self._config = config
        self._transactional_id = transactional_id
        self._clock = clock
        self._producer: KafkaProducer | None = None

    def open(self) -> None:
        """Take over the transactional id and settle what any predecessor left open.

        Raises BrokerUnavailable, BrokerRefused.
        """
        self.close(timeout_seconds=0)
        producer = connect_producer(self._config, transactional_id=self._transactional_id)
        try:
            with translating("settle earlier transactions"):
                producer.init_transactions()
        except BrokerError as error:
            _abandon(producer)
            if _unanswered(error.__cause__):
                raise BrokerUnavailable("earlier transactions were not settled in time") from error
            raise
        self._producer = producer

    def commit(
        self,
        outgoing: Sequence[OutgoingRecord],
        *,
        offsets: Mapping[TopicPartition, int] | None = None,
        membership: ConsumerGroupMetadata | None = None,
    ) -> Sequence[RecordRef]:
        """Write in one transaction; where the records lie, in the order given.

        Raises CommitAborted, CommitUnknown, Fenced, TopicMismatch, BrokerRefused; never later than the commit timeout.
        """
        if self._producer is None:
            raise CommitAborted("no transaction can begin before the last failure is settled")
        attempt = _Attempt(self._producer, outgoing, offsets or {}, membership)
        started = self._clock.monotonic()
        # commit_transaction and send_offsets_to_transaction wait for ever, and nothing public interrupts them. The
        # thread of an attempt that hangs stays parked in them (daemon) when its producer is abandoned.
        threading.Thread(target=attempt.run, name="kafka-commit", daemon=True).start()
        answered = attempt.finished.wait(self._config.commit_timeout_seconds)
        if answered and attempt.error is None:
            return [_ref(future.value) for future in attempt.futures]
        sent = attempt.give_up()
        _abandon(self._producer)
        self._producer = None
        overdue = self._clock.monotonic() - started >= self._config.transaction_timeout_ms / 1000
        raise _failure(attempt, sent=sent, overdue=overdue) from attempt.error

    def close(self, *, timeout_seconds: float) -> None:
        """Release the producer; nothing is open, so nothing is lost. A second call does nothing."""
        producer, self._producer = self._producer, None
        if producer is not None:
            _abandon(producer, timeout_seconds=timeout_seconds)


class _Attempt:
    """One run of the five steps on a thread of its own."""

    def __init__(
        self,
        producer: KafkaProducer,
        outgoing: Sequence[OutgoingRecord],
        offsets: Mapping[TopicPartition, int],
        membership: ConsumerGroupMetadata | None,
    ) -> None:
        self._producer = producer
        self._outgoing = outgoing
        self._offsets = {
            as_library(partition): OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()
        }
        self._membership = membership
        self._gate = threading.Lock()
        self._given_up = False
        self._commit_sent = False
        self.futures: list[Any] = []
        self.error: Exception | None = None
        self.finished = threading.Event()

    def run(self) -> None:
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the thread that waits for the outcome
            self.error = error
        finally:
            self.finished.set()

    def give_up(self) -> bool:
        """Forbid step 5 from now on; whether it had begun."""
        with self._gate:
            self._given_up = True
            return self._commit_sent

    def cause(self) -> Exception | None:
        """The first error worth telling: a record's own before the general one that follows from it."""
        failed = (future.exception for future in self.futures if future.failed())
        return next(failed, self.error)

    def _run(self) -> None:
        # Step 1: begin
        self._producer.begin_transaction()
        # Step 2: send
        send = self._producer.send
        for record in self._outgoing:
            headers = list(record.headers)
            self.futures.append(send(record.topic, record.value, record.key, headers, record.partition))
        # Step 3: offsets
        if self._offsets:
            self._producer.send_offsets_to_transaction(self._offsets, self._membership)
        # Step 4: flush, and every outcome
        self._producer.flush()
        for future in self.futures:
            if not future.succeeded():
                raise future.exception
        # Step 5: commit
        with self._gate:
            if self._given_up:
                return
            self._commit_sent = True
        self._producer.commit_transaction()


def _failure(attempt: _Attempt, *, sent: bool, overdue: bool) -> BrokerError:
    error = attempt.cause()
    if error is None:
        late = "the commit was sent and not answered in time" if sent else "the broker did not take the records in time"
        return CommitUnknown(late) if sent else CommitAborted(late)
    ours = mapped(error, doing="commit")
    # A transaction older than its time-out is ended by the broker itself, which looks the same as a newer instance.
    if isinstance(ours, Fenced) and not overdue:
        return ours
    if sent:
        return CommitUnknown(f"the commit was sent and ended in {type(error).__name__}")
    # The library reports a request that timed out, and any later call in the broken state, without a class of its own.
    shapeless = type(error) in (KafkaError, IllegalStateError)
    if shapeless or isinstance(ours, (BrokerUnavailable, Fenced)):
        return CommitAborted(f"the transaction ended before its commit: {type(error).__name__}")
    return ours


def _unanswered(cause: BaseException | None) -> bool:
    """Whether no answer came to a request that opens a producer: the library has no class of its own for that, nor for
    an answer that refuses, but its words tell them apart."""
    return type(cause) is KafkaError and "InitProducerIdResponse" not in str(cause)


def _abandon(producer: KafkaProducer, *, timeout_seconds: float = 0) -> None:
    """Close at once, sending nothing more."""
    try:
        producer.close(timeout=timeout_seconds)
    except KafkaError:
        # close() first flushes, and raises without closing while records are pending; its sender thread would live
        # on and could still deliver them.
        producer._sender.force_close()
        _log.debug("kafka_producer_forced_close")


def _ref(metadata: Any) -> RecordRef:
    return RecordRef(metadata.topic, metadata.partition, metadata.offset)
