"""What commands print: tables for people; with --json one JSON object as the last line of standard output."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of standard output.")]

_PIPED_COLUMNS = 140
"""Where the output is no terminal: wide enough for a reason in one line."""

console = Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS)
progress_console = Console(stderr=True, width=None if sys.stderr.isatty() else _PIPED_COLUMNS)


def print_json(body: Any) -> None:
    """One line, the only thing on standard output."""
    print(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS).decode(), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    table = Table(*columns, title=title, title_justify="left", header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)
