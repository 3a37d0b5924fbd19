"""Chunks whose prompts are long from the first of a consultation on, so that a short run has the same as a long one."""

from dataclasses import replace

from pipeline.bench.talk import Talk
from pipeline.domain.transcript import TranscriptChunk

TURNS = 11
"""Of a consultation. The last prompt holds all of it, for a peer and for a worker with `CONTEXT_TOKENS`."""
CONTEXT_TOKENS = 1024
"""The worker's default of 384, by an estimate from above, would give it shorter prompts than the peers have."""
_OPENING = 9
_AT_ONCE = 6


class LongPrompts:
    """`chunks` chunks of short consultations, which the clinician opens with what is known of the patient: about 320
    tokens a prompt in the mean, the earlier turns included. Sentences are those of `Talk`."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks
        self._talk = Talk(chunks, max(1, chunks // TURNS), _AT_ONCE)

    def chunk(self, number: int) -> TranscriptChunk:
        """The chunk with this number, from 0 in the order of sending; the same every time."""
        chunk = self._talk.chunk(number)
        if chunk.seq:
            return chunk
        first = self.chunks + _OPENING * number
        return replace(chunk, text=" ".join(self._talk.chunk(first + more).text for more in range(_OPENING)))
