"""`consultguard keys signing`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.audit.signing_key import fingerprint, make_signing_key, write_private_key, write_public_key
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, print_json
from pipeline.errors import KeyRefused, KeyUnavailable
from pipeline.runtime.signing import public_key_beside, signing_key_file_of

EXAMPLES = """Examples:\n
  consultguard keys signing\n
  consultguard keys signing --out-public /srv/auditors/consultguard-audit-public.pem --json\n
Give the public file, and its fingerprint by another way, to whoever verifies. Who has the private file can sign another
history: keep it from the machines that write the trail.
"""


def signing(
    *,
    out_public: Annotated[
        Path | None, typer.Option(help="For the public key; default: beside the private one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the Ed25519 pair that signs checkpoints, the private half for its owner alone; nothing is overwritten."""
    private = signing_key_file_of(settings_for())
    public = out_public or public_key_beside(private)
    for path, mend in (
        (private, f"its public key: openssl pkey -in {private} -pubout -out {public}"),
        (public, "name another by --out-public"),
    ):
        # Before anything is made: half a pair is worse than none.
        if path.exists() or path.is_symlink():
            raise KeyRefused(f"{path} exists already and is never overwritten; {mend}")
    for path in (private, public):
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise KeyUnavailable(f"{path.parent} cannot be made ({error.strerror})") from error
    key = make_signing_key()
    write_private_key(key, private)
    write_public_key(key.public_key(), public)
    found = fingerprint(key.public_key())
    if as_json:
        print_json({"private": str(private), "public": str(public), "fingerprint": found})
        return
    typer.echo(f"made {private} (keep it to the checkpointer) and {public} (give it to whoever verifies)")
    typer.echo(f"fingerprint {found}")
