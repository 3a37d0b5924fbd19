"""A reader over lists that a test writes to, with offsets that have gaps, and a beginning that retention moves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.broker.base import Record, RecordRef, TopicPartition


class ListedReader:
    """Keeps the parts of the `Reader` contract that reading by position asks for. `read_count` counts records given.

    `gap`: offsets that pass after each record, as a transaction's markers do.
    """

    def __init__(self, *, gap: int = 0) -> None:
        self._gap = gap
        self._records: dict[TopicPartition, list[Record]] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._begins: dict[TopicPartition, int] = {}
        self.read_count = 0

    def append(self, partition: TopicPartition, values: Sequence[bytes | None], *, timestamp_ms: int = 0) -> None:
        for value in values:
            offset = self.end_offset(partition)
            record = Record(RecordRef(*partition, offset), None, value, (), timestamp_ms)
            self._records.setdefault(partition, []).append(record)
            self._ends[partition] = offset + 1 + self._gap

    def cut(self, partition: TopicPartition, count: int) -> None:
        """What retention does to the first `count` records."""
        kept = self._records[partition][count:]
        self._records[partition] = kept
        self._begins[partition] = kept[0].ref.offset if kept else self._ends[partition]

    def replace(self, partition: TopicPartition, values: Sequence[bytes | None]) -> None:
        """What only somebody with the disks in his hands can do."""
        self._records.pop(partition, None)
        self._ends.pop(partition, None)
        self.append(partition, values)

    def rewrite(self, partition: TopicPartition, values: Sequence[bytes]) -> None:
        """The same, but the records that are kept stay where and when they were; none may be added."""
        kept = self._records[partition][: len(values)]
        self._records[partition] = [replace(record, value=value) for record, value in zip(kept, values, strict=True)]

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        end = self.end_offset(partition) if stop is None else min(stop, self.end_offset(partition))
        for record in list(self._records.get(partition, ())):
            if start <= record.ref.offset < end:
                self.read_count += 1
                yield record

    def begin_offset(self, partition: TopicPartition) -> int:
        return self._begins.get(partition, 0)

    def end_offset(self, partition: TopicPartition) -> int:
        return self._ends.get(partition, 0)

    def offset_for_time(self, partition: TopicPartition, timestamp_ms: int) -> int:
        found = (record.ref.offset for record in self.read(partition, start=0) if record.timestamp_ms >= timestamp_ms)
        return next(found, self.end_offset(partition))

    def last(self, partition: TopicPartition, *, settle_seconds: float) -> Record | None:
        records = self._records.get(partition)
        return records[-1] if records else None

    def committed(self, group: str, partition: TopicPartition) -> int | None:
        return None

    def close(self) -> None:
        return None
