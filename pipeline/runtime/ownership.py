"""What it takes to own a partition, and to let it go."""

from collections.abc import Iterable

import structlog

from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import Reader, TopicPartition
from pipeline.clock import Clock
from pipeline.context.consultations import ContextLimits
from pipeline.runtime.docket import Docket
from pipeline.runtime.erased import Asked
from pipeline.runtime.flow import Flow, Stages
from pipeline.runtime.inflight import InFlight
from pipeline.runtime.restore import Restoration

_SLICE_SECONDS = 0.25
"""One slice of a restoration; a group waits for a silent member for seconds."""


class Ownership:
    """The partitions of one worker. A partition taken is *ready* once its consultations and chain head are restored;
    only then may records of it be admitted."""

    def __init__(
        self,
        *,
        reader: Reader,
        flow: Flow,
        stages: Stages,
        chains: ChainWriter,
        inflight: InFlight,
        docket: Docket,
        context: ContextLimits,
        clock: Clock,
    ) -> None:
        self._reader, self._flow, self._stages, self._chains = reader, flow, stages, chains
        self._inflight, self._docket = inflight, docket
        self._context, self._clock = context, clock
        self._ready: set[TopicPartition] = set()
        self._restoring: dict[TopicPartition, Restoration] = {}

    @property
    def ready(self) -> list[TopicPartition]:
        return sorted(self._ready)

    @property
    def restoring(self) -> bool:
        """Whether `advance` has something to do."""
        return bool(self._restoring)

    @property
    def taken(self) -> list[TopicPartition]:
        """Ready or not."""
        return sorted({*self._ready, *self._restoring})

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._ready

    def take(self, partition: TopicPartition, position: int) -> None:
        """Own `partition` from `position` on; work in flight for it is dropped. It is not ready yet."""
        self._let_go(partition)
        self._docket.settled_before(partition, position)
        self._restoring[partition] = Restoration(
            self._reader,
            partition,
            position=position,
            stages=self._stages,
            erased=self._flow.erased,
            limits=self._context,
            audit_topic=self._chains.audit_topic,
            keys_topic=self._chains.keys_topic,
            clock=self._clock,
        )

    def advance(self) -> TopicPartition | None:
        """One slice of restoring; the partition that became ready by it. Raises BrokerUnavailable, AuditBroken."""
        for partition, restoration in self._restoring.items():
            restored = restoration.advance(slice_seconds=_SLICE_SECONDS)
            if restored is None:
                return None
            del self._restoring[partition]
            self._flow.own(partition, restored.consultations)
            self._chains.own(partition, restored.head, restored.keys)
            self._ready.add(partition)
            return partition
        return None

    def erase(self, asked: Iterable[Asked]) -> None:
        """Forget these consultations: their turns, their data keys, and what is in flight of them, which comes out as
        erased wherever the cut lies: its windows show what was said before."""
        for one in asked:
            self._flow.erase(one)
            self._chains.forget(one.consult_id)
            slots = self._inflight.of(one.consult_id.encode())
            self._docket.give_up(slots)
            for slot in slots:
                slot.outcome = self._flow.gone(slot.record)
            for restoration in self._restoring.values():
                restoration.restart()
            structlog.get_logger().info("erasure_heard", in_flight=len(slots))

    def leave(self, partitions: Iterable[TopicPartition]) -> None:
        """Own these no longer; what is in flight for them is someone else's to do."""
        for partition in partitions:
            self._let_go(partition)
            self._docket.settled_before(partition, None)

    def _let_go(self, partition: TopicPartition) -> None:
        self._docket.give_up(self._inflight.drop(partition))
        self._flow.disown(partition)
        self._chains.disown(partition)
        self._ready.discard(partition)
        self._restoring.pop(partition, None)
