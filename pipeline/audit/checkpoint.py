"""Signed statements of how far every chain had come: what an outsider holds the audit topic against.

A checkpoint is stored as canonical JSON with its Ed25519 signature in it, base64 over the canonical bytes without it.
Its hash is the SHA-256 of the stored bytes, so that `sha256sum` of one file gives the `prev` of the next.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, NoReturn

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.audit.canonical import canonical
from pipeline.audit.merkle import Frontier, leaf_hash
from pipeline.audit.signing_key import fingerprint
from pipeline.domain.audit import GENESIS
from pipeline.domain.wire import CheckpointV1
from pipeline.errors import CheckpointForged

SCHEMA = "consult.audit-checkpoint/1"

NO_CHECKPOINT = "0" * 64
"""`prev` of the first."""


class Flaw(StrEnum):
    """What is wrong with a checkpoint, or with its place in the series."""

    UNREADABLE = "unreadable"
    ANOTHER_KEY = "signed by another key"
    SIGNATURE = "not what its signature is of"
    ANOTHER_ORIGIN = "of another deployment"
    FRONTIER = "a frontier does not give its root or size"
    MISSING = "missing"
    REORDERED = "out of order"
    FORKED = "another one of the same number"
    NOT_LINKED = "not linked to the one before"
    CLOCK = "issued before the one before it"
    ROLLED_BACK = "rolled back: a chain is shorter or gone"
    REWRITTEN = "rewritten: a chain differs where it was covered already"


@dataclass(frozen=True, slots=True)
class ChainState:
    """A chain of `size` links: the hash of the last (zeros for none), the root of their Merkle tree and its frontier.

    All hashes are 64 lower-case hex digits.
    """

    id: str
    size: int
    head: str
    root: str
    frontier: tuple[str, ...]

    def tree(self) -> Frontier:
        """The tree to grow on. Raises ValueError where the frontier cannot be one of `size` leaves."""
        return Frontier(self.size, [bytes.fromhex(found) for found in self.frontier])

    @classmethod
    def of(cls, chain_id: str, *, head: str, tree: Frontier) -> "ChainState":
        """The state of a chain whose last link has the hash `head`."""
        return cls(chain_id, tree.size, head, tree.root().hex(), tuple(found.hex() for found in tree.hashes))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Every chain of the deployment `origin`, in order of their ids. `key` is the fingerprint of the signing key."""

    origin: str
    seq: int
    prev: str
    issued_at_ms: int
    chains: tuple[ChainState, ...]
    key: str


def sign(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> bytes:
    """The bytes to store. Raises ValueError where `key` is not the fingerprint of `private_key`."""
    if checkpoint.key != fingerprint(private_key.public_key()):
        raise ValueError("the checkpoint names another key than the one it is signed with")
    body = _body(checkpoint)
    signature = private_key.sign(canonical(body))
    return canonical(body | {"signature": b64encode(signature).decode()})


def hash_of_checkpoint(value: bytes) -> str:
    """SHA-256 of the stored bytes, 64 hex digits: the `prev` of the next."""
    return sha256(value).hexdigest()


def read(value: bytes, *, public_key: Ed25519PublicKey, origin: str | None = None) -> Checkpoint:
    """The checkpoint that the bytes are, once everything about it holds that it can show by itself.

    With `origin`, it must be of that deployment. Raises CheckpointForged with the flaw.
    """
    checkpoint, signed, signature = _parsed(value)
    expected = fingerprint(public_key)
    if checkpoint.key != expected:
        _refuse(Flaw.ANOTHER_KEY, f"it names the key {checkpoint.key}, the public key given is {expected}")
    try:
        public_key.verify(signature, signed)
    except InvalidSignature:
        _refuse(Flaw.SIGNATURE, "it was altered after it was signed, or never signed by this key")
    if origin is not None and checkpoint.origin != origin:
        _refuse(Flaw.ANOTHER_ORIGIN, f"it is of {checkpoint.origin!r}, asked for is {origin!r}")
    for chain in checkpoint.chains:
        _refuse_unsound(chain)
    return checkpoint


def _body(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "origin": checkpoint.origin,
        "seq": checkpoint.seq,
        "prev": checkpoint.prev,
        "issued_at_ms": checkpoint.issued_at_ms,
        "chains": [
            {
                "id": chain.id,
                "size": chain.size,
                "head": chain.head,
                "root": chain.root,
                "frontier": list(chain.frontier),
            }
            for chain in checkpoint.chains
        ],
        "key": checkpoint.key,
    }


def _parsed(value: bytes) -> tuple[Checkpoint, bytes, bytes]:
    """The checkpoint, the bytes that are signed, and the signature over them."""
    try:
        body = orjson.loads(value)
        # Byte for byte: a field written twice, or in another spelling, would be read differently by others.
        if not isinstance(body, dict) or canonical(body) != value:
            raise ValueError("not canonical")
        found = CheckpointV1.model_validate_json(value)
        signature = b64decode(found.signature, validate=True)
        if b64encode(signature).decode() != found.signature:
            raise ValueError("not canonical base64")
    except (ValueError, TypeError) as error:
        raise CheckpointForged(
            f"checkpoint {Flaw.UNREADABLE}: it is no {SCHEMA} in canonical JSON", flaw=Flaw.UNREADABLE
        ) from error
    del body["signature"]
    return _checkpoint(found), canonical(body), signature


def _checkpoint(found: CheckpointV1) -> Checkpoint:
    chains = tuple(ChainState(chain.id, chain.size, chain.head, chain.root, chain.frontier) for chain in found.chains)
    ids = [chain.id for chain in chains]
    if ids != sorted(set(ids)):
        _refuse(Flaw.UNREADABLE, "its chains are not in order of their ids, each once")
    return Checkpoint(found.origin, found.seq, found.prev, found.issued_at_ms, chains, found.key)


def _refuse_unsound(chain: ChainState) -> None:
    try:
        root = chain.tree().root().hex()
    except ValueError as error:
        raise CheckpointForged(f"checkpoint: {Flaw.FRONTIER}: chain {chain.id}: {error}", flaw=Flaw.FRONTIER) from error
    if root != chain.root:
        _refuse(Flaw.FRONTIER, f"chain {chain.id}")
    if not _ends_in_its_head(chain):
        _refuse(Flaw.FRONTIER, f"chain {chain.id}: its head is not the last of {chain.size} links")


def _ends_in_its_head(chain: ChainState) -> bool:
    """As far as a frontier shows it: the last subtree of an odd number of leaves is the last leaf, alone.

    A root says nothing about the number of leaves under it (two subtrees give the same whatever their sizes): that
    number rests on the signature.
    """
    if chain.size == 0:
        return chain.head == GENESIS.hash
    alone = chain.frontier[-1] == leaf_hash(bytes.fromhex(chain.head)).hex()
    return alone == bool(chain.size & 1)


def _refuse(flaw: Flaw, detail: str) -> NoReturn:
    raise CheckpointForged(f"checkpoint: {flaw}: {detail}", flaw=flaw)
