"""Chains of audit records: each carries the hash of the one before, so that none can be changed, moved or left out.

One chain for each input partition, on the audit partition of the same number. It has one writer at a time: records are
linked in the transaction that also commits the input offsets, which fences every other writer. A new owner continues
from the last committed record.
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from pipeline.audit.canonical import canonical
from pipeline.broker.audit_codec import audit_body, encode_exchange
from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.codec import sealed_body
from pipeline.domain.audit import GENESIS, AuditRecord, ChainHead
from pipeline.domain.sealing import Sealed
from pipeline.errors import AuditBroken

EVENTS_CHAIN = "events/0"
"""The chain of what happens to the service itself."""

Seal = Callable[[str, bytes, bytes], Sealed]
"""Seals for a consultation (its id, the plain bytes, the bytes they are bound to)."""


def chain_id_of(source: TopicPartition) -> str:
    """`topic/partition` of the input."""
    return f"{source.topic}/{source.partition}"


def link(record: AuditRecord, *, chain_id: str, head: ChainHead, seal: Seal | None = None) -> tuple[bytes, ChainHead]:
    """The bytes of `record` as the link after `head`, and the head after it.

    With `seal`, the exchange of a known consultation goes in sealed. One that no consultation is known for stays out:
    nobody could ever erase it.
    """
    body = audit_body(record, chain_id=chain_id, head=head)
    if seal is not None and record.exchange is not None and record.consult_id is not None:
        sealed = seal(record.consult_id, encode_exchange(record.exchange), canonical(body))
        body["sealed"] = sealed_body(sealed)
    clear = canonical(body)
    digest = sha256(clear).hexdigest()
    return _stored(clear, digest), ChainHead(head.seq + 1, digest)


def bound_to(body: dict[str, Any]) -> bytes:
    """What the sealed part of a parsed record is bound to: everything else in it but the hash."""
    return canonical({name: value for name, value in body.items() if name not in ("sealed", "hash")})


def sealed_in(body: dict[str, Any]) -> Sealed | None:
    """The sealed part of a parsed record, None where it has none or one that cannot be read."""
    try:
        found = body["sealed"]
        return Sealed(found["key"], b64decode(found["nonce"]), b64decode(found["text"]))
    except (KeyError, TypeError, ValueError):
        return None


def resume(record: Record | None, *, chain_id: str) -> ChainHead:
    """The head to continue from, given the last committed audit record of the partition (None: a new chain).

    Raises AuditBroken when that record is not a sound link of this chain.
    """
    if record is None:
        return GENESIS
    found = read_link(record.value)
    if isinstance(found, Link) and found.chain_id == chain_id:
        return found.head
    flaw = "of another chain" if isinstance(found, Link) else found
    raise AuditBroken(
        f"audit chain {chain_id}: the record at offset {record.ref.offset} is {flaw}; nothing is written after it. "
        "Verify the audit topic and restore it before starting a worker on this partition."
    )


@dataclass(frozen=True, slots=True)
class Link:
    """A record whose hash is that of its content. `prev` and `hash` are 64 hex digits; `body` is without the hash."""

    chain_id: str
    seq: int
    prev: str
    hash: str
    body: dict[str, Any]

    @property
    def head(self) -> ChainHead:
        return ChainHead(self.seq, self.hash)


def read_link(value: bytes | None) -> Link | str:
    """The link that the bytes are, or what is wrong with them: `unreadable` or `altered`."""
    try:
        body = orjson.loads(value or b"")
        claimed = body.pop("hash")
        chain = body["chain"]
        chain_id, seq, prev = chain["id"], chain["seq"], chain["prev"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return "unreadable"
    if not (type(claimed) is type(chain_id) is type(prev) is str and type(seq) is int):
        return "unreadable"
    try:
        clear = canonical(body)
    except TypeError:  # nested deeper than it can be written again
        return "unreadable"
    # Byte for byte: a field written twice would be read differently by different readers.
    if sha256(clear).hexdigest() != claimed or value != _stored(clear, claimed):
        return "altered"
    return Link(chain_id, seq, prev, claimed, body)


def _stored(clear: bytes, digest: str) -> bytes:
    """The canonical form with the hash appended: a verifier removes it and re-serialises."""
    return clear[:-1] + b',"hash":"' + digest.encode() + b'"}'
