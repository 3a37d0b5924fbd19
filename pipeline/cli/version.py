"""`consultguard version`."""

from importlib.metadata import version as installed

import typer

from pipeline.cli.output import JsonOption, print_json
from pipeline.domain.wire import RELEASED


def version(*, as_json: JsonOption = False) -> None:
    """The version, and the schemas it writes and reads."""
    number = installed("consultguard")
    if as_json:
        print_json({"version": number, "schemas": sorted(RELEASED)})
    else:
        typer.echo(f"consultguard {number} ({', '.join(sorted(RELEASED))})")
