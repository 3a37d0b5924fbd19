"""What really happened, read back from the topics: nothing here trusts what a worker says of itself.

Every record of the input topic must have exactly one audit record that cites its position; every judged chunk exactly
one verdict; and every chunk that was sent must be in the input topic at all.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.audit.chain import chain_id_of
from pipeline.audit.verify import verify
from pipeline.broker.base import Reader, Record, RecordRef, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import AuditEvent
from pipeline.domain.taxonomy import RiskLevel


@dataclass(frozen=True, slots=True)
class Observed:
    """Counts of committed records. `flaws` names audit partitions that do not verify. Latencies in milliseconds, from
    the broker's timestamp of a chunk to that of its verdict, in no order. `arrived_ms` has the broker's timestamp of
    each chunk, milliseconds since the epoch, by its id."""

    levels: Mapping[RiskLevel, int]
    skipped: int
    dead_letter: int
    duplicates_refused: int
    lost: int
    duplicated: int
    out_of_order: int
    orphaned: int
    audit_records: int
    flaws: tuple[str, ...]
    latencies_ms: tuple[int, ...]
    first_ms: int
    last_ms: int
    arrived_ms: Mapping[str, int]


@dataclass(slots=True)
class _Tally:
    """Counts of what was read, by chunk id or by input position."""

    arrived_ms: dict[str, int] = field(default_factory=dict)
    inputs: set[RecordRef] = field(default_factory=set)
    levels: Counter[RiskLevel] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    sources: Counter[RecordRef] = field(default_factory=Counter)
    latencies_ms: list[int] = field(default_factory=list)
    last_ms: int = 0
    out_of_order: int = 0


def observe(reader: Reader, names: TopicNames, *, partitions: int, sent: Collection[str]) -> Observed:
    """Read everything back; `sent` are the ids of the chunks that were sent."""
    tally, flaws, dead = _Tally(), [], 0
    for partition in range(partitions):
        _read_input(reader, TopicPartition(names.chunks, partition), tally)
        for level in RiskLevel:
            _read_verdicts(reader, TopicPartition(names.verdicts(level), partition), level, tally)
        chain_id = chain_id_of(TopicPartition(names.chunks, partition))
        found = verify(_read_audit(reader, TopicPartition(names.audit, partition), tally), chain_id=chain_id)
        if found.flaw is not None:
            flaws.append(f"{chain_id}: {found.flaw.kind} at offset {found.flaw.offset}")
        dead += sum(1 for _ in reader.read(TopicPartition(names.dead_letter, partition), start=0))
    missing = sum(1 for chunk_id in sent if chunk_id not in tally.arrived_ms)
    return Observed(
        levels=tally.levels,
        skipped=tally.events[AuditEvent.SKIPPED],
        dead_letter=dead,
        duplicates_refused=tally.events[AuditEvent.DUPLICATE],
        lost=missing + len(tally.inputs - tally.sources.keys()),
        duplicated=sum(_surplus(counts) for counts in (tally.verdicts, tally.judged + tally.skipped, tally.sources))
        + max(0, dead - tally.events[AuditEvent.DEAD_LETTERED]),
        out_of_order=tally.out_of_order,
        orphaned=sum(abs(tally.verdicts[key] - tally.judged[key]) for key in tally.verdicts.keys() | tally.judged),
        audit_records=sum(tally.events.values()),
        flaws=tuple(flaws),
        latencies_ms=tuple(tally.latencies_ms),
        first_ms=min(tally.arrived_ms.values(), default=0),
        last_ms=tally.last_ms,
        arrived_ms=tally.arrived_ms,
    )


def _read_input(reader: Reader, partition: TopicPartition, tally: _Tally) -> None:
    for record in reader.read(partition, start=0):
        tally.inputs.add(record.ref)
        try:
            chunk_id = orjson.loads(record.value or b"")["chunk_id"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue  # unreadable on purpose; its position still needs an audit record
        tally.arrived_ms.setdefault(chunk_id, record.timestamp_ms)


def _read_verdicts(reader: Reader, partition: TopicPartition, level: RiskLevel, tally: _Tally) -> None:
    last: dict[str, int] = {}
    for record in reader.read(partition, start=0):
        body = orjson.loads(record.value or b"{}")
        chunk_id = body["chunk_id"]
        tally.levels[level] += 1
        tally.verdicts[chunk_id] += 1
        tally.last_ms = max(tally.last_ms, record.timestamp_ms)
        tally.out_of_order += _goes_back(body, last)
        if chunk_id in tally.arrived_ms:
            tally.latencies_ms.append(max(0, record.timestamp_ms - tally.arrived_ms[chunk_id]))


def _read_audit(reader: Reader, partition: TopicPartition, tally: _Tally) -> Iterator[Record]:
    last: dict[str, int] = {}
    for record in reader.read(partition, start=0):
        body = orjson.loads(record.value or b"{}")
        event, source = body["event"], body["source"]
        tally.events[event] += 1
        tally.sources[RecordRef(source["topic"], source["partition"], source["offset"])] += 1
        if event == AuditEvent.JUDGED:
            tally.judged[body["chunk_id"]] += 1
        elif event == AuditEvent.SKIPPED:
            tally.skipped[body["chunk_id"]] += 1
        if event in (AuditEvent.JUDGED, AuditEvent.SKIPPED):
            tally.out_of_order += _goes_back(body, last)
        yield record


def _goes_back(body: Mapping[str, Any], last: dict[str, int]) -> bool:
    """Whether a record's number does not follow the last one of its consultation on the same partition."""
    back: bool = body["seq"] <= last.get(body["consult_id"], -1)
    last[body["consult_id"]] = body["seq"]
    return back


def _surplus(counts: Mapping[Any, int]) -> int:
    return sum(count - 1 for count in counts.values() if count > 1)


def percentile(values: Iterable[int], share: float) -> int | None:
    """The value that `share` (0 to 1) of the values do not exceed (nearest rank); None of no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
