"""A proof that one audit record is in the trail, for whoever has the deployment's public key and nothing else.

A proof is `consult.audit-proof/1`: canonical JSON (RFC 8785) of exactly these fields, with nothing before or after it:

    schema      "consult.audit-proof/1"
    record      the stored bytes of the audit record, as text
    chain       its chain's id; index: its number in it, from 0; size: how many links the checkpoint covers of it
    path        hashes from the record's leaf up to the root (RFC 9162, section 2.1.3), 64 lower-case hex digits each
    checkpoint  the stored bytes of the signed checkpoint, as text

It holds if the record's hash is that of its content, the record names that chain and index, the checkpoint is signed by
the public key and covers `size` links of the chain, and the path leads from the record's hash to the root signed there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.audit.canonical import canonical
from pipeline.audit.chain import Link, read_link
from pipeline.audit.checkpoint import ChainState, Checkpoint
from pipeline.audit.checkpoint import read as read_checkpoint
from pipeline.audit.merkle import inclusion_path, root_of_path
from pipeline.broker.base import Reader, TopicPartition
from pipeline.domain.audit import AuditEvent
from pipeline.domain.wire import ProofV1
from pipeline.errors import AuditBroken, CheckpointForged, ProofUnavailable, ProofUnsound

SCHEMA = "consult.audit-proof/1"
LARGEST_BYTES = 1 << 24
"""A checkpoint of 4,000 chains is about 6 MB; what is longer than this is no proof of ours."""


class ProofFlaw(StrEnum):
    """Why a file proves nothing."""

    UNREADABLE = "unreadable"
    """Not a `consult.audit-proof/1`, byte for byte."""
    RECORD = "record"
    """The record is altered, or is none."""
    PLACE = "place"
    """The record names another chain or number than the proof."""
    CHECKPOINT = "checkpoint"
    """The checkpoint is not what the public key's owner signed for this deployment."""
    COVERAGE = "coverage"
    """The checkpoint covers no such chain, another size of it, or not as much of it."""
    PATH = "path"
    """The path does not lead to the root that is signed."""


@dataclass(frozen=True, slots=True)
class Proven:
    """`record` is in `checkpoint.chains`' chain `chain_id` at `index`; `record` is without its `hash`."""

    chain_id: str
    index: int
    hash: str
    record: Mapping[str, Any]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Disproved:
    """The first flaw there is."""

    flaw: ProofFlaw
    words: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A sound record about a chunk, and where it lies."""

    chain_id: str
    seq: int
    event: str
    partition: TopicPartition
    offset: int


@dataclass(frozen=True, slots=True)
class Made:
    """The proof's bytes, what they prove, and the other records about the same chunk."""

    value: bytes
    proven: Proven
    others: tuple[Mention, ...]


def verify_proof(value: bytes, *, public_key: Ed25519PublicKey, origin: str | None = None) -> Proven | Disproved:
    """What the bytes prove. Every one of them may be an adversary's; only `public_key` is trusted.

    With `origin`, the checkpoint must be of that deployment.
    """
    proof = _parsed(value)
    if proof is None:
        return Disproved(ProofFlaw.UNREADABLE, f"it is no {SCHEMA}, byte for byte")
    link = read_link(proof.record.encode())
    if isinstance(link, str):
        return Disproved(ProofFlaw.RECORD, f"its audit record is {link}")
    if (link.chain_id, link.seq) != (proof.chain, proof.index):
        return Disproved(
            ProofFlaw.PLACE, f"its record is number {link.seq} of {link.chain_id!r}, not what it is given out for"
        )
    try:
        checkpoint = read_checkpoint(proof.checkpoint.encode(), public_key=public_key, origin=origin)
    except CheckpointForged as error:
        return Disproved(ProofFlaw.CHECKPOINT, str(error))
    state = _state_of(checkpoint, link.chain_id)
    if state is None or state.size != proof.size or state.size <= link.seq:
        covered = "nothing" if state is None else f"{state.size} records"
        return Disproved(ProofFlaw.COVERAGE, f"its checkpoint covers {covered} of the chain, not what it says")
    return _on_path(link, state, checkpoint, [bytes.fromhex(found) for found in proof.path])


def find_mentions(reader: Reader, chains: Mapping[str, TopicPartition], *, chunk_id: str) -> list[Mention]:
    """Every sound record about the chunk, the one that judged it first; then what became of it otherwise, duplicates,
    and looks at it. Raises AuditBroken where only damaged ones mention it, BrokerError."""
    needle, found, damaged = orjson.dumps(chunk_id), list[Mention](), None
    for chain_id, partition in chains.items():
        for record in reader.read(partition, start=reader.begin_offset(partition)):
            if record.value is None or needle not in record.value:
                continue
            link = read_link(record.value)
            if isinstance(link, str) or link.chain_id != chain_id:
                damaged = damaged or record.ref
            elif link.body.get("chunk_id") == chunk_id:
                event = str(link.body.get("event"))
                found.append(Mention(chain_id, link.seq, event, partition, record.ref.offset))
    if not found and damaged is not None:
        raise AuditBroken(
            f"the record at offset {damaged.offset} of {damaged.topic}/{damaged.partition} mentions the chunk and is "
            "no sound link of its chain: run `consultguard audit verify`"
        )
    return sorted(found, key=_rank)


