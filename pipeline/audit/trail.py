"""The whole trail: every chain of a deployment, each followed to its end and held against what checkpoints signed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain as joined

from pipeline.audit.chain import EVENTS_CHAIN, chain_id_of
from pipeline.audit.checkpoint import Checkpoint
from pipeline.audit.verify import Flaw, FlawKind, Signed, Verification, verify
from pipeline.broker.base import Reader, Record, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import GENESIS

_RETENTION_SLACK_MS = 86_400_000
"""A broker removes whole segments, so what is left begins up to a segment before it must; more is a flaw."""


@dataclass(frozen=True, slots=True)
class Period:
    """By the broker's timestamps, milliseconds since the epoch, half-open; None is open on that side."""

    from_ms: int | None = None
    to_ms: int | None = None

    @property
    def whole(self) -> bool:
        return self.from_ms is None and self.to_ms is None

    def read(self, reader: Reader, partition: TopicPartition) -> Iterator[Record]:
        """What the partition holds of it, in order."""
        start = reader.begin_offset(partition)
        if self.from_ms is not None:
            start = max(start, reader.offset_for_time(partition, self.from_ms))
        stop = None if self.to_ms is None else reader.offset_for_time(partition, self.to_ms)
        return reader.read(partition, start=start, stop=stop)


def oldest_kept_ms(*, retention_ms: int, now_ms: int) -> int:
    """A topic may begin in the middle only with a record at least as old as this."""
    return now_ms - retention_ms + _RETENTION_SLACK_MS


def chains_of(names: TopicNames, *, partitions: int) -> dict[str, TopicPartition]:
    """Where each chain of a deployment lies, by its id: one for each input partition, and that of the service."""
    found = {
        chain_id_of(TopicPartition(names.chunks, number)): TopicPartition(names.audit, number)
        for number in range(partitions)
    }
    return found | {EVENTS_CHAIN: TopicPartition(names.audit_events, 0)}


@dataclass(frozen=True, slots=True)
class TrailReport:
    """`chains` by id. `flaws` are all there are, one a chain at most; the trail is verified if there are none."""

    chains: Mapping[str, Verification]
    flaws: tuple[Flaw, ...] = ()
    checkpoint_seq: int | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def verified(self) -> bool:
        return not self.flaws


def verify_trail(
    reader: Reader,
    chains: Mapping[str, TopicPartition],
    *,
    checkpoint: Checkpoint | None,
    retention_ms: int,
    now_ms: int,
    period: Period = Period(),
    on_record: Callable[[], None] = lambda: None,
) -> TrailReport:
    """Follow every chain. `checkpoint` is the newest that can be trusted. Constant memory.

    A chain may begin in the middle only where retention may have cut it. Raises BrokerError.
    """
    signed = {} if checkpoint is None else {chain.id: Signed(chain.size, chain.head) for chain in checkpoint.chains}
    found: dict[str, Verification] = {}
    notes: list[str] = []
    oldest_ms = oldest_kept_ms(retention_ms=retention_ms, now_ms=now_ms)
    for chain_id, partition in chains.items():
        chain = _Chain(chain_id, signed.get(chain_id), oldest_ms=oldest_ms)
        found[chain_id] = chain.verified(reader, partition, period, on_record)
        if found[chain_id].began and period.whole and found[chain_id].verified:
            notes.append(f"chain {chain_id} begins with record {found[chain_id].began}: retention cut what was before")
    gone = [
        Flaw(
            FlawKind.TAIL_CUT, chain_id, 0, None, f"a checkpoint signed {of.size} records of a chain that is not there"
        )
        for chain_id, of in signed.items()
        if chain_id not in chains and of.size
    ]
    flaws = (*(one.flaw for one in found.values() if one.flaw is not None), *gone)
    return TrailReport(found, flaws, None if checkpoint is None else checkpoint.seq, tuple(notes))


class _Chain:
    def __init__(self, chain_id: str, signed: Signed | None, *, oldest_ms: int) -> None:
        self._chain_id = chain_id
        self._signed = signed
        self._oldest_ms = oldest_ms

    def verified(
        self, reader: Reader, partition: TopicPartition, period: Period, on_record: Callable[[], None]
    ) -> Verification:
        records = _counted(period.read(reader, partition), on_record)
        if period.from_ms is not None:
            return verify(records, chain_id=self._chain_id, after=None, signed=self._signed_within(period))
        first = next(records, None)
        if first is None:
            return verify((), chain_id=self._chain_id, signed=self._signed_within(period))
        after = None if self._may_begin_with(first) else GENESIS
        rest = joined((first,), records)
        return verify(rest, chain_id=self._chain_id, after=after, signed=self._signed_within(period))

    def _signed_within(self, period: Period) -> Signed | None:
        """A period that ends before now need not reach what was signed."""
        return self._signed if period.to_ms is None else None

    def _may_begin_with(self, first: Record) -> bool:
        """Only a record as old as what retention removes next can be the first that is left."""
        return first.timestamp_ms <= self._oldest_ms


def _counted(records: Iterator[Record], on_record: Callable[[], None]) -> Iterator[Record]:
    for record in records:
        on_record()
        yield record
