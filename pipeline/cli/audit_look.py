"""`consultguard audit show`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from pipeline.audit.timeline import Entry
from pipeline.broker.audit_codec import request_of
from pipeline.broker.base import RecordRef
from pipeline.broker.codec import iso_utc
from pipeline.broker.topics import TopicNames
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, progress_console
from pipeline.cli.plain import plain, plain_json
from pipeline.clock import Deadline, SystemClock
from pipeline.domain.audit import AuditEvent
from pipeline.domain.wire import AuditV1
from pipeline.errors import InputError
from pipeline.keys.providers import build_key_provider
from pipeline.log import configure
from pipeline.runtime.engines import build_broker
from pipeline.runtime.journal import open_journal
from pipeline.runtime.looking import (
    Closed,
    Opened,
    Seen,
    Withheld,
    checked_id,
    look,
    open_sealed_parts,
    record_look,
)

EXAMPLES = """Examples:\n
  consultguard audit show --consult 4f1c2a\n
  consultguard audit show --chunk chk_0d6f2a7a4c0e6d1f9f2f4f4f6f3a5b1c --json\n
  consultguard audit show --consult 4f1c2a --open\n
With --open the look is recorded in the trail before anything is opened, and refused where it cannot be. Exit code 1
where a record is damaged, or a sealed part does not open that was not erased.
"""
_CLOSE_SECONDS = 10.0

_Parts = Mapping[RecordRef, Opened | Closed]


def show(
    *,
    consult: Annotated[str | None, typer.Option(help="Id of a consultation.")] = None,
    chunk: Annotated[str | None, typer.Option(help="Id of a chunk.")] = None,
    opened: Annotated[
        bool, typer.Option("--open", help="What is sealed too: text, window read, response; the look is recorded.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the trail says of one consultation or chunk, the oldest record first."""
    if (consult is None) == (chunk is None):
        raise InputError("give one of --consult and --chunk")
    consult = None if consult is None else checked_id(consult, what="--consult")
    chunk = None if chunk is None else checked_id(chunk, what="--chunk")
    settings, clock = settings_for(), SystemClock()
    configure(level="warning", form="auto")
    broker = build_broker(settings, clock=clock)
    names = TopicNames(settings.topics.prefix)
    with progress_console.status("reading the audit trail"):
        seen = look(broker, names, consult_id=consult, chunk_id=chunk)
    if not seen.entries:
        raise InputError(f"the audit trail has no record of {plain(consult or chunk)}")
    parts: _Parts = {}
    if opened:
        provider = build_key_provider(settings)
        journal = open_journal(settings, broker, role="audit", clock=clock)
        try:
            record_look(journal, seen, chunk_id=chunk)
        finally:
            journal.close(Deadline(_CLOSE_SECONDS, clock=clock))
        with progress_console.status("opening"):
            parts = open_sealed_parts(broker, names, seen, provider)
    if as_json:
        print(plain_json(_body(seen, parts)), flush=True)
    else:
        for line in _lines(seen, parts):
            typer.echo(line)
    if any(entry.flaw for entry in seen.entries) or any(_is_fault(part) for part in parts.values()):
        raise typer.Exit(1)


def _is_fault(part: Opened | Closed) -> bool:
    return isinstance(part, Closed) and part.why is not Withheld.ERASED


def _body(seen: Seen, parts: _Parts) -> dict[str, Any]:
    return {
        "consult_id": seen.consult_id,
        "erased_at_ms": seen.erased_at_ms,
        "entries": [_entry_body(entry, parts.get(entry.ref)) for entry in seen.entries],
    }


def _entry_body(entry: Entry, part: Opened | Closed | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "topic": entry.ref.topic,
        "partition": entry.ref.partition,
        "offset": entry.ref.offset,
        "flaw": entry.flaw,
        "record": None if entry.record is None else entry.record.model_dump(mode="json", by_alias=True),
    }
    match part:
        case Opened():
            body["opened"] = part.exchange
        case Closed():
            body["not_opened"] = {"why": part.why.value, "what": part.words}
        case None:
            pass
    return body


