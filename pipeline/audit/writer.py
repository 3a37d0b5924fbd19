"""Links the audit records of a batch, partition by partition, and forgets them again if the batch is not committed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.audit.chain import chain_id_of, link
from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.broker.key_codec import encode_key, key_record_key
from pipeline.domain.audit import AuditRecord, ChainHead
from pipeline.domain.sealing import Sealed, WrappedKey


class SealingKeys(Protocol):
    """The data keys of the consultations a worker judges."""

    def seal(self, consult_id: str, plaintext: bytes, *, bound_to: bytes) -> Sealed:
        """Sealed under the consultation's key, which is made on first use."""

    def unpublished(self, consult_ids: Collection[str]) -> list[WrappedKey]:
        """Keys of these that are used and not yet `committed`."""

    def committed(self, keys: Collection[WrappedKey]) -> None:
        """These are durable now."""

    def restore(self, wrapped: WrappedKey) -> None:
        """Go on with a key that a worker before used."""

    def forget(self, consult_ids: Collection[str]) -> None:
        """Drop the keys of these; who speaks again gets a new one."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What to append, keys before the records sealed with them; the head after them; and the keys among them."""

    outgoing: list[OutgoingRecord]
    head: ChainHead
    keys: list[WrappedKey]


class ChainWriter:
    """The chain heads of the partitions a worker owns.

    `write` links without moving the heads; `committed` moves them. So an aborted transaction needs no undoing, and a
    commit whose outcome is unknown is settled by reading the audit topic again (`own`). Without `keys` nothing sealed
    is written; with them, a data key goes out in the transaction of the first record that is sealed with it.
    """

    def __init__(self, *, audit_topic: str, keys_topic: str, keys: SealingKeys | None = None) -> None:
        self.audit_topic = audit_topic
        self.keys_topic = None if keys is None else keys_topic
        self._keys = keys
        self._heads: dict[TopicPartition, ChainHead] = {}

    def own(self, source: TopicPartition, head: ChainHead, keys: Iterable[WrappedKey] = ()) -> None:
        """Take over the chain of an input partition at `head`, and the data keys of its consultations."""
        self._heads[source] = head
        if self._keys is not None:
            for key in keys:
                self._keys.restore(key)

    def forget(self, consult_id: str) -> None:
        """Seal nothing more under the data key of a consultation: it was erased."""
        if self._keys is not None:
            self._keys.forget([consult_id])

    def disown(self, source: TopicPartition) -> None:
        self._heads.pop(source, None)

    def write(self, source: TopicPartition, records: Sequence[AuditRecord]) -> Linked:
        """The records to append to the partitions of the same number."""
        head = self._heads[source]
        chain_id = chain_id_of(source)
        outgoing: list[OutgoingRecord] = []
        for record in records:
            value, head = link(record, chain_id=chain_id, head=head, seal=self._seal if self._keys else None)
            key = None if record.consult_id is None else record.consult_id.encode()
            outgoing.append(OutgoingRecord(self.audit_topic, key, value, source.partition))
        keys = self._unpublished(records)
        return Linked([self._key_record(key, source.partition) for key in keys] + outgoing, head, keys)

    def committed(self, heads: Mapping[TopicPartition, ChainHead], keys: Collection[WrappedKey]) -> None:
        """These heads and keys are durable now."""
        self._heads.update(heads)
        if self._keys is not None:
            self._keys.committed(keys)

    def _key_record(self, key: WrappedKey, partition: int) -> OutgoingRecord:
        assert self.keys_topic is not None
        record_key = key_record_key(key.consult_id, key.key_id)
        return OutgoingRecord(self.keys_topic, record_key, encode_key(key), partition)

    def _unpublished(self, records: Sequence[AuditRecord]) -> list[WrappedKey]:
        if self._keys is None:
            return []
        return self._keys.unpublished({record.consult_id for record in records if record.consult_id is not None})

    def _seal(self, consult_id: str, plaintext: bytes, bound_to: bytes) -> Sealed:
        assert self._keys is not None
        return self._keys.seal(consult_id, plaintext, bound_to=bound_to)
