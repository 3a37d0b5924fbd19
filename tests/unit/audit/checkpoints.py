"""Checkpoints of two invented chains, signed with keys made for the test."""

from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.audit.checkpoint import NO_CHECKPOINT, ChainState, Checkpoint, hash_of_checkpoint, sign
from pipeline.audit.merkle import Frontier
from pipeline.audit.signing_key import fingerprint
from pipeline.domain.audit import GENESIS

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN = "clinic-north"
ISSUED_AT_MS = 1_750_000_000_000


def digest(chain_id: str, number: int, *, story: str = "") -> bytes:
    """The digest of a record of a chain; another `story` is another chain under the same name."""
    return sha256(f"{story}{chain_id}/{number}".encode()).digest()


def state(chain_id: str, size: int, *, story: str = "") -> ChainState:
    tree = Frontier()
    for number in range(size):
        tree.add(digest(chain_id, number, story=story))
    head = digest(chain_id, size - 1, story=story).hex() if size else GENESIS.hash
    return ChainState.of(chain_id, head=head, tree=tree)


def checkpoint(
    seq: int,
    sizes: Mapping[str, int],
    *,
    prev: str = NO_CHECKPOINT,
    origin: str = ORIGIN,
    key: Ed25519PrivateKey = KEY,
    issued_at_ms: int | None = None,
    story: str = "",
) -> bytes:
    """A signed checkpoint over chains of these sizes."""
    chains = tuple(state(chain_id, size, story=story) for chain_id, size in sorted(sizes.items()))
    issued_at_ms = ISSUED_AT_MS + seq * 1000 if issued_at_ms is None else issued_at_ms
    return sign(Checkpoint(origin, seq, prev, issued_at_ms, chains, fingerprint(key.public_key())), key)


def series(*sizes: Mapping[str, int]) -> list[bytes]:
    """A sound series, one checkpoint for each of `sizes`."""
    values: list[bytes] = []
    for seq, found in enumerate(sizes):
        values.append(checkpoint(seq, found, prev=hash_of_checkpoint(values[-1]) if values else NO_CHECKPOINT))
    return values