def _lines(seen: Seen, parts: _Parts) -> Iterator[str]:
    for entry in seen.entries:
        yield from map(plain, _entry_lines(entry, parts.get(entry.ref)))
    sealed = sum(entry.sealed is not None for entry in seen.entries)
    if seen.erased_at_ms is not None:
        at = iso_utc(seen.erased_at_ms)
        if _erasure_ended(seen):
            yield f"erased at {at}: the records stay, what was said and answered before is gone"
        else:
            yield f"the erasure of {at} was not finished: run consultguard audit erase again"
    elif sealed and not parts:
        yield f"{sealed} records hold what was said, sealed; --open opens it and records that you looked"


def _erasure_ended(seen: Seen) -> bool:
    said = [entry.record for entry in seen.entries if entry.record is not None]
    return [one.outcome for one in said if one.event is AuditEvent.ERASED][-1:] == ["done"]


def _entry_lines(entry: Entry, part: Opened | Closed | None) -> Iterator[str]:
    said = entry.record
    what = "" if said is None else f"  {said.event.value}: {said.outcome}"
    flaw = "" if entry.flaw is None else f"  {entry.flaw.upper()}: run consultguard audit verify"
    yield f"{iso_utc(entry.recorded_at_ms)}{what}{_of_chunk(said)}{flaw}"
    if said is not None:
        yield from _found(said)
        yield from (f"    {name}: {words}" for name, words in sorted((said.detail or {}).items()))
        yield f"    by {said.actor}" + ("" if said.origin is None else f" on {said.origin.host}")
    yield f"    at {entry.ref.topic}/{entry.ref.partition} offset {entry.ref.offset}"
    match part:
        case Opened():
            yield from _opened(part.exchange)
        case Closed():
            yield f"    not opened: {part.words}"
        case None:
            pass


def _of_chunk(said: AuditV1 | None) -> str:
    if said is None or said.chunk_id is None:
        return ""
    return f"  {said.chunk_id}" + ("" if said.seq is None else f" (number {said.seq})")


def _found(said: AuditV1) -> Iterator[str]:
    if said.rule is not None:
        categories = ", ".join(said.categories) or "none"
        yield f"    rule {said.rule}, decided by {said.decided_by}, categories {categories}"
    if said.scores is not None:
        scores, mass = said.scores, "" if said.label_mass is None else f", label mass {said.label_mass:.4f}"
        yield f"    scores: safe {scores.safe:.4f}, contested {scores.contested:.4f}, unsafe {scores.unsafe:.4f}{mass}"
    if said.policy is not None:
        yield f"    policy {said.policy.id} {said.policy.version}"
    if said.model is not None:
        yield f"    model {said.model.name}, revision {said.model.revision}, prompt {said.model.prompt_version}"
    if said.latency_ms is not None:
        took = said.latency_ms
        yield f"    waited {took.queue} ms, then took {took.total} ms: clean {took.clean}, judge {took.judge}"


def _opened(exchange: Mapping[str, Any]) -> Iterator[str]:
    yield f"    said: {exchange.get('raw')}"
    request = _request(exchange)
    if request is not None:
        turns, text, role, language = request
        yield from (f"    read before: {turn.role}: {turn.text}" for turn in turns)
        yield f"    read: {role} ({language or 'language not told'}): {text}"
    response = exchange.get("response")
    if isinstance(response, dict):
        told = {name: value for name, value in response.items() if value not in (None, [])}
        yield from (
            f"    answered: {name}: {value if isinstance(value, str) else plain_json(value)}"
            for name, value in told.items()
        )


def _request(exchange: Mapping[str, Any]) -> Any:
    try:
        return request_of(plain_json(exchange).encode())
    except ValueError:
        return None
