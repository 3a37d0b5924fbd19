"""Fictional consultations that come with the package: what a demo shows, and what tests of the whole path read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from pipeline.domain.transcript import SourceRef, SpeakerRole, TranscriptChunk
from pipeline.ingest.mapper import Consultation, to_chunks
from pipeline.ingest.vtt import read_vtt

_FOLDER = Path(__file__).parent / "samples"
# A fixed Monday, so that the same sample is the same chunks every time.
_RECORDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of `pipeline/ingest/samples`, and what its names mean."""

    file: str
    consult_id: str
    language: str
    roles: MappingProxyType[str, SpeakerRole]

    @property
    def path(self) -> Path:
        return _FOLDER / self.file


def _roles(**by_role: str) -> MappingProxyType[str, SpeakerRole]:
    return MappingProxyType({name: SpeakerRole(role) for role, name in by_role.items()})


SAMPLES = (
    Sample("blood-pressure.en.vtt", "sample-en-1", "en", _roles(clinician="Dr. Alvarez", patient="Patient")),
    Sample("stomach-pain.zh.vtt", "sample-zh-1", "zh", _roles(clinician="李医生", patient="患者")),
    Sample(
        "diabetes-interpreted.mixed.vtt",
        "sample-mixed-1",
        "en",
        _roles(clinician="Dr. Bennett", patient="Patient", interpreter="Interpreter"),
    ),
)


def read_sample(sample: Sample, *, tenant: str = "demo") -> Iterator[TranscriptChunk]:
    """The sample's chunks in order. Every name, number and date in them is invented."""
    consultation = Consultation(
        tenant=tenant,
        consult_id=sample.consult_id,
        source=SourceRef("file", "vtt", sample.file),
        recorded_at=_RECORDED_AT,
        language=sample.language,
        roles=sample.roles,
    )
    return to_chunks(read_vtt(sample.path).utterances, consultation)
