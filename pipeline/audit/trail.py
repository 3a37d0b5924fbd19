"""The whole trail: every chain of a deployment, each followed to its end and held against what checkpoints signed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain as joined

from pipeline.audit.beginning import Cut, Evidence, oldest_kept_ms, signed_in
from pipeline.audit.chain import EVENTS_CHAIN, Link, chain_id_of, read_link
from pipeline.audit.checkpoint import Checkpoint
from pipeline.audit.verify import Flaw, FlawKind, Signed, Verification, verify
from pipeline.broker.base import Reader, Record, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import GENESIS, ChainHead


@dataclass(frozen=True, slots=True)
class Period:
    """By the broker's timestamps, milliseconds since the epoch, half-open; None is open on that side."""

    from_ms: int | None = None
    to_ms: int | None = None

    def read(self, reader: Reader, partition: TopicPartition) -> Iterator[Record]:
        """What the partition holds of it, in order."""
        start = reader.begin_offset(partition)
        if self.from_ms is not None:
            start = max(start, reader.offset_for_time(partition, self.from_ms))
        stop = None if self.to_ms is None else reader.offset_for_time(partition, self.to_ms)
        return reader.read(partition, start=start, stop=stop)


def chains_of(names: TopicNames, *, partitions: int) -> dict[str, TopicPartition]:
    """Where each chain of a deployment lies, by its id: one for each input partition, and that of the service."""
    found = {
        chain_id_of(TopicPartition(names.chunks, number)): TopicPartition(names.audit, number)
        for number in range(partitions)
    }
    return found | {EVENTS_CHAIN: TopicPartition(names.audit_events, 0)}


@dataclass(frozen=True, slots=True)
class TrailReport:
    """`chains` by id. `flaws` are all there are, one a chain at most; the trail is verified if there are none. `cuts`
    are the chains that start in the middle and may."""

    chains: Mapping[str, Verification]
    flaws: tuple[Flaw, ...] = ()
    checkpoint_seq: int | None = None
    cuts: tuple[Cut, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth telling and no flaw."""
        return tuple(cut.words for cut in self.cuts)

    @property
    def verified(self) -> bool:
        return not self.flaws


def verify_trail(
    reader: Reader,
    chains: Mapping[str, TopicPartition],
    *,
    checkpoint: Checkpoint | None,
    aged: Checkpoint | None = None,
    retention_ms: int,
    now_ms: int,
    period: Period = Period(),
    on_record: Callable[[], None] = lambda: None,
) -> TrailReport:
    """Follow every chain. `checkpoint` is the newest that can be trusted, `aged` the newest of those that were issued
    by `oldest_kept_ms`. Constant memory.

    A chain may begin in the middle only where retention was due to cut it (pipeline.audit.beginning). Raises
    BrokerError.
    """
    signed, signed_once = signed_in(checkpoint), signed_in(aged)
    seq = None if checkpoint is None else checkpoint.seq
    oldest_ms = oldest_kept_ms(retention_ms=retention_ms, now_ms=now_ms)
    found: dict[str, Verification] = {}
    cuts: list[Cut] = []
    for chain_id, partition in chains.items():
        chain = _Chain(Evidence(chain_id, seq, signed.get(chain_id), signed_once.get(chain_id), oldest_ms))
        found[chain_id] = chain.verified(reader, partition, period, on_record)
        if chain.cut is not None and found[chain_id].verified:
            cuts.append(chain.cut)
    gone = [
        Flaw(
            FlawKind.TAIL_CUT, chain_id, 0, None, f"a checkpoint signed {of.size} records of a chain that is not there"
        )
        for chain_id, of in signed.items()
        if chain_id not in chains and of.size
    ]
    flaws = (*(one.flaw for one in found.values() if one.flaw is not None), *gone)
    return TrailReport(found, flaws, seq, tuple(cuts))


class _Chain:
    """`cut` is how it may begin in the middle, once it was verified; None where it does not."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._chain_id = evidence.chain_id
        self.cut: Cut | None = None

    def verified(
        self, reader: Reader, partition: TopicPartition, period: Period, on_record: Callable[[], None]
    ) -> Verification:
        records = _counted(period.read(reader, partition), on_record)
        # A period that ends before now need not reach what was signed.
        signed = self._evidence.signed if period.to_ms is None else None
        if period.from_ms is not None:
            return verify(records, chain_id=self._chain_id, after=None, signed=signed)
        first = next(records, None)
        if first is None:
            return self._emptied(reader.end_offset(partition), signed)
        began = self._begins_with(first)
        may = self._evidence.cut(began, first_ms=first.timestamp_ms) if began else None
        if isinstance(may, Cut):
            self.cut = may
        after = self._evidence.head_before(began) if self.cut else GENESIS
        found = verify(joined((first,), records), chain_id=self._chain_id, after=after, signed=signed)
        # Retention moves the beginning of the log; a log that still begins at 0 has lost records otherwise.
        if isinstance(may, str) and found.flaw is not None and reader.begin_offset(partition):
            found = replace(found, flaw=self._not_due(found.flaw, began, may))
        return found

    def _begins_with(self, first: Record) -> int:
        """The number of the chain's first record; 0 too where it is none of this chain, which `verify` names."""
        link = read_link(first.value)
        return link.seq if isinstance(link, Link) and link.chain_id == self._chain_id else 0

    def _not_due(self, flaw: Flaw, began: int, why: str) -> Flaw:
        if (flaw.kind, flaw.seq) != (FlawKind.MISSING, 0):
            return flaw
        words = f"the chain begins with record {began}: the {began} before it are gone, {why}"
        return replace(flaw, kind=FlawKind.BEGINNING_CUT, words=words)

    def _emptied(self, end_offset: int, signed: Signed | None) -> Verification:
        """Of a chain that was quiet for so long retention leaves nothing; but offsets stay."""
        if signed is not None and 0 < signed.size <= end_offset:
            may = self._evidence.cut(signed.size, first_ms=None)
            if isinstance(may, Cut):
                self.cut = may
                return Verification(0, ChainHead(signed.size - 1, signed.hash), signed.size)
        return verify((), chain_id=self._chain_id, signed=signed)


def _counted(records: Iterator[Record], on_record: Callable[[], None]) -> Iterator[Record]:
    for record in records:
        on_record()
        yield record
