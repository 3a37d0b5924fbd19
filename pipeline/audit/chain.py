"""Chains of audit records: each carries the hash of the one before, so that none can be changed, moved or left out.

One chain for each input partition, on the audit partition of the same number. It has one writer at a time: records are
linked in the transaction that also commits the input offsets, which fences every other writer. A new owner continues
from the last committed record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.audit.canonical import canonical, hash_of
from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.codec import audit_body
from pipeline.domain.audit import GENESIS, AuditRecord, ChainHead
from pipeline.errors import AuditBroken


def chain_id_of(source: TopicPartition) -> str:
    """`topic/partition` of the input."""
    return f"{source.topic}/{source.partition}"


def link(record: AuditRecord, *, chain_id: str, head: ChainHead) -> tuple[bytes, ChainHead]:
    """The bytes of `record` as the link after `head`, and the head after it."""
    body = audit_body(record, chain_id=chain_id, head=head)
    digest = hash_of(body)
    return _stored(body, digest=digest), ChainHead(head.seq + 1, digest)


def _stored(body: dict[str, Any], *, digest: str) -> bytes:
    """The canonical form with the hash appended: a verifier removes it and re-serialises."""
    return canonical(body)[:-1] + b',"hash":"' + digest.encode() + b'"}'


def resume(record: Record | None, *, chain_id: str) -> ChainHead:
    """The head to continue from, given the last committed audit record of the partition (None: a new chain).

    Raises AuditBroken when that record is not a sound link of this chain.
    """
    if record is None:
        return GENESIS
    flaw, head = _check(record, chain_id=chain_id)
    if flaw is not None or head is None:
        raise AuditBroken(
            f"audit chain {chain_id}: the record at offset {record.ref.offset} is {flaw}; nothing is written after it. "
            "Verify the audit topic and restore it before starting a worker on this partition."
        )
    return head


@dataclass(frozen=True, slots=True)
class Verification:
    """`records` sound links were read; `flaw` and `offset` name the first that is not, None where all hold."""

    records: int
    head: ChainHead
    flaw: str | None = None
    offset: int | None = None

    @property
    def verified(self) -> bool:
        return self.flaw is None


def verify(records: Iterable[Record], *, chain_id: str, after: ChainHead = GENESIS) -> Verification:
    """Follow a chain from `after` through `records`, in offset order; stops at the first flaw."""
    head, count = after, 0
    for record in records:
        flaw, found = _check(record, chain_id=chain_id, after=head)
        if flaw is not None or found is None:
            return Verification(count, head, flaw, record.ref.offset)
        head, count = found, count + 1
    return Verification(count, head)


def _check(record: Record, *, chain_id: str, after: ChainHead | None = None) -> tuple[str | None, ChainHead | None]:
    """What is wrong with a link (None: nothing), and the head after it."""
    try:
        body = orjson.loads(record.value or b"")
        claimed = body.pop("hash")
        chain = body["chain"]
        seq, prev, found_id = chain["seq"], chain["prev"], chain["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return "unreadable", None
    # Byte for byte: a field written twice would be read differently by different readers.
    if hash_of(body) != claimed or record.value != _stored(body, digest=claimed):
        return "altered", None
    if type(seq) is not int:
        return "unreadable", None
    if found_id != chain_id:
        return "of another chain", None
    if after is not None and (seq, prev) != (after.seq + 1, after.hash):
        return "out of sequence" if seq != after.seq + 1 else "not linked to the one before", None
    return None, ChainHead(seq, claimed)
