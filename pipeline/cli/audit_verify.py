"""`consultguard audit verify`."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.audit.anchor import Anchor, anchor_of
from pipeline.audit.beginning import oldest_kept_ms
from pipeline.audit.checkpoint_sources import Trusted, seq_of, trusted
from pipeline.audit.signing_key import load_public_key
from pipeline.audit.trail import Period, TrailReport, chains_of, verify_trail
from pipeline.broker.base import Broker, Reader, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, console, print_json, print_table, progress_console
from pipeline.clock import Clock, Deadline, SystemClock
from pipeline.domain.audit import AuditEvent
from pipeline.errors import BrokerRefused, InputError
from pipeline.log import configure
from pipeline.runtime.assembly import audit_retention_ms
from pipeline.runtime.engines import build_broker
from pipeline.runtime.journal import open_journal
from pipeline.settings import Settings

EXAMPLES = """Examples:\n
  consultguard audit verify\n
  consultguard audit verify --public-key audit-public.pem --checkpoints /mnt/worm/checkpoints\n
  consultguard audit verify --from 2026-11-01 --to 2026-11-08 --json\n
Exit code 0 only where everything holds. A chain whose beginning retention cut is told of, and holds if what is gone was
old enough and is covered by a checkpoint. Without --public-key the chains are only checked in themselves: whoever could
write all of a chain anew is found by the signed checkpoints alone.
"""
_CLOSE_SECONDS = 10.0

FromOption = Annotated[str | None, typer.Option("--from", help="UTC date or time, 2026-11-01 or 2026-11-01T08:00:00Z.")]
PublicKeyOption = Annotated[Path | None, typer.Option(help="PEM of the key that signs checkpoints.")]
EarlierKeyOption = Annotated[
    list[Path] | None, typer.Option(help="PEM of a key that signed before it, the oldest first; may be repeated.")
]
ToOption = Annotated[str | None, typer.Option("--to", help="UTC date or time; not included.")]


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """PEM files: of the key in use (None: that of the settings), and of those before it, the oldest first."""

    in_use: Path | None
    earlier: tuple[Path, ...] = ()


def verify(
    *,
    begin: FromOption = None,
    end: ToOption = None,
    checkpoints: Annotated[
        str | None, typer.Option(help="A folder, or an anchor's address (file:/…, s3://bucket/prefix).")
    ] = None,
    public_key: PublicKeyOption = None,
    earlier_key: EarlierKeyOption = None,
    record: Annotated[bool, typer.Option(help="Leave an audit record that this was verified.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Follow every chain to its end, hold it against the signed checkpoints, and name the first bad record of each."""
    settings, clock = settings_for(), SystemClock()
    configure(level="warning", form="auto")
    broker = build_broker(settings, clock=clock)
    period = Period(moment_ms(begin), moment_ms(end))
    keys = SigningKeys(public_key, tuple(earlier_key or ()))
    report, seen = follow_trail(settings, broker, period, checkpoints=checkpoints, keys=keys, clock=clock)
    body = body_of(report, seen)
    if record:
        _record(settings, broker, body, clock=clock)
    if as_json:
        print_json(body)
    else:
        _print(report, seen)
    if not body["verified"]:
        raise typer.Exit(1)


def follow_trail(
    settings: Settings,
    broker: Broker,
    period: Period,
    *,
    checkpoints: str | None,
    keys: SigningKeys,
    clock: Clock,
) -> tuple[TrailReport, Trusted | None]:
    """Every chain verified, with progress; and what the checkpoints say, None where there is no key to read them by."""
    names = TopicNames(settings.topics.prefix)
    chains = chains_of(names, partitions=broker.partitions(names.chunks))
    with contextlib.closing(broker.reader()) as reader:
        seen = _checkpoints(settings, reader, names, checkpoints, keys, clock=clock)
        with progress_of(reader, chains, "verifying") as on_record:
            report = verify_trail(
                reader,
                chains,
                checkpoint=None if seen is None else seen.checkpoint,
                aged=None if seen is None else seen.aged,
                retention_ms=audit_retention_ms(settings),
                now_ms=clock.now_ms(),
                period=period,
                on_record=on_record,
            )
    return report, seen


