"""`consultguard audit examine` and `consultguard audit export`: the trail for those who review it."""

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from pipeline.audit.examination import Examination
from pipeline.audit.examine import ExaminationBuilder, ExaminationScope
from pipeline.audit.examine_page import render_examination
from pipeline.audit.export import Form, export
from pipeline.audit.pseudonymous import pseudonymizer
from pipeline.audit.trail import Period, chains_of
from pipeline.audit.working_hours import WorkingHours
from pipeline.broker.base import Broker, Reader, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.cli.audit_verify import (
    EarlierKeyOption,
    FromOption,
    PublicKeyOption,
    SigningKeys,
    ToOption,
    body_of,
    follow_trail,
    moment_ms,
    progress_of,
)
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, console, print_json, print_table
from pipeline.clock import Deadline, SystemClock
from pipeline.domain.audit import AuditEvent
from pipeline.errors import InputError
from pipeline.log import configure
from pipeline.runtime.engines import build_broker
from pipeline.runtime.journal import open_journal
from pipeline.settings import Settings

EXAMINE_EXAMPLES = """Examples:\n
  consultguard audit examine --from 2026-11-01 --to 2026-12-01 --html november.html\n
  consultguard audit examine --from 2026-11-22 --working-hours 'mon-fri 7-19' --zone Europe/London --json\n
The review that 45 CFR 164.308(a)(1)(ii)(D) asks for. It runs audit verify over the same period.
"""
EXPORT_EXAMPLES = """Examples:\n
  consultguard audit export --format fhir-r4 --out november.ndjson --from 2026-11-01 --to 2026-12-01\n
  consultguard audit export --format csv --out - | head\n
Ids are pseudonyms under a secret of this deployment; no text leaves. The export is itself recorded, before it begins.
"""
_CLOSE_SECONDS = 10.0
_SECRET_BYTES = 32


def examine(
    *,
    begin: FromOption = None,
    end: ToOption = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one page that needs nothing else.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
    zone: Annotated[str, typer.Option(help="IANA name of the place whose days and hours count.")] = "UTC",
    working_hours: Annotated[str | None, typer.Option(help="'mon-fri 7-19': other hours are listed.")] = None,
    gap_minutes: Annotated[int, typer.Option(min=1, help="A chain silent for longer has a gap.")] = 60,
    slow_ms: Annotated[int, typer.Option(min=1, help="A verdict that took longer is slow.")] = 500,
    public_key: PublicKeyOption = None,
    earlier_key: EarlierKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Review a period of the trail: volumes, levels, exceptions, who did what when, and whether it verifies."""
    settings, clock = settings_for(), SystemClock()
    configure(level="warning", form="auto")
    broker = build_broker(settings, clock=clock)
    period = Period(moment_ms(begin), moment_ms(end))
    scope = ExaminationScope(
        since_ms=period.from_ms,
        until_ms=period.to_ms,
        zone=zone,
        gap_minutes=gap_minutes,
        slow_over_ms=slow_ms,
        working_hours=None if working_hours is None else WorkingHours.parse(working_hours),
    )
    keys = SigningKeys(public_key, tuple(earlier_key or ()))
    report, seen = follow_trail(settings, broker, period, checkpoints=None, keys=keys, clock=clock)
    examination = _examined(settings, broker, period, scope, verification=body_of(report, seen))
    if html is not None:
        html.write_text(render_examination(examination), encoding="utf-8")
    if out is not None:
        out.write_bytes(examination.to_json())
    if as_json:
        print_json(orjson.loads(examination.to_json()))
        return
    _print(examination)
    for path in (html, out):
        if path is not None:
            console.print(f"written to {path}", markup=False)


def export_records(
    *,
    form: Annotated[Form, typer.Option("--format", help="FHIR AuditEvent as NDJSON, JSON lines, or CSV.")],
    out: Annotated[Path, typer.Option(help="A file that is not there yet, or - for standard output.")],
    begin: FromOption = None,
    end: ToOption = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="Of the pseudonyms; default: pseudonym-secret in the data folder, made once.")
    ] = None,
    validate: Annotated[
        bool | None, typer.Option("--validate/--no-validate", help="FHIR against its structure; default: where it can.")
    ] = None,
) -> None:
    """Write the trail's records for other systems, under pseudonyms."""
    settings, clock = settings_for(), SystemClock()
    configure(level="warning", form="auto")
    broker = build_broker(settings, clock=clock)
    period = Period(moment_ms(begin), moment_ms(end))
    pseudonym = pseudonymizer(_secret(secret_file or settings.data_dir / "pseudonym-secret"))
    with _opened(out) as file:
        journal = open_journal(settings, broker, role="audit", clock=clock)
        try:
            journal.write(AuditEvent.EXPORTED, "asked", detail={"form": form})
        finally:
            journal.close(Deadline(_CLOSE_SECONDS, clock=clock))
        with _records(settings, broker, period, doing="exporting") as records:
            count = export(records, form=form, pseudonym=pseudonym, out=file, validate=validate)
    typer.echo(f"{count} records exported as {form}", err=True)


def _examined(
    settings: Settings, broker: Broker, period: Period, scope: ExaminationScope, *, verification: Mapping[str, Any]
) -> Examination:
    builder = ExaminationBuilder(scope)
    with _records(settings, broker, period, doing="examining") as records:
        for record in records:
            builder.add(record)
    names = TopicNames(settings.topics.prefix)
    with contextlib.closing(broker.reader()) as reader:
        for number in range(broker.partitions(names.reviews)):
            for record in _parsed(reader, TopicPartition(names.reviews, number), period, lambda: None):
                builder.add_review(record)
    return builder.finish(verification=verification)


@contextlib.contextmanager
def _records(settings: Settings, broker: Broker, period: Period, *, doing: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The parsed records of every chain, one chain after the other."""
    names = TopicNames(settings.topics.prefix)
    chains = chains_of(names, partitions=broker.partitions(names.chunks))
    with contextlib.closing(broker.reader()) as reader, progress_of(reader, chains, doing) as on_record:
        yield (body for place in chains.values() for body in _parsed(reader, place, period, on_record))


def _parsed(
    reader: Reader, place: TopicPartition, period: Period, on_record: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Unreadable ones as an empty object, which every reader of these counts or refuses."""
    for record in period.read(reader, place):
        on_record()
        try:
            body = orjson.loads(record.value or b"")
        except orjson.JSONDecodeError:
            body = {}
        yield body if isinstance(body, dict) else {}


def _secret(path: Path) -> bytes:
    """The pseudonyms' secret; made, for its owner alone, where there is none. Raises InputError."""
    try:
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_SECRET_BYTES))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the secret {path} cannot be read or made ({error.strerror})") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone, gone again where the export fails; `-` is standard output."""
    if str(path) == "-":
        yield sys.stdout.buffer
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); name a file that is not there yet") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _print(found: Examination) -> None:
    rows: list[tuple[object, ...]] = [("records", f"{found.records:,}"), ("unreadable", found.unreadable)]
    for title, counts in (("event", found.events), ("level", found.levels), ("abstained", found.abstentions)):
        rows += [(f"{title}: {name}", f"{count:,}") for name, count in counts.items()]
    print_table(("", "count"), rows)
    for finding in found.findings:
        console.print(f"look at: {finding.sentence}", markup=False)
    if not found.findings:
        console.print("nothing unusual")
