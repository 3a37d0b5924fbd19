"""Consultations that were erased, and which of their records a worker must not read into anything again.

An erasure cuts a consultation in two. What was said before the cut is gone even where the broker still has it: a
worker neither judges, publishes nor seals it, and shows it in no window; each such chunk leaves an audit record
`skipped: erased` with ids and without text. What is said after the cut is another part: it is judged without the turns
before, sealed under a new data key, and erased by erasing again. It is not refused: a consultation that goes on, with
consent given anew or because only its beginning was to be erased, must not go on unmoderated, and a worker that had to
refuse it would have to remember it for ever. Who honours a revoked stream (Zoom's STREAM_REVOKED) ends its ingest
first, and erases then; what slipped in between is told of as `unfinished`.

The cut is the end of each partition of chunks when the erasure was asked for. It stands in the erasure's own audit
record, so that whoever owns a partition, and whenever, cuts at the same place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.broker.base import Record
from pipeline.domain.audit import AuditEvent
from pipeline.domain.sealing import WrappedKey

ASKED = "asked"
"""The outcome of the audit record that an erasure begins with."""

_CUT = "chunks_before"
_CLOCKS_APART_MS = 60_000
"""A worker's clock and the erasing command's; a key dropped for nothing only costs another one."""

_MARK = f'"event":"{AuditEvent.ERASED}"'.encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """That a consultation is to be erased. `ends` are the offsets of the cut by partition of the chunks, from 0."""

    consult_id: str
    asked_at_ms: int
    ends: tuple[int, ...] = ()


def cut_detail(ends: Mapping[int, int]) -> dict[str, str]:
    """The cut for the erasure's audit record, of the ends of all partitions by their numbers."""
    return {_CUT: " ".join(str(ends[number]) for number in sorted(ends))}


def asked_in(record: Record) -> Asked | None:
    """The erasure that an audit record asks for; None for any other. Without a readable cut it cuts nothing of the
    log, and still takes what is held in memory."""
    if record.value is None or _MARK not in record.value:
        return None
    try:
        body: dict[str, Any] = orjson.loads(record.value)
        if (body["event"], body["outcome"]) != (AuditEvent.ERASED, ASKED):
            return None
        consult_id, asked_at_ms = body["consult_id"], body["recorded_at_ms"]
        words = str((body.get("detail") or {}).get(_CUT, "")).split()
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if type(consult_id) is not str or type(asked_at_ms) is not int:
        return None
    return Asked(consult_id, asked_at_ms, tuple(int(word) for word in words) if all(map(str.isdecimal, words)) else ())


class ErasedConsultations:
    """What was asked for so far. Looking a record up costs one look into a dictionary."""

    def __init__(self) -> None:
        self._asked: dict[bytes, Asked] = {}

    def add(self, asked: Asked) -> None:
        """Of several erasures of a consultation, the last one's cut includes those before."""
        self._asked[asked.consult_id.encode()] = asked

    def hold(self, record: Record) -> bool:
        """Whether this record of the chunks lies before the cut of its consultation."""
        asked = self._asked.get(record.key) if record.key is not None else None
        number = record.ref.partition
        return asked is not None and number < len(asked.ends) and record.ref.offset < asked.ends[number]

    def hold_key(self, key: WrappedKey) -> bool:
        """Whether this data key is destroyed, or about to be."""
        asked = self._asked.get(key.consult_id.encode())
        return asked is not None and key.created_at_ms <= asked.asked_at_ms + _CLOCKS_APART_MS
