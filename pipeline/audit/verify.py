"""Follows a chain of audit records and names the first that does not belong, and what is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from pipeline.audit.chain import Link, read_link
from pipeline.broker.base import Record
from pipeline.domain.audit import GENESIS, ChainHead

_REMEMBERED = 10_000
"""Links behind the head by which a repeated one is told from a forged one, and records looked at after a gap."""


class FlawKind(StrEnum):
    """What is wrong at one place of a chain, or of a chain against a signed checkpoint."""

    UNREADABLE = "unreadable"
    """Not a `consult.audit/1` record at all."""
    ALTERED = "altered"
    """Its hash is not that of its content."""
    FOREIGN = "foreign"
    """A sound record of another chain."""
    MISSING = "missing"
    """The next record, or several, are not there."""
    BEGINNING_CUT = "beginning_cut"
    """The chain starts in the middle, and nothing shows that retention was due to cut what was before."""
    REORDERED = "reordered"
    """The next record comes later."""
    DUPLICATED = "duplicated"
    """The same record stands in the chain before."""
    INSERTED = "inserted"
    """A record that follows nothing stands between two that follow each other."""
    FORKED = "forked"
    """Two histories: the record goes on from another one than stands before it."""
    TAIL_CUT = "tail_cut"
    """The chain ends before the place that a checkpoint signed."""
    REPLACED = "replaced"
    """Sound in itself, but not the chain that a checkpoint signed."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """`seq` is the place in the chain where it shows, `offset` that of the record there, None past the end."""

    kind: FlawKind
    chain_id: str
    seq: int
    offset: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a checkpoint says of a chain: its `size` in records, and the hash of the last of them."""

    size: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """`records` sound links were read. `began` is the number of the first: above 0 where retention cut the beginning,
    or the reading began later. `flaw` is the first there is."""

    records: int
    head: ChainHead
    began: int = 0
    flaw: Flaw | None = None

    @property
    def verified(self) -> bool:
        return self.flaw is None


def verify(
    records: Iterable[Record], *, chain_id: str, after: ChainHead | None = GENESIS, signed: Signed | None = None
) -> Verification:
    """Follow a chain from `after` through `records`, in offset order; stops at the first flaw. Constant memory.

    With `after` None the first record is taken as it is, wherever it stands. With `signed`, the chain must hold what
    the checkpoint signed.
    """
    follower = _Follower(chain_id, after, signed)
    rest = iter(records)
    for record in rest:
        flaw = follower.take(record, rest)
        if flaw is not None:
            return follower.result(flaw)
    return follower.result(follower.cut())


class _Follower:
    def __init__(self, chain_id: str, after: ChainHead | None, signed: Signed | None) -> None:
        self._chain_id = chain_id
        self._head = after
        self._signed = signed
        self._count = 0
        self._began = 0 if after is None else after.seq + 1
        self._seen: dict[int, tuple[str, str]] = {}  # prev and hash, by place

    def result(self, flaw: Flaw | None) -> Verification:
        return Verification(self._count, self._head or GENESIS, self._began, flaw)

    def take(self, record: Record, rest: Iterator[Record]) -> Flaw | None:
        found = read_link(record.value)
        if isinstance(found, str):
            return self._flaw(FlawKind(found), record, f"the record is {found}")
        if found.chain_id != self._chain_id:
            return self._flaw(FlawKind.FOREIGN, record, f"the record belongs to chain {found.chain_id}")
        head = self._head
        if head is None:
            self._began = found.seq
        elif found.seq != head.seq + 1 or found.prev != head.hash:
            return self._out_of_place(head, found, record, rest)
        self._head = found.head
        self._count += 1
        self._remember(found)
        signed = self._signed
        if signed is not None and found.seq == signed.size - 1 and found.hash != signed.hash:
            return self._flaw(FlawKind.REPLACED, record, "a checkpoint signed another record at this place", found.seq)
        return None

    def cut(self) -> Flaw | None:
        """What is wrong with a chain that ends here."""
        ended = -1 if self._head is None else self._head.seq
        if self._signed is None or ended >= self._signed.size - 1:
            return None
        words = f"the chain ends after {ended + 1} records, and a checkpoint signed {self._signed.size}"
        return Flaw(FlawKind.TAIL_CUT, self._chain_id, ended + 1, None, words)

    def _out_of_place(self, head: ChainHead, found: Link, record: Record, rest: Iterator[Record]) -> Flaw:
        expected = head.seq + 1
        known_prev, known_hash = self._seen.get(found.seq, (None, None))
        if known_hash == found.hash:
            return self._flaw(FlawKind.DUPLICATED, record, f"record {found.seq} stands there a second time", found.seq)
        if known_prev == found.prev:
            words = f"two records claim place {found.seq}; one of them was put in"
            return self._flaw(FlawKind.FORKED, record, words, found.seq)
        later = [link for link in map(_link, islice(rest, _REMEMBERED)) if link is not None]
        follows = any((link.seq, link.prev) == (expected, head.hash) for link in later)
        if found.seq > expected and follows:
            words = f"record {found.seq} stands before record {expected}"
            return self._flaw(FlawKind.REORDERED, record, words)
        if follows:
            return self._flaw(
                FlawKind.INSERTED, record, f"the record follows nothing before it, record {expected} does"
            )
        if found.seq > expected:
            words = f"{found.seq - expected} records are missing before record {found.seq}"
            return self._flaw(FlawKind.MISSING, record, words)
        return self._flaw(FlawKind.FORKED, record, "it goes on from another record than the one before it", found.seq)

    def _flaw(self, kind: FlawKind, record: Record, words: str, seq: int | None = None) -> Flaw:
        place = (-1 if self._head is None else self._head.seq) + 1 if seq is None else seq
        return Flaw(kind, self._chain_id, place, record.ref.offset, words)

    def _remember(self, found: Link) -> None:
        self._seen[found.seq] = (found.prev, found.hash)
        self._seen.pop(found.seq - _REMEMBERED, None)  # they come in order of their numbers


def _link(record: Record) -> Link | None:
    found = read_link(record.value)
    return found if isinstance(found, Link) else None
