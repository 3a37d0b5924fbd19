"""What a detector reads and reports."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from pipeline.domain.taxonomy import EvidenceKind


class Finding(NamedTuple):
    """Half-open span in the cleaned text, in characters, and how sure, 0 to 1."""

    kind: EvidenceKind
    start: int
    end: int
    confidence: float


class Reading(NamedTuple):
    """The cleaned text; the same at the same length with the ordinary numbers of care blotted out; its language."""

    text: str
    plain: str
    language: str | None


class Detector(Protocol):
    """Looks for one kind of identifier. Pure; linear in the length of the text."""

    def __call__(self, reading: Reading) -> Iterator[Finding]: ...
