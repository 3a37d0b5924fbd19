"""One transaction for a batch: what is published, the audit records, and the offsets they came from.

1. Take the decided slots at the head of each partition: everything before the first undecided chunk.
2. Link their audit records after the last committed head of each chain.
3. Commit published records, data keys, audit records and offsets in one transaction.
4. Only now move the heads and release the slots.

A failure at any step leaves the heads and slots as they were; the worker then asks the broker what was committed
(`Stream.recover`) and starts again from there. So nothing is published twice and no link is written twice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import OutgoingRecord, Stream, TopicPartition
from pipeline.domain.audit import ChainHead
from pipeline.domain.sealing import WrappedKey
from pipeline.runtime.inflight import InFlight, Slot
from pipeline.runtime.laps import Laps, Stage


@dataclass(slots=True)
class _Batch:
    """`offsets` are the next to read, `heads` the chains' after it, `keys` the data keys that go out with it."""

    outgoing: list[OutgoingRecord] = field(default_factory=list)
    offsets: dict[TopicPartition, int] = field(default_factory=dict)
    heads: dict[TopicPartition, ChainHead] = field(default_factory=dict)
    keys: list[WrappedKey] = field(default_factory=list)


class Committer:
    """Commits the heads of a window through a stream."""

    def __init__(self, stream: Stream, inflight: InFlight, chains: ChainWriter, *, laps: Laps) -> None:
        self._stream = stream
        self._inflight = inflight
        self._chains = chains
        self._laps = laps

    def commit(self, *, only: Collection[TopicPartition] | None = None) -> list[Slot]:
        """Commit what is decided (of the partitions in `only`, else of all); the committed slots, empty if none.

        Raises CommitAborted, CommitUnknown, Fenced, as the stream does.
        """
        # Step 1
        heads = self._inflight.decided()
        if only is not None:
            heads = {partition: slots for partition, slots in heads.items() if partition in only}
        if not heads:
            return []
        # Step 2
        self._laps.start()
        batch = self._batch(heads)
        self._laps.lap(Stage.AUDIT)
        # Step 3
        self._stream.commit(batch.outgoing, offsets=batch.offsets)
        self._laps.lap(Stage.COMMIT)
        # Step 4
        self._chains.committed(batch.heads, batch.keys)
        for partition, slots in heads.items():
            self._inflight.release(partition, len(slots))
        return [slot for slots in heads.values() for slot in slots]

    def _batch(self, heads: Mapping[TopicPartition, list[Slot]]) -> "_Batch":
        batch = _Batch()
        for partition, slots in heads.items():
            outcomes = [slot.outcome for slot in slots if slot.outcome is not None]
            for outcome in outcomes:
                batch.outgoing.extend(outcome.published)
            linked = self._chains.write(partition, [outcome.audit for outcome in outcomes])
            batch.outgoing.extend(linked.outgoing)
            batch.heads[partition] = linked.head
            batch.keys.extend(linked.keys)
            batch.offsets[partition] = slots[-1].record.ref.offset + 1
        return batch
