"""Invented talk, many consultations interleaved."""

import random

from pipeline.domain.transcript import TranscriptChunk
from pipeline.testing.builders import build_chunk

_SAID = (
    "The cough is better since Monday.",
    "I take the tablet with breakfast.",
    "No fever since the weekend.",
    "We repeat the blood test in spring.",
    "The knee only hurts on stairs.",
)


def interleaved(*, consultations: int, chunks: int, seed: int = 1) -> list[TranscriptChunk]:
    """Each consultation's chunks in order, the consultations mixed; no text occurs twice."""
    rng = random.Random(seed)
    left = {f"consult-{number}": 0 for number in range(consultations)}
    said: list[TranscriptChunk] = []
    while left:
        consult_id = rng.choice(sorted(left))
        seq = left[consult_id]
        words = " ".join(rng.choice(_SAID).split()[: rng.randint(2, 6)])
        said.append(build_chunk(f"{words} Part {seq} of {consult_id}.", consult_id=consult_id, seq=seq))
        left[consult_id] += 1
        if left[consult_id] == chunks:
            del left[consult_id]
    return said
