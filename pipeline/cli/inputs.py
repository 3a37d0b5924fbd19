"""Files given to a command, as chunks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import typer

from pipeline.cli.output import progress_console
from pipeline.domain.transcript import SourceRef, SpeakerRole, TranscriptChunk
from pipeline.errors import InputError
from pipeline.ingest.jsonl import read_dialogues
from pipeline.ingest.mapper import Consultation, consult_id_for, to_chunks
from pipeline.ingest.samples import SAMPLES
from pipeline.ingest.vtt import read_vtt

DEFAULT_LANGUAGE = "en"


def parse_roles(pairs: Iterable[str]) -> dict[str, SpeakerRole]:
    """`NAME=ROLE` options as a mapping. Raises typer.BadParameter naming the roles there are."""
    roles: dict[str, SpeakerRole] = {}
    for pair in pairs:
        name, _, role = pair.rpartition("=")
        if not name or role not in set(SpeakerRole):
            raise typer.BadParameter(f"--role wants NAME=ROLE with one of {', '.join(SpeakerRole)}")
        roles[name] = SpeakerRole(role)
    return roles


def vtt_chunks(
    path: Path,
    *,
    tenant: str,
    consult_id: str | None = None,
    roles: Mapping[str, SpeakerRole] | None = None,
    language: str = DEFAULT_LANGUAGE,
) -> list[TranscriptChunk]:
    """One WebVTT file as one consultation; what was odd in it is told on standard error. Raises InputError."""
    transcript = read_vtt(path)
    for warning in transcript.warnings:
        progress_console.print(f"{path}, line {warning.line}: {warning.code}", style="yellow")
    consultation = Consultation(
        tenant=tenant,
        consult_id=consult_id or path.stem,
        source=SourceRef("file", "vtt", path.name),
        recorded_at=_recorded_at(path),
        language=language,
        roles=roles,
    )
    return list(to_chunks(transcript.utterances, consultation))


def jsonl_chunks(path: Path, *, tenant: str) -> Iterator[list[TranscriptChunk]]:
    """Each dialogue of a JSON Lines file as one consultation. Raises InputError."""
    for dialogue in read_dialogues(path):
        consultation = Consultation(
            tenant=tenant,
            consult_id=consult_id_for(path, dialogue.id),
            source=SourceRef("file", "jsonl", path.name),
            recorded_at=_recorded_at(path),
            language=dialogue.language or DEFAULT_LANGUAGE,
        )
        yield list(to_chunks(dialogue.utterances, consultation))


def consultations(
    paths: Sequence[Path],
    *,
    tenant: str,
    roles: Mapping[str, SpeakerRole] | None = None,
    language: str = DEFAULT_LANGUAGE,
) -> Iterator[list[TranscriptChunk]]:
    """The consultations of .vtt and .jsonl files; `roles` and `language` are for .vtt. Raises InputError."""
    for path in paths:
        match path.suffix.lower():
            case ".vtt":
                yield vtt_chunks(path, tenant=tenant, roles=roles, language=language)
            case ".jsonl":
                yield from jsonl_chunks(path, tenant=tenant)
            case other:
                raise InputError(f"{path}: cannot read {other or 'a file without a suffix'}; give .vtt or .jsonl")


def at_once(held: Iterable[list[TranscriptChunk]], *, limit: int | None = None) -> list[TranscriptChunk]:
    """The chunks of at most `limit` consultations, as if all were held at the same time."""
    chunks = [chunk for consultation in islice(held, limit) for chunk in consultation]
    # Stable, and starts rise within a consultation: each one keeps its own order.
    return sorted(chunks, key=lambda chunk: chunk.started_at_ms)


def samples() -> Iterator[list[TranscriptChunk]]:
    """The sample consultations that come with the package."""
    for sample in SAMPLES:
        yield vtt_chunks(
            sample.path, tenant="demo", consult_id=sample.consult_id, roles=sample.roles, language=sample.language
        )


def _recorded_at(path: Path) -> datetime:
    """A file says nothing of when it was recorded; when it was written is the nearest there is."""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
