"""One transaction for a batch: what is published, the audit records, and the offsets they came from.

1. Take the decided slots at the head of each partition: everything before the first undecided chunk.
2. Link their audit records after the last committed head of each chain.
3. Commit published records, audit records and offsets in one transaction.
4. Only now move the heads and release the slots.

A failure at any step leaves the heads and slots as they were; the worker then asks the broker what was committed
(`Stream.recover`) and starts again from there. So nothing is published twice and no link is written twice.
"""

from collections.abc import Collection, Mapping

from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import OutgoingRecord, Stream, TopicPartition
from pipeline.domain.audit import ChainHead
from pipeline.runtime.inflight import InFlight, Slot


class Committer:
    """Commits the heads of a window through a stream."""

    def __init__(self, stream: Stream, inflight: InFlight, chains: ChainWriter) -> None:
        self._stream = stream
        self._inflight = inflight
        self._chains = chains

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
        outgoing, offsets, chain_heads = self._batch(heads)
        # Step 3
        self._stream.commit(outgoing, offsets=offsets)
        # Step 4
        self._chains.committed(chain_heads)
        for partition, slots in heads.items():
            self._inflight.release(partition, len(slots))
        return [slot for slots in heads.values() for slot in slots]

    def _batch(
        self, heads: Mapping[TopicPartition, list[Slot]]
    ) -> tuple[list[OutgoingRecord], dict[TopicPartition, int], dict[TopicPartition, ChainHead]]:
        outgoing: list[OutgoingRecord] = []
        offsets: dict[TopicPartition, int] = {}
        chain_heads: dict[TopicPartition, ChainHead] = {}
        for partition, slots in heads.items():
            outcomes = [slot.outcome for slot in slots if slot.outcome is not None]
            for outcome in outcomes:
                outgoing.extend(outcome.published)
            linked, chain_heads[partition] = self._chains.write(partition, [outcome.audit for outcome in outcomes])
            outgoing.extend(linked)
            offsets[partition] = slots[-1].record.ref.offset + 1
        return outgoing, offsets, chain_heads
