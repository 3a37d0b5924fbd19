"""What a new owner of a partition must know before it judges: consultations under way, their data keys, and the audit
chain's head.

Reading a horizon back can take longer than a group waits for a silent member. So it is done in slices, and the worker
polls between them; otherwise two workers could take a long partition from each other for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.audit.chain import chain_id_of, resume
from pipeline.broker.base import Reader, TopicPartition
from pipeline.clock import Clock, Deadline
from pipeline.context.consultations import Consultations, ContextLimits
from pipeline.domain.audit import ChainHead
from pipeline.domain.sealing import WrappedKey
from pipeline.runtime.data_keys import live_keys
from pipeline.runtime.erased import ErasedConsultations
from pipeline.runtime.flow import Stages, prepare
from pipeline.runtime.laps import Laps

_LOOK_BACK = (64, 4096, 262_144)
"""Offsets to look back for the last record before a position: transaction markers and aborted data hold none."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What the partition's last owner knew."""

    consultations: Consultations
    head: ChainHead
    keys: tuple[WrappedKey, ...] = ()


class Restoration:
    """The taking over of one partition from `position` on.

    Consultations are restored by reading one horizon of input back. The horizon counts from the last record before
    the position, not from now, so that a worker that was away for a week remembers what one that never stopped would.
    """

    def __init__(
        self,
        reader: Reader,
        partition: TopicPartition,
        *,
        position: int,
        stages: Stages,
        erased: ErasedConsultations,
        limits: ContextLimits,
        audit_topic: str,
        keys_topic: str | None,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._partition = partition
        self._position = position
        self._stages = stages
        self._erased = erased
        self._limits = limits
        self._audit = TopicPartition(audit_topic, partition.partition)
        self._keys = None if keys_topic is None else TopicPartition(keys_topic, partition.partition)
        self._clock = clock
        self._laps = Laps()  # what restoring takes is nobody's
        self.restart()

    def restart(self) -> None:
        """From the beginning: a consultation was erased whose turns may have been read back already."""
        self._consultations = Consultations(self._limits)
        self._next: int | None = None
        self._since_ms: int | None = None

    def advance(self, *, slice_seconds: float) -> Restored | None:
        """Go on for about `slice_seconds`; what was restored once it is all there, None before.

        Raises BrokerUnavailable, also while a predecessor's transaction on the audit partition is still open (call
        again); AuditBroken where the chain cannot be continued.
        """
        deadline = Deadline(slice_seconds, clock=self._clock)
        if self._next is None:
            self._next = self._start()
        if self._next < self._position:
            for record in self._reader.read(self._partition, start=self._next, stop=self._position):
                prepare(record, self._stages, self._consultations, erased=self._erased, laps=self._laps)
                self._next = record.ref.offset + 1
                if deadline.passed:
                    return None
            self._next = self._position
        # Not waiting here for a predecessor's transaction to end: other partitions have work to do meanwhile.
        last = self._reader.last(self._audit, settle_seconds=0.0)
        head = resume(last, chain_id=chain_id_of(self._partition))
        return Restored(self._consultations, head, tuple(self._recent_keys()))

    def _recent_keys(self) -> Iterable[WrappedKey]:
        """Of one horizon, like the consultations they belong to; none that was destroyed."""
        if self._keys is None or self._since_ms is None:
            return ()
        start = self._reader.offset_for_time(self._keys, self._since_ms)
        keys = live_keys(self._reader, self._keys, start=start).values()
        return (key for key in keys if not self._erased.hold_key(key))

    def _start(self) -> int:
        begin = self._reader.begin_offset(self._partition)
        last_ms = self._last_timestamp(begin)
        if last_ms is None:
            return self._position
        self._since_ms = last_ms - self._limits.horizon_ms
        return max(begin, self._reader.offset_for_time(self._partition, self._since_ms))

    def _last_timestamp(self, begin: int) -> int | None:
        """Of the last record before the position, in milliseconds; None if there is none."""
        before = self._position - begin
        for distance in (*_LOOK_BACK, before):
            timestamp_ms = None
            start = max(begin, self._position - distance)
            for record in self._reader.read(self._partition, start=start, stop=self._position):
                timestamp_ms = record.timestamp_ms
            if timestamp_ms is not None or distance >= before:
                return timestamp_ms
        return None
