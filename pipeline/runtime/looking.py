"""A look at one consultation or chunk in the audit trail, and into what is sealed there."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from pipeline.audit.timeline import Entry, erased_at_ms, of_chunk, of_consultation
from pipeline.broker.base import Broker, Reader, RecordRef, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import AuditEvent
from pipeline.domain.sealing import Sealed
from pipeline.errors import InputError, KeyMissing, KeyRefused, KeysError
from pipeline.keys.base import KeyProvider
from pipeline.keys.opening import Opener
from pipeline.runtime.data_keys import live_keys
from pipeline.runtime.journal import Journal

_ID_CHARS = 200
"""As long as an id of the released forms may be."""


class Withheld(StrEnum):
    """Why a sealed part does not open."""

    ERASED = "erased"
    """The consultation was erased, which the trail says."""
    KEY_GONE = "key_gone"
    """Its data key is not on the topic of keys, and the trail tells of no erasure."""
    KEY_NOT_GIVEN = "key_not_given"
    """The provider does not unwrap its data key."""
    REFUSED = "refused"
    """The data key does not open it: it was altered or moved, or its record was."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed: parsed `raw`, `request` and `response`."""

    exchange: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Closed:
    """What stayed sealed, and why in words."""

    why: Withheld
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The records of a consultation or chunk, the oldest first. `consult_id` is None where no record names it."""

    consult_id: str | None
    entries: tuple[Entry, ...]
    erased_at_ms: int | None


def checked_id(text: str, *, what: str) -> str:
    """`text` as an id that a record can have. Raises InputError."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, of an argument in another encoding
        text = ""
    if not 1 <= len(text) <= _ID_CHARS:
        raise InputError(f"{what}: an id has 1 to {_ID_CHARS} characters, in UTF-8")
    return text


def look(
    broker: Broker,
    names: TopicNames,
    *,
    consult_id: str | None = None,
    chunk_id: str | None = None,
    on_record: Callable[[], None] = lambda: None,
) -> Seen:
    """What is in clear, of the consultation or of one chunk, with what was done to the consultation since.

    Exactly one of the ids is given. Reads all of the audit topic. Raises BrokerError.
    """
    partitions = [TopicPartition(names.audit, number) for number in range(broker.partitions(names.audit))]
    with closing(broker.reader()) as reader:
        if consult_id is not None:
            entries = of_consultation(reader, partitions, consult_id, on_record=on_record)
        else:
            assert chunk_id is not None
            entries = of_chunk(reader, partitions, chunk_id, on_record=on_record)
            consult_id = next(iter(_consult_ids(entries)), None)
        done = [] if consult_id is None else _done_to(reader, names, consult_id, chunk_id)
    together = sorted([*entries, *done], key=lambda entry: (entry.recorded_at_ms, entry.ref))
    return Seen(consult_id, tuple(together), erased_at_ms(done))


def record_look(journal: Journal, seen: Seen, *, chunk_id: str | None) -> None:
    """Durable on return: nobody opens what is sealed before. Raises BrokerError, AuditBroken."""
    detail = None if chunk_id is None else {"chunk": chunk_id}
    journal.write(AuditEvent.VIEWED, "asked", consult_id=seen.consult_id, detail=detail)


def open_sealed_parts(
    broker: Broker, names: TopicNames, seen: Seen, provider: KeyProvider
) -> dict[RecordRef, Opened | Closed]:
    """Each sealed part, by its record, opened or why not. Raises BrokerError."""
    sealed = [(entry, entry.sealed) for entry in seen.entries if entry.sealed is not None]
    with closing(broker.reader()) as reader:
        numbers = {entry.ref.partition for entry, _ in sealed}
        keys = [
            key for number in sorted(numbers) for key in live_keys(reader, TopicPartition(names.keys, number)).values()
        ]
    opening = _Opening(Opener(provider, keys), {key.key_id for key in keys}, erased=seen.erased_at_ms is not None)
    return {entry.ref: opening.opened(part, entry.bound_to) for entry, part in sealed}


class _Opening:
    def __init__(self, opener: Opener, there: set[str], *, erased: bool) -> None:
        self._opener = opener
        self._there = there
        self._erased = erased
        self._not_given: dict[str, Closed] = {}

    def opened(self, part: Sealed, bound_to: bytes) -> Opened | Closed:
        if part.key_id not in self._there:
            return self._gone(part.key_id)
        if part.key_id in self._not_given:  # a provider that is away is not waited for once a record
            return self._not_given[part.key_id]
        try:
            exchange = orjson.loads(self._opener.open(part, bound_to=bound_to))
        except KeyRefused as fault:
            return Closed(Withheld.REFUSED, str(fault))
        except KeysError as fault:
            why = "" if isinstance(fault, KeyMissing) else "the key provider does not answer: "
            self._not_given[part.key_id] = Closed(Withheld.KEY_NOT_GIVEN, f"{why}{fault}")
            return self._not_given[part.key_id]
        except orjson.JSONDecodeError:
            exchange = None
        if not isinstance(exchange, dict):
            return Closed(Withheld.REFUSED, "what is sealed is not what this version writes")
        return Opened(exchange)

    def _gone(self, key_id: str) -> Closed:
        if self._erased:
            return Closed(Withheld.ERASED, "the text was erased: its data key was destroyed")
        return Closed(
            Withheld.KEY_GONE,
            f"the data key {key_id} is not on the topic of keys and the trail tells of no erasure: restore the topic "
            "of keys from a backup",
        )


def _consult_ids(entries: Iterable[Entry]) -> list[str]:
    found = (entry.record.consult_id for entry in entries if entry.record is not None)
    return [consult_id for consult_id in found if consult_id is not None]


def _done_to(reader: Reader, names: TopicNames, consult_id: str, chunk_id: str | None) -> Sequence[Entry]:
    """What the service's own chain says of the consultation, without looks at its other chunks."""
    done = of_consultation(reader, [TopicPartition(names.audit_events, 0)], consult_id)
    if chunk_id is None:
        return done
    return [
        entry
        for entry in done
        if entry.record is None or (entry.record.detail or {}).get("chunk", chunk_id) == chunk_id
    ]
