"""A series of checkpoints, checked in order: none left out, replaced or put in, and no chain ever gone back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.audit.checkpoint import NO_CHECKPOINT, ChainState, Checkpoint, Flaw, hash_of_checkpoint, read
from pipeline.errors import CheckpointForged


@dataclass(frozen=True, slots=True)
class Series:
    """`count` sound checkpoints, the last of them, and the first flaw: what, at which number, and which chain. `aged`
    is the newest of those issued by the time that was asked about."""

    count: int
    last: Checkpoint | None
    flaw: Flaw | None = None
    seq: int | None = None
    chain_id: str | None = None
    detail: str = ""
    aged: Checkpoint | None = None

    @property
    def verified(self) -> bool:
        return self.flaw is None


def follow(
    values: Iterable[bytes],
    *,
    public_key: Ed25519PublicKey,
    origin: str,
    earlier_keys: Sequence[Ed25519PublicKey] = (),
    first_seq: int = 0,
    aged_ms: int | None = None,
) -> Series:
    """Check the stored bytes of a whole series, in order; stops at the first flaw. Holds one checkpoint at a time.

    `public_key` is the key in use; `earlier_keys` are those that signed before it, the oldest first: once a key has
    signed, none before it may sign again. A series whose beginning is kept no more starts at `first_seq`, and what the
    first one is linked to is then not known. The same bytes twice in a row are one checkpoint: a publisher that did not
    learn of its commit may write it again.
    """
    steps = _Steps((*earlier_keys, public_key), origin=origin, next_seq=first_seq, aged_ms=aged_ms)
    for value in values:
        found = steps.take(value)
        if found is not None:
            return found
    return Series(steps.count, steps.last, aged=steps.aged)


class _Steps:
    """Where the check of a series stands."""

    def __init__(self, keys: Sequence[Ed25519PublicKey], *, origin: str, next_seq: int, aged_ms: int | None) -> None:
        self._keys = list(keys)
        self._origin = origin
        self._next_seq = next_seq
        self._value: bytes | None = None
        self._prev = NO_CHECKPOINT if next_seq == 0 else None
        self._aged_ms = aged_ms
        self.last: Checkpoint | None = None
        self.aged: Checkpoint | None = None
        self.count = 0

    def take(self, value: bytes) -> Series | None:
        """The flaw, None if there is none."""
        if value == self._value:
            return None
        try:
            checkpoint = self._read(value)
        except CheckpointForged as error:
            return Series(self.count, self.last, Flaw(error.flaw), self._next_seq, None, str(error))
        misplaced = self._misplaced(checkpoint)
        if misplaced is not None:
            flaw, chain_id = misplaced
            # A gap is named by the first number that is not there.
            seq = self._next_seq if flaw is Flaw.MISSING else checkpoint.seq
            return Series(self.count, self.last, flaw, seq, chain_id)
        self._value, self._prev, self.last = value, hash_of_checkpoint(value), checkpoint
        self._next_seq, self.count = checkpoint.seq + 1, self.count + 1
        if self._aged_ms is not None and checkpoint.issued_at_ms <= self._aged_ms:
            self.aged = checkpoint
        return None

    def _read(self, value: bytes) -> Checkpoint:
        for place, key in enumerate(self._keys):
            try:
                found = read(value, public_key=key, origin=self._origin)
            except CheckpointForged as error:
                if error.flaw == Flaw.ANOTHER_KEY and place < len(self._keys) - 1:
                    continue
                raise
            self._keys = self._keys[place:]
            return found
        raise AssertionError("a series has at least one key")

    def _misplaced(self, found: Checkpoint) -> tuple[Flaw, str | None] | None:
        if found.seq != self._next_seq:
            return self._wrong_number(found), None
        if self._prev is not None and found.prev != self._prev:
            return Flaw.NOT_LINKED, None
        if self.last is None:
            return None
        if found.issued_at_ms < self.last.issued_at_ms:
            return Flaw.CLOCK, None
        now = {chain.id: chain for chain in found.chains}
        for before in self.last.chains:
            flaw = gone_back(before, now.get(before.id))
            if flaw is not None:
                return flaw, before.id
        return None

    def _wrong_number(self, found: Checkpoint) -> Flaw:
        if found.seq > self._next_seq:
            return Flaw.MISSING
        return Flaw.FORKED if found.seq == self._next_seq - 1 and self.last is not None else Flaw.REORDERED


def gone_back(before: ChainState, now: ChainState | None) -> Flaw | None:
    """What shows that a chain is not the one it was `before` and more; None where nothing in the two states does.

    Only the records themselves can show that everything covered before is still the same: two states share just the
    largest of their subtrees.
    """
    if now is None or now.size < before.size:
        return Flaw.ROLLED_BACK
    if now.size == before.size:
        return None if now == before else Flaw.REWRITTEN
    for level in range(max(before.size, 1).bit_length() - 1, -1, -1):
        if before.size >> level != now.size >> level:
            # From here on the newer tree's subtrees cover other leaves.
            break
        if before.size >> level & 1:
            place = (before.size >> level).bit_count() - 1
            if before.frontier[place] != now.frontier[place]:
                return Flaw.REWRITTEN
    return None
