"""`consultguard audit prove|verify-proof`."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.audit.proof import LARGEST_BYTES, Disproved, Made, Proven, prove, verify_proof
from pipeline.audit.signing_key import load_public_key
from pipeline.audit.trail import chains_of
from pipeline.broker.base import TopicPartition
from pipeline.broker.codec import iso_utc
from pipeline.broker.topics import TopicNames
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, console, print_json
from pipeline.clock import SystemClock
from pipeline.errors import InputError
from pipeline.log import configure
from pipeline.runtime.engines import build_broker
from pipeline.runtime.signing import public_key_beside, signing_key_file_of
from pipeline.settings import variable

PROVE_EXAMPLES = """Example:\n
  consultguard audit prove --chunk chk_a61dc5dd933195da90a862dccfb42ddc --out proof.json --public-key audit-public.pem\n
The proof holds the audit record as it is stored: ids and findings in clear, what was said only sealed. Give it away
with the public key; `consultguard audit verify-proof` needs nothing else. Exit code 1 where no checkpoint covers the
record yet.
"""
VERIFY_EXAMPLES = """Examples:\n
  consultguard audit verify-proof proof.json --public-key audit-public.pem\n
  consultguard audit verify-proof proof.json --public-key audit-public.pem --origin clinic-north --json\n
Needs no settings, no broker and no network. Exit code 0 only where the proof holds.
"""
_SETTLE_SECONDS = 15.0


def prove_chunk(
    *,
    chunk: Annotated[str, typer.Option(help="The chunk's id.")],
    out: Annotated[Path, typer.Option(help="A new file for the proof.")],
    public_key: Annotated[
        Path | None,
        typer.Option(
            help="PEM of the key that signs checkpoints; default: the setting, or the file beside the private one."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a proof that the record which judged a chunk is in the audit trail."""
    settings = settings_for()
    configure(level="warning", form="auto")
    key_file = public_key or settings.audit.public_key_file or public_key_beside(signing_key_file_of(settings))
    if not key_file.exists():
        raise InputError(
            f"whose checkpoints are to be believed? There is no {key_file}: give --public-key, or set "
            f"{variable('audit', 'public_key_file')}"
        )
    key = load_public_key(key_file)
    if out.exists():
        raise InputError(f"{out} exists already and is not overwritten: name another file")
    names = TopicNames(settings.topics.prefix)
    broker = build_broker(settings, clock=SystemClock())
    with contextlib.closing(broker.reader()) as reader:
        newest = reader.last(TopicPartition(names.checkpoints, 0), settle_seconds=_SETTLE_SECONDS)
        made = prove(
            reader,
            chains_of(names, partitions=broker.partitions(names.chunks)),
            chunk_id=chunk,
            checkpoint=None if newest is None else newest.value or b"",
            public_key=key,
            origin=settings.audit.origin,
        )
    _write_new(out, made.value)
    if as_json:
        print_json({"out": str(out), **_body(made.proven), "others": _others(made)})
        return
    _print(made.proven)
    for other in _others(made):
        console.print(f"also about this chunk: {other['event']}, record {other['index']} of {other['chain']}")
    console.print(f"wrote {out}", markup=False, highlight=False)


def verify_proof_file(
    file: Annotated[Path, typer.Argument(help="The proof.")],
    *,
    public_key: Annotated[Path, typer.Option(help="PEM of the deployment's public key.")],
    origin: Annotated[str | None, typer.Option(help="The deployment that it must be of.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a proof offline: that its record is in the trail that the key's owner signed."""
    found = verify_proof(_content(file), public_key=load_public_key(public_key), origin=origin)
    match found:
        case Disproved():
            if as_json:
                print_json({"verified": False, "flaw": found.flaw, "what": found.words})
            else:
                console.print(f"proves nothing ({found.flaw}): {found.words}", markup=False, highlight=False)
            raise typer.Exit(1)
        case Proven():
            if as_json:
                print_json({"verified": True, **_body(found)})
            else:
                _print(found)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error


def _write_new(out: Path, value: bytes) -> None:
    try:
        with out.open("xb") as opened:
            opened.write(value)
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}): name another file") from error


def _body(proven: Proven) -> dict[str, Any]:
    checkpoint = proven.checkpoint
    size = next(chain.size for chain in checkpoint.chains if chain.id == proven.chain_id)
    return {
        "record": dict(proven.record),
        "chain": proven.chain_id,
        "index": proven.index,
        "size": size,
        "hash": proven.hash,
        "checkpoint": {
            "origin": checkpoint.origin,
            "seq": checkpoint.seq,
            "issued_at_ms": checkpoint.issued_at_ms,
            "key": checkpoint.key,
        },
    }


def _others(made: Made) -> list[dict[str, Any]]:
    return [{"event": other.event, "chain": other.chain_id, "index": other.seq} for other in made.others]


def _print(proven: Proven) -> None:
    """Every word may be whatever somebody signed: nothing of it is markup."""
    record, checkpoint = proven.record, proven.checkpoint
    for line in (
        f"{record.get('event')} {record.get('outcome')}: chunk {record.get('chunk_id')} of {record.get('consult_id')}",
        f"by {record.get('actor')}, recorded at {_moment(record.get('recorded_at_ms'))}",
        f"is record {proven.index} of chain {proven.chain_id}, hash {proven.hash}",
        f"under checkpoint {checkpoint.seq} of {checkpoint.origin!r}, issued at {_moment(checkpoint.issued_at_ms)}, "
        f"signed by key {checkpoint.key}",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _moment(epoch_ms: object) -> str:
    """For people; what is no moment stays what it is."""
    try:
        return iso_utc(epoch_ms) if isinstance(epoch_ms, int) else str(epoch_ms)
    except (ValueError, OverflowError, OSError):
        return str(epoch_ms)
