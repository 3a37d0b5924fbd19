"""What it takes to own a partition, and to let it go."""

import threading
from collections.abc import Iterable

import structlog

from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import Reader, TopicPartition
from pipeline.clock import Clock, Deadline
from pipeline.context.consultations import ContextLimits
from pipeline.errors import BrokerUnavailable
from pipeline.runtime.docket import Docket
from pipeline.runtime.flow import Flow, Stages
from pipeline.runtime.inflight import InFlight
from pipeline.runtime.restore import restore_consultations, restore_head

_RETRY_SECONDS = 0.5


class Ownership:
    """The partitions of one worker, each with its consultations and its audit chain.

    `settle_seconds` bounds the wait for a predecessor's open transaction, `restore_timeout_seconds` the whole of
    taking a partition over while the broker is away. `stopping` cuts both short.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        flow: Flow,
        stages: Stages,
        chains: ChainWriter,
        inflight: InFlight,
        docket: Docket,
        audit_topic: str,
        context: ContextLimits,
        settle_seconds: float,
        restore_timeout_seconds: float,
        stopping: threading.Event,
        clock: Clock,
    ) -> None:
        self._reader, self._flow, self._stages, self._chains = reader, flow, stages, chains
        self._inflight, self._docket = inflight, docket
        self._audit_topic, self._context = audit_topic, context
        self._settle_seconds, self._restore_timeout_seconds = settle_seconds, restore_timeout_seconds
        self._stopping, self._clock = stopping, clock
        self._owned: set[TopicPartition] = set()

    @property
    def partitions(self) -> list[TopicPartition]:
        return sorted(self._owned)

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._owned

    def __len__(self) -> int:
        return len(self._owned)

    def take(self, partition: TopicPartition, position: int) -> None:
        """Own `partition` from `position` on, knowing what its last owner knew; work in flight for it is dropped.

        Raises BrokerUnavailable after the time-out, AuditBroken at once.
        """
        self._drop(partition)
        self._docket.settled_before(partition, position)
        deadline = Deadline(self._restore_timeout_seconds, clock=self._clock)
        while True:
            try:
                consultations = restore_consultations(
                    self._reader, partition, position=position, stages=self._stages, limits=self._context
                )
                head = restore_head(
                    self._reader, partition, audit_topic=self._audit_topic, settle_seconds=self._settle_seconds
                )
                break
            except BrokerUnavailable as error:
                if deadline.passed or self._stopping.is_set():
                    raise
                structlog.get_logger().warning("restore_waits_for_broker", partition=partition.partition, fault=error)
                self._clock.sleep(_RETRY_SECONDS)
        self._flow.own(partition, consultations)
        self._chains.own(partition, head)
        self._owned.add(partition)

    def leave(self, partitions: Iterable[TopicPartition]) -> None:
        """Own these no longer; what is in flight for them is someone else's to do."""
        for partition in partitions:
            self._drop(partition)
            self._docket.settled_before(partition, None)
            self._flow.disown(partition)
            self._chains.disown(partition)
            self._owned.discard(partition)

    def _drop(self, partition: TopicPartition) -> None:
        self._docket.give_up(self._inflight.drop(partition))
