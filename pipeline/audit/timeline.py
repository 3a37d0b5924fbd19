"""What the audit trail says of one consultation, or of one chunk, in the order it was recorded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from pipeline.audit.chain import Link, bound_to, read_link, sealed_in
from pipeline.broker.base import Reader, Record, RecordRef, TopicPartition
from pipeline.domain.audit import AuditEvent
from pipeline.domain.sealing import Sealed
from pipeline.domain.wire import AuditV1


@dataclass(frozen=True, slots=True)
class Entry:
    """One record. `flaw` is `unreadable` or `altered`, None of a sound one; `record` is None where it says nothing.

    `bound_to` is what its sealed part is bound to.
    """

    ref: RecordRef
    recorded_at_ms: int
    record: AuditV1 | None
    flaw: str | None = None
    sealed: Sealed | None = None
    bound_to: bytes = b""


def of_consultation(
    reader: Reader,
    partitions: Sequence[TopicPartition],
    consult_id: str,
    *,
    on_record: Callable[[], None] = lambda: None,
) -> list[Entry]:
    """Every record of the consultation on these partitions, the oldest first. Raises BrokerError."""
    key = consult_id.encode()
    return _in_order(
        _entry(record) for record in _records(reader, partitions, on_record=on_record) if record.key == key
    )


def of_chunk(
    reader: Reader,
    partitions: Sequence[TopicPartition],
    chunk_id: str,
    *,
    on_record: Callable[[], None] = lambda: None,
) -> list[Entry]:
    """Every record of the chunk on these partitions, the oldest first. Raises BrokerError."""
    quoted = orjson.dumps(chunk_id)  # as the canonical form writes it: most records need no parsing
    near = (
        _entry(record)
        for record in _records(reader, partitions, on_record=on_record)
        if record.value is not None and quoted in record.value
    )
    return _in_order(entry for entry in near if entry.record is not None and entry.record.chunk_id == chunk_id)


def erased_at_ms(entries: Sequence[Entry]) -> int | None:
    """When a sound record last told of an erasure, asked for or done; None if none does."""
    times = [
        entry.recorded_at_ms
        for entry in entries
        if entry.record is not None and entry.record.event is AuditEvent.ERASED and entry.flaw is None
    ]
    return max(times, default=None)


def _records(
    reader: Reader, partitions: Sequence[TopicPartition], *, on_record: Callable[[], None]
) -> Iterator[Record]:
    for partition in partitions:
        for record in reader.read(partition, start=reader.begin_offset(partition)):
            on_record()
            yield record


def _in_order(entries: Iterator[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.recorded_at_ms, entry.ref))


def _entry(record: Record) -> Entry:
    """A record that was altered is shown as it is now, with its flaw."""
    found = read_link(record.value)
    try:
        said = AuditV1.model_validate_json(record.value or b"")
    except ValidationError:
        return Entry(record.ref, record.timestamp_ms, None, "unreadable" if isinstance(found, Link) else found)
    if not isinstance(found, Link):
        return Entry(record.ref, said.recorded_at_ms, said, found)
    return Entry(record.ref, said.recorded_at_ms, said, None, sealed_in(found.body), bound_to(found.body))
