"""Values for tests and the bench: chunks with sensible fields, and the records that carry them."""

from pipeline.broker.base import OutgoingRecord
from pipeline.broker.codec import encode_chunk
from pipeline.domain.transcript import SourceRef, Speaker, SpeakerRole, TranscriptChunk


def build_chunk(
    text: str = "The cough is better since Monday.",
    *,
    consult_id: str = "consult-1",
    seq: int = 0,
    role: SpeakerRole = SpeakerRole.PATIENT,
    language: str | None = "en",
) -> TranscriptChunk:
    """A valid chunk; times follow from `seq`, three seconds a chunk."""
    return TranscriptChunk(
        tenant="test",
        consult_id=consult_id,
        seq=seq,
        speaker=Speaker(f"spk_{role}", role),
        text=text,
        started_at_ms=seq * 3000,
        ended_at_ms=seq * 3000 + 2500,
        spoken_at="2026-01-05T09:00:00.000Z",
        source=SourceRef("test", "builder", "0"),
        language=language,
    )


def chunk_record(
    chunk: TranscriptChunk, *, topic: str = "consult.chunks", partition: int | None = None
) -> OutgoingRecord:
    """The record a producer would send for `chunk`."""
    return OutgoingRecord(topic, chunk.consult_id.encode(), encode_chunk(chunk), partition)