def prove(
    reader: Reader,
    chains: Mapping[str, TopicPartition],
    *,
    chunk_id: str,
    checkpoint: bytes | None,
    public_key: Ed25519PublicKey,
    origin: str,
) -> Made:
    """The proof for the record that judged the chunk, under the newest checkpoint (None: there is none). Searches all
    `chains`, then passes once over the one. Constant memory.

    Raises ProofUnavailable where there is no such record, it is not covered yet, or retention cut the chain's
    beginning; CheckpointForged; AuditBroken where the chain is not what the checkpoint signed; BrokerError.
    """
    mentions = find_mentions(reader, chains, chunk_id=chunk_id)
    if not mentions:
        raise ProofUnavailable("no audit record is about this chunk: check its id, and the topics' prefix")
    chosen, *others = mentions
    signed = None
    if checkpoint is not None:
        signed = _state_of(read_checkpoint(checkpoint, public_key=public_key, origin=origin), chosen.chain_id)
    if checkpoint is None or signed is None or signed.size <= chosen.seq:
        covered = 0 if signed is None else signed.size
        raise ProofUnavailable(
            f"no checkpoint covers the record yet: it is number {chosen.seq} of chain {chosen.chain_id}, and "
            f"{covered} records are covered; wait for the next, or run: consultguard run checkpointer --once"
        )
    value = _written(reader, chosen, signed.size, checkpoint)
    proven = verify_proof(value, public_key=public_key, origin=origin)
    if isinstance(proven, Disproved):
        raise AuditBroken(
            f"audit chain {chosen.chain_id} is not the one that the checkpoint signed ({proven.words}): "
            "run `consultguard audit verify`"
        )
    return Made(value, proven, tuple(others))


def _written(reader: Reader, chosen: Mention, size: int, checkpoint: bytes) -> bytes:
    stored: list[bytes] = []
    leaves = _digests(reader, chosen, stored)
    try:
        path = inclusion_path(leaves, index=chosen.seq, size=size)
        if not stored:  # the last leaf of its tree has nothing after it to be read for
            next(leaves)
    except (ValueError, StopIteration) as error:
        raise AuditBroken(
            f"audit chain {chosen.chain_id} ends before the {size} records that a checkpoint covers: "
            "run `consultguard audit verify`"
        ) from error
    return canonical(
        {
            "schema": SCHEMA,
            "record": stored[0].decode(),
            "chain": chosen.chain_id,
            "index": chosen.seq,
            "size": size,
            "path": [found.hex() for found in path],
            "checkpoint": checkpoint.decode(),
        }
    )


def _digests(reader: Reader, chosen: Mention, stored: list[bytes]) -> Iterator[bytes]:
    """The chain's leaves from the first on; what is stored at the chosen one goes into `stored`."""
    partition = chosen.partition
    for expected, record in enumerate(reader.read(partition, start=reader.begin_offset(partition))):
        link = read_link(record.value)
        if isinstance(link, Link) and expected == 0 and link.seq > 0:
            raise ProofUnavailable(
                f"chain {chosen.chain_id} begins with record {link.seq}: retention cut what was before, and no path "
                "can be made without it"
            )
        if isinstance(link, str) or (link.chain_id, link.seq) != (chosen.chain_id, expected):
            raise AuditBroken(
                f"audit chain {chosen.chain_id}: the record at offset {record.ref.offset} is not its number "
                f"{expected}: run `consultguard audit verify`"
            )
        if expected == chosen.seq and record.value is not None:
            stored.append(record.value)
        yield bytes.fromhex(link.hash)


def _on_path(link: Link, state: ChainState, checkpoint: Checkpoint, path: list[bytes]) -> Proven | Disproved:
    try:
        root = root_of_path(bytes.fromhex(link.hash), index=link.seq, size=state.size, path=path)
    except ProofUnsound as error:
        return Disproved(ProofFlaw.PATH, str(error))
    if root.hex() != state.root:
        return Disproved(ProofFlaw.PATH, "its path does not lead from the record to the root that is signed")
    return Proven(link.chain_id, link.seq, link.hash, link.body, checkpoint)


def _state_of(checkpoint: Checkpoint, chain_id: str) -> ChainState | None:
    return next((chain for chain in checkpoint.chains if chain.id == chain_id), None)


def _rank(mention: Mention) -> int:
    match mention.event:
        case AuditEvent.JUDGED:
            return 0
        case AuditEvent.SKIPPED | AuditEvent.DEAD_LETTERED:
            return 1
        case AuditEvent.DUPLICATE:
            return 2
        case _:
            return 3


def _parsed(value: bytes) -> ProofV1 | None:
    """The proof's fields; None where anything else is there."""
    if len(value) > LARGEST_BYTES:
        return None
    try:
        # Byte for byte: what one reader passes over, another might not.
        return ProofV1.model_validate_json(value) if canonical(orjson.loads(value)) == value else None
    except (ValueError, TypeError):
        return None
