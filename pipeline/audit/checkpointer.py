"""Follows every audit chain as it grows, and signs how far each has come.

One process does this, and it writes nothing but checkpoints. It reads each partition once, keeps a frontier a chain,
and after a restart goes on from the last checkpoint instead of the first record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.audit.chain import Link, read_link
from pipeline.audit.checkpoint import NO_CHECKPOINT, ChainState, Checkpoint, hash_of_checkpoint, read, sign
from pipeline.audit.merkle import Frontier
from pipeline.audit.signing_key import fingerprint
from pipeline.broker.base import Reader, Record, TopicPartition
from pipeline.clock import Clock
from pipeline.domain.audit import GENESIS
from pipeline.errors import AuditBroken

_log = structlog.get_logger()

_MEND = "nothing is signed over it. Run `consultguard audit verify` and restore the audit topic"


@dataclass(slots=True)
class _Chain:
    """A chain as far as it is followed, and the partition it was met in."""

    id: str
    head: str = GENESIS.hash
    tree: Frontier = field(default_factory=Frontier)
    place: TopicPartition | None = None


@dataclass(slots=True)
class _Place:
    """A partition: the next offset to read (None: not looked at yet) and its chain (None: no record met yet).

    `to_meet`: the last record that the checkpoint covers has to be met again before the first new one.
    """

    partition: TopicPartition
    offset: int | None = None
    chain: _Chain | None = None
    to_meet: bool = False


class Checkpointer:
    """Owned by one thread. `resume` once if there is a checkpoint, then, over and over:

    1. `advance`, when it is time or there may be enough new records;
    2. `checkpoint` gives the bytes; write them to the topic first, then to the anchor;
    3. `written`, once the topic has them.

    After a restart the topic's last checkpoint is put into the anchor again, which takes the same bytes twice. In the
    other order, a crash between the two would leave a checkpoint in the anchor that nothing continues from.

    `partitions` is their number in `audit_topic`; `also` are further partitions with a chain of their own (that of the
    service's events). A chain lies on the partition of the number its id ends in. A clock that is behind the last
    checkpoint's time gives that time again, with the log event `checkpoint_clock_behind`.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        audit_topic: str,
        partitions: int,
        origin: str,
        key: Ed25519PrivateKey,
        clock: Clock,
        also: Sequence[TopicPartition] = (),
    ) -> None:
        self._reader = reader
        self._origin = origin
        self._key = key
        self._clock = clock
        own = [TopicPartition(audit_topic, partition) for partition in range(partitions)]
        self._places = [_Place(partition) for partition in (*own, *also)]
        self._chains: dict[str, _Chain] = {}
        self._last: Checkpoint | None = None
        self._prev = NO_CHECKPOINT

    def resume(self, value: bytes, *, public_key: Ed25519PublicKey | None = None) -> Checkpoint:
        """Go on from a stored checkpoint, before the first `advance`. `public_key`: that of the key which signed it,
        where the key was changed since. Raises CheckpointForged."""
        found = read(value, public_key=public_key or self._key.public_key(), origin=self._origin)
        self._chains = {chain.id: _Chain(chain.id, chain.head, chain.tree()) for chain in found.chains}
        self._last, self._prev = found, hash_of_checkpoint(value)
        return found

    def advance(self) -> int:
        """Read what every partition has by now; the number of new records. Constant memory.

        Raises AuditBroken, naming chain and offset, at a record that is no sound link, and where records are gone that
        were covered or never came to be. What was read before stays read. Retention may cut what is covered; records
        cut before any checkpoint covered them are a fault that only the right checkpoint to resume from can mend.
        """
        count = sum(self._advance(place) for place in self._places)
        self._refuse_vanished()
        return count

    def checkpoint(self) -> bytes:
        """The next checkpoint, over what was read by now. Another call gives another, until one is `written`."""
        now_ms, seq = self._clock.now_ms(), 0
        if self._last is not None:
            seq = self._last.seq + 1
            if now_ms < self._last.issued_at_ms:
                _log.warning("checkpoint_clock_behind", behind_ms=self._last.issued_at_ms - now_ms)
                now_ms = self._last.issued_at_ms
        chains = [self._chains[chain_id] for chain_id in sorted(self._chains)]
        states = tuple(ChainState.of(chain.id, head=chain.head, tree=chain.tree) for chain in chains)
        key = fingerprint(self._key.public_key())
        return sign(Checkpoint(self._origin, seq, self._prev, now_ms, states, key), self._key)

    def written(self, value: bytes) -> None:
        """These bytes, of `checkpoint`, are durable: the next one follows them. Raises ValueError for others."""
        found = read(value, public_key=self._key.public_key(), origin=self._origin)
        if found.prev != self._prev:
            raise ValueError("this is not the checkpoint that comes next")
        self._last, self._prev = found, hash_of_checkpoint(value)

    def _advance(self, place: _Place) -> int:
        if place.offset is None:
            place.offset = self._start(place)
        count = 0
        for record in self._reader.read(place.partition, start=place.offset):
            count += self._take(place, record)
            place.offset = record.ref.offset + 1
        if place.to_meet and place.chain is not None:
            size = place.chain.tree.size
            self._break(place, f"ends before record {size - 1}, which a checkpoint covers: it was rolled back")
        return count

    def _start(self, place: _Place) -> int:
        """The offset of the last record covered, else of the first that is kept."""
        begin = self._reader.begin_offset(place.partition)
        first = next(self._reader.read(place.partition, start=begin), None)
        if first is None:
            return begin
        link = self._link(place, first)
        chain = self._attach(place, link, first.ref.offset)
        size = chain.tree.size
        if size == 0 or link.seq == size:
            return first.ref.offset
        place.to_meet = True
        return self._find(place, size - 1, begin=first.ref.offset)

    def _find(self, place: _Place, seq: int, *, begin: int) -> int:
        """By halving, the first offset from which no record before number `seq` is read."""
        low, high = begin, self._reader.end_offset(place.partition)
        while low < high:
            middle = (low + high) // 2
            # Offsets have gaps: markers of transactions take some.
            record = next(self._reader.read(place.partition, start=middle, stop=high), None)
            if record is None or self._link(place, record).seq >= seq:
                high = middle
            else:
                low = record.ref.offset + 1
        return low

    def _take(self, place: _Place, record: Record) -> int:
        """1 for a new record, 0 for one that was covered already."""
        link, offset = self._link(place, record), record.ref.offset
        chain = place.chain or self._attach(place, link, offset)
        if link.chain_id != chain.id:
            self._break(place, "is of another chain", offset)
        size = chain.tree.size
        if place.to_meet and link.seq == size - 1:
            if link.hash != chain.head:
                self._break(place, "is another than the one a checkpoint covers there: the chain was rewritten", offset)
            place.to_meet = False
            return 0
        if link.seq != size:
            self._break(place, f"is out of sequence (number {link.seq}, next is {size})", offset)
        if link.prev != chain.head:
            self._break(place, "is not linked to the one before", offset)
        chain.tree.add(bytes.fromhex(link.hash))
        chain.head = link.hash
        return 1

    def _link(self, place: _Place, record: Record) -> Link:
        found = read_link(record.value)
        if isinstance(found, str):
            self._break(place, f"is {found}", record.ref.offset)
        return found

    def _attach(self, place: _Place, link: Link, offset: int) -> _Chain:
        """The chain that the partition's first record names."""
        if link.chain_id.rpartition("/")[2] != str(place.partition.partition):
            self._break(place, "is of a chain that belongs on another partition", offset)
        chain = self._chains.setdefault(link.chain_id, _Chain(link.chain_id))
        if chain.place not in (None, place.partition):
            self._break(place, "is of a chain that lies on another partition", offset)
        place.chain, chain.place = chain, place.partition
        if link.seq > chain.tree.size:
            self._break(
                place,
                f"is the first that is kept, number {link.seq}, and records from {chain.tree.size} on are covered by "
                "no checkpoint given: resume from the last checkpoint, of the topic or the anchor",
                offset,
            )
        return chain

    def _refuse_vanished(self) -> None:
        """A chain of a checkpoint that is met nowhere must have been cut away whole, by retention: offsets stay."""
        for chain in self._chains.values():
            if (
                chain.place is None
                and chain.tree.size
                and not any(self._emptied(place, chain) for place in self._places)
            ):
                raise AuditBroken(
                    f"audit chain {chain.id}: a checkpoint covers {chain.tree.size} records of it and no partition has "
                    f"any or had as many: it was rolled back; {_MEND}"
                )

    def _emptied(self, place: _Place, chain: _Chain) -> bool:
        return (
            place.chain is None
            and chain.id.rpartition("/")[2] == str(place.partition.partition)
            and self._reader.end_offset(place.partition) >= chain.tree.size
        )

    def _break(self, place: _Place, what: str, offset: int | None = None) -> NoReturn:
        chain = "of no name yet" if place.chain is None else place.chain.id
        where = f"{place.partition.topic}/{place.partition.partition}"
        subject = f"{where}" if offset is None else f"the record at offset {offset} of {where}"
        raise AuditBroken(f"audit chain {chain}: {subject} {what}; {_MEND}")
