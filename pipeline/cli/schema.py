"""`consultguard schema write|check`: the published JSON Schemas, made from the wire models."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import BaseModel, ValidationError

from pipeline.cli.output import JsonOption, print_json
from pipeline.domain.wire import RELEASED

app = typer.Typer(no_args_is_help=True, help="The published JSON Schemas.", rich_markup_mode=None)

_Folder = Annotated[Path, typer.Option("--dir", help="The schemas folder.")]


def schema_file(name: str) -> str:
    """`consult.chunk/1` is published as `consult.chunk-1.schema.json`."""
    return f"{name.replace('/', '-')}.schema.json"


def render(model: type[BaseModel], *, name: str) -> bytes:
    """The JSON Schema of a wire model, draft 2020-12, ending in a line break."""
    body = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:consultguard:{name}"}
    body |= model.model_json_schema(by_alias=True, mode="validation")
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@app.command("write", epilog="Example: consultguard schema write --dir schemas")
def write(*, folder: _Folder = Path("schemas")) -> None:
    """Write one JSON Schema for each released form."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in RELEASED.items():
        (folder / schema_file(name)).write_bytes(render(model, name=name))
        typer.echo(f"wrote {folder / schema_file(name)}")


@app.command("check", epilog="Example: consultguard schema check --dir schemas")
def check(*, folder: _Folder = Path("schemas"), as_json: JsonOption = False) -> None:
    """Fail if a schema drifted from its model, or a released sample is no longer read."""
    problems = [*_drifted(folder), *_unreadable(folder)]
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        typer.echo(f"{len(RELEASED)} schemas and their samples agree with the code")


def _drifted(folder: Path) -> list[str]:
    problems = []
    for name, model in RELEASED.items():
        path = folder / schema_file(name)
        if not path.is_file():
            problems.append(f"{path}: missing; run: consultguard schema write")
        elif path.read_bytes() != render(model, name=name):
            problems.append(f"{path}: differs from the code; a released form must not change its meaning. "
                            "If the change only adds, run: consultguard schema write")  # fmt: skip
    return problems


def _unreadable(folder: Path) -> list[str]:
    problems = []
    for name, model in RELEASED.items():
        samples = sorted((folder / "samples").glob(f"{name.replace('/', '-')}.*.json"))
        if not samples:
            problems.append(f"{folder}/samples: no sample of {name}")
        for sample in samples:
            try:
                model.model_validate_json(sample.read_bytes())
            except ValidationError as error:
                fields = {".".join(str(part) for part in detail["loc"]) for detail in error.errors()}
                problems.append(f"{sample}: no longer read: {', '.join(sorted(fields))}")
    return problems
