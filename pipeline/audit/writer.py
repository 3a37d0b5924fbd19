"""Links the audit records of a batch, partition by partition, and forgets them again if the batch is not committed."""

from collections.abc import Mapping, Sequence

from pipeline.audit.chain import chain_id_of, link
from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.domain.audit import AuditRecord, ChainHead


class ChainWriter:
    """The chain heads of the partitions a worker owns.

    `write` links without moving the heads; `committed` moves them. So an aborted transaction needs no undoing, and a
    commit whose outcome is unknown is settled by reading the audit topic again (`own`).
    """

    def __init__(self, *, audit_topic: str) -> None:
        self._audit_topic = audit_topic
        self._heads: dict[TopicPartition, ChainHead] = {}

    def own(self, source: TopicPartition, head: ChainHead) -> None:
        """Take over the chain of an input partition at `head`."""
        self._heads[source] = head

    def disown(self, source: TopicPartition) -> None:
        self._heads.pop(source, None)

    def write(self, source: TopicPartition, records: Sequence[AuditRecord]) -> tuple[list[OutgoingRecord], ChainHead]:
        """The records to append to the audit partition of the same number, and the head after them."""
        head = self._heads[source]
        chain_id = chain_id_of(source)
        outgoing: list[OutgoingRecord] = []
        for record in records:
            value, head = link(record, chain_id=chain_id, head=head)
            key = None if record.consult_id is None else record.consult_id.encode()
            outgoing.append(OutgoingRecord(self._audit_topic, key, value, source.partition))
        return outgoing, head

    def committed(self, heads: Mapping[TopicPartition, ChainHead]) -> None:
        """These heads are durable now."""
        self._heads.update(heads)
