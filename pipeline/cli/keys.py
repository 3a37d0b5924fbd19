"""`consultguard keys init|rotate|show|signing`. What is printed is ids and times, never a key."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, assert_never

import typer

from pipeline.broker.codec import iso_utc
from pipeline.cli import keys_signing
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, print_json, print_table
from pipeline.clock import SystemClock
from pipeline.errors import SettingsError
from pipeline.keys.key_file import init_key_file, read_key_file, rotate_key_file
from pipeline.keys.providers import build_key_provider, key_file_of, source_of
from pipeline.keys.ring import RingKey
from pipeline.settings import KeySettings, Settings, variable

app = typer.Typer(
    no_args_is_help=True,
    help="The keys that wrap the data keys of consultations, and the pair that signs checkpoints.",
    rich_markup_mode=None,
)
app.command("signing", epilog=keys_signing.EXAMPLES)(keys_signing.signing)

_File = Annotated[Path | None, typer.Option("--file", help="Instead of CONSULTGUARD_KEYS_FILE.")]
_MUST_FOLLOW = "consultguard audit rewrap"


@app.command(
    "init",
    epilog="Examples:\n\n  consultguard keys init\n\n  consultguard keys init --file /etc/consultguard/keys.json\n\n"
    "Keep a copy of the file where the topics are not: without it nothing sealed can be read again.",
)
def init(*, file: _File = None, as_json: JsonOption = False) -> None:
    """Make the key file, for its owner alone, with one key; refused where there is one already."""
    settings = _settings(file)
    path = _own_file(settings, doing="made")
    key = init_key_file(path, clock=SystemClock())
    if as_json:
        print_json({"file": str(path), "key_id": key.id})
        return
    typer.echo(f"made {path} with the key {key.id}; keep a copy of it where the topics are not")


@app.command(
    "rotate",
    epilog="Example: consultguard keys rotate && consultguard audit rewrap\n\n"
    "Running workers use the new key from their next new consultation on. The older keys must stay in the file until "
    "`consultguard audit rewrap` has wrapped every data key anew.",
)
def rotate(*, file: _File = None, as_json: JsonOption = False) -> None:
    """Add a new key to the key file, which wraps from now on; the older ones stay and still unwrap."""
    settings = _settings(file)
    path = _own_file(settings, doing="rotated")
    key = rotate_key_file(path, clock=SystemClock())
    if as_json:
        print_json({"file": str(path), "key_id": key.id, "next": _MUST_FOLLOW})
        return
    typer.echo(f"added the key {key.id} to {path}; it wraps from now on")
    typer.echo(f"now run: {_MUST_FOLLOW}    (until then the older keys are still needed)")


@app.command(
    "show",
    epilog="Examples:\n\n  consultguard keys show\n\n  consultguard keys show --file keys.json --json\n\n"
    "Asks the provider, so that it also shows whether it answers.",
)
def show(*, file: _File = None, as_json: JsonOption = False) -> None:
    """Show where the keys come from, their ids, when they were made, and which one wraps."""
    settings = _settings(file)
    wraps = build_key_provider(settings).key_id
    keys = _listed(settings, wraps=wraps)
    if as_json:
        print_json({"provider": settings.keys.provider, "source": source_of(settings), "keys": keys})
        return
    print_table(
        ("key", "made", "wraps"),
        [(key["key_id"], key["created_at"] or "not told", "yes" if key["wraps"] else "") for key in keys],
        title=f"{settings.keys.provider}: {source_of(settings)}",
    )


def _settings(file: Path | None) -> Settings:
    return settings_for(keys=None if file is None else {"file": file})


def _own_file(settings: Settings, *, doing: str) -> Path:
    """Raises SettingsError where the keys are made elsewhere, saying how."""
    keys = settings.keys
    if keys.provider != "file":
        raise SettingsError(
            f"{variable('keys', 'provider')} is {keys.provider}, whose keys are {doing} there: {_elsewhere(keys)}"
        )
    return key_file_of(settings)


def _elsewhere(keys: KeySettings) -> str:
    match keys.provider:
        case "environment":
            return (
                f"put a new key from `openssl rand -base64 32` first in {variable('keys', 'secret')}, the older ones "
                "after commas"
            )
        case "vault":
            return f"vault write -f {keys.vault_mount}/keys/{keys.vault_key}, and the same with /rotate after it"
        case "aws-kms":
            return "aws kms create-key and enable-key-rotation"
        case "file":
            return "consultguard keys init, and rotate"
        case _:
            assert_never(keys.provider)


def _listed(settings: Settings, *, wraps: str) -> Sequence[dict[str, Any]]:
    """Newest first. What a provider outside still keeps of older keys, it does not tell."""
    if settings.keys.provider != "file":
        return [{"key_id": wraps, "created_at": None, "wraps": True}]
    return [_body(key, wraps=wraps) for key in reversed(read_key_file(key_file_of(settings)))]


def _body(key: RingKey, *, wraps: str) -> dict[str, Any]:
    made = None if key.created_at_ms is None else iso_utc(key.created_at_ms)
    return {"key_id": key.id, "created_at": made, "wraps": key.id == wraps}