def moment_ms(text: str | None) -> int | None:
    """Milliseconds since the epoch. Raises InputError."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no date or time: write 2026-11-01 or 2026-11-01T08:00:00Z") from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _checkpoints(
    settings: Settings, reader: Reader, names: TopicNames, where: str | None, keys: SigningKeys, *, clock: Clock
) -> Trusted | None:
    key_file = keys.in_use or settings.audit.public_key_file
    if key_file is None:
        if where is not None or keys.earlier:
            asked = "--checkpoints" if where is not None else "--earlier-key"
            raise InputError(f"{asked} needs --public-key: without it nobody can tell who signed them")
        return None
    anchor = _anchor(settings, where, clock=clock)
    partition = TopicPartition(names.checkpoints, 0)
    oldest_ms = oldest_kept_ms(retention_ms=audit_retention_ms(settings), now_ms=clock.now_ms())
    first = next(reader.read(partition, start=reader.begin_offset(partition)), None)
    topic = reader.read(partition, start=reader.begin_offset(partition))
    return trusted(
        topic=(record.value or b"" for record in topic),
        topic_begins=seq_of(first.value) if first is not None and first.timestamp_ms <= oldest_ms else 0,
        anchor=None if anchor is None else (value for _, value in anchor.read()),
        public_key=load_public_key(key_file),
        origin=settings.audit.origin,
        aged_ms=oldest_ms,
        earlier_keys=[load_public_key(path) for path in keys.earlier],
    )


def _anchor(settings: Settings, where: str | None, *, clock: Clock) -> Anchor | None:
    address = where or settings.audit.anchor
    if address is None:
        return None
    if ":" not in address:
        address = Path(address).absolute().as_uri().replace("file://", "file:")
    anchor = anchor_of(address, clock=clock, endpoint_url=settings.audit.anchor_endpoint)
    return anchor if anchor.readable else None


@contextlib.contextmanager
def progress_of(reader: Reader, chains: Mapping[str, TopicPartition], doing: str) -> Iterator[Callable[[], None]]:
    """A bar over all records of `chains`; call what it gives for each."""
    total = sum(reader.end_offset(partition) - reader.begin_offset(partition) for partition in chains.values())
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=progress_console, transient=True, disable=total == 0) as progress:
        task = progress.add_task(doing, total=total)
        done = 0

        def on_record() -> None:
            nonlocal done
            done += 1
            if done % 1000 == 0:
                progress.update(task, completed=done)

        yield on_record


def _record(settings: Settings, broker: Broker, body: dict[str, Any], *, clock: Clock) -> None:
    detail = {"records": str(body["records"]), "flaws": str(len(body["flaws"]))}
    outcome = "verified" if body["verified"] else "flawed"
    journal = open_journal(settings, broker, role="audit", clock=clock)
    try:
        journal.write(AuditEvent.VERIFIED, outcome, detail=detail)
    except BrokerRefused as error:
        progress_console.print(f"not recorded in the trail: {error}; verify with --no-record where you may only read")
    finally:
        journal.close(Deadline(_CLOSE_SECONDS, clock=clock))


def body_of(report: TrailReport, seen: Trusted | None) -> dict[str, Any]:
    """What `--json` prints."""
    flaws = [
        {"kind": flaw.kind, "chain": flaw.chain_id, "seq": flaw.seq, "offset": flaw.offset, "what": flaw.words}
        for flaw in report.flaws
    ]
    if seen is not None:
        flaws += [
            {"kind": f"checkpoint_{flaw.flaw.name.lower()}", "where": flaw.where, "seq": flaw.seq, "what": flaw.words}
            for flaw in seen.flaws
        ]
    return {
        "verified": not flaws,
        "records": sum(chain.records for chain in report.chains.values()),
        "chains": {
            chain_id: {"records": chain.records, "began": chain.began, "head": chain.head.hash}
            for chain_id, chain in report.chains.items()
        },
        "checkpoints": None if seen is None else seen.count,
        "held_against_checkpoint": report.checkpoint_seq,
        "flaws": flaws,
        "cuts": [{"chain": cut.chain_id, "began": cut.began, "checkpoint": cut.checkpoint_seq} for cut in report.cuts],
        "notes": list(report.notes),
    }


def _print(report: TrailReport, seen: Trusted | None) -> None:
    rows = [
        (chain_id, f"{chain.records:,}", chain.began, chain.head.hash[:16], "holds" if chain.verified else "FLAWED")
        for chain_id, chain in report.chains.items()
    ]
    print_table(("chain", "records", "from", "head", ""), rows)
    for flaw in report.flaws:
        place = "" if flaw.offset is None else f" (offset {flaw.offset})"
        console.print(f"{flaw.kind}: chain {flaw.chain_id}, record {flaw.seq}{place}: {flaw.words}", markup=False)
    for flawed in () if seen is None else seen.flaws:
        console.print(f"checkpoint {flawed.seq} ({flawed.where}): {flawed.words}", markup=False)
    for note in report.notes:
        console.print(note, markup=False)
    if seen is None:
        console.print("held against no checkpoint: give --public-key (and --checkpoints) to find a chain written anew")
    else:
        console.print(f"{seen.count} checkpoints, the chains held against number {report.checkpoint_seq}")
