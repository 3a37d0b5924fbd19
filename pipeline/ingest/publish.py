"""Sends chunks to the broker, in order, in batches that are written whole or not at all."""

from collections.abc import Callable, Sequence

from pipeline.broker.base import OutgoingRecord, Publisher, RecordRef
from pipeline.broker.codec import encode_chunk
from pipeline.domain.transcript import TranscriptChunk

_BATCH = 500


def publish_chunks(
    chunks: Sequence[TranscriptChunk],
    publisher: Publisher,
    *,
    topic: str,
    progress: Callable[[int], None] | None = None,
) -> list[RecordRef]:
    """Publish every chunk, keyed by its consultation; where each one lies. `progress` gets each batch's size.

    Sending the same chunks again does no harm: the worker gives each one verdict and records the rest as duplicates.
    Raises what `Publisher.publish` raises; batches before the failing one are sent.
    """
    refs: list[RecordRef] = []
    for start in range(0, len(chunks), _BATCH):
        batch = [
            OutgoingRecord(topic, chunk.consult_id.encode(), encode_chunk(chunk))
            for chunk in chunks[start : start + _BATCH]
        ]
        refs.extend(publisher.publish(batch))
        if progress is not None:
            progress(len(batch))
    return refs
