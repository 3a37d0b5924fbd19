"""`consultguard ingest vtt|jsonl`: files to the chunk topic."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pipeline.broker.topics import TopicNames
from pipeline.cli.context import settings_for
from pipeline.cli.inputs import DEFAULT_LANGUAGE, jsonl_chunks, parse_roles, vtt_chunks
from pipeline.cli.output import JsonOption, print_json, progress_console
from pipeline.cli.topics import BrokerOption
from pipeline.clock import SystemClock
from pipeline.domain.transcript import TranscriptChunk
from pipeline.ingest.publish import publish_chunks
from pipeline.runtime.engines import build_broker
from pipeline.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Send transcripts to the chunk topic.", rich_markup_mode=None)

_Files = Annotated[list[Path], typer.Argument(help="Files to send, in order.", exists=True, dir_okay=False)]


@app.command(
    "vtt",
    epilog='Example: consultguard ingest vtt visit.vtt --consult visit-1 --role "Dr. Alvarez=clinician"',
)
def vtt(
    files: _Files,
    *,
    consult: Annotated[str | None, typer.Option(help="The consultation's id, for one file. Default: its name.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="NAME=ROLE of a speaker; repeat for more.")] = None,
    language: Annotated[str, typer.Option(help="The main language, BCP 47.")] = DEFAULT_LANGUAGE,
    broker: BrokerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send WebVTT transcripts, each file one consultation. Sending a file again does no harm."""
    if consult is not None and len(files) > 1:
        raise typer.BadParameter("--consult names one consultation; give one file")
    settings, roles = settings_for(broker=broker), parse_roles(role or [])
    consultations = [
        vtt_chunks(path, tenant=settings.tenant, consult_id=consult, roles=roles, language=language) for path in files
    ]
    _send(settings, consultations, as_json=as_json)


@app.command("jsonl", epilog="Example: consultguard ingest jsonl dialogues.jsonl --limit 30")
def jsonl(
    files: _Files,
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many dialogues.")] = None,
    broker: BrokerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send dialogues, one JSON object a line: {"id", "lang", "turns": [{"speaker", "text"}]}."""
    settings = settings_for(broker=broker)
    consultations = [dialogue for path in files for dialogue in jsonl_chunks(path, tenant=settings.tenant)]
    _send(settings, consultations[:limit], as_json=as_json)


def _send(settings: Settings, consultations: Sequence[Sequence[TranscriptChunk]], *, as_json: bool) -> None:
    chunks = [chunk for consultation in consultations for chunk in consultation]
    broker = build_broker(settings, clock=SystemClock())
    with (
        Progress(console=progress_console, transient=True) as bar,
        contextlib.closing(broker.publisher(publisher_id="ingest")) as publisher,
    ):
        task = bar.add_task("sending", total=len(chunks))
        topic = TopicNames(settings.topics.prefix).chunks
        publish_chunks(chunks, publisher, topic=topic, progress=lambda sent: bar.advance(task, sent))
    if as_json:
        print_json({"consultations": len(consultations), "chunks": len(chunks), "topic": topic})
    else:
        typer.echo(f"sent {len(chunks)} chunks of {len(consultations)} consultations to {topic}")
