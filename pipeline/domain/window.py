"""What a judge reads: one chunk, and the turns before it."""

from dataclasses import dataclass

from pipeline.domain.transcript import CleanChunk, SpeakerRole


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of the same consultation, already cleaned."""

    role: SpeakerRole
    text: str


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """The chunk under judgment, and up to a bounded number of turns before it, oldest first.

    `earlier` are the turns before `turns`, cut short: a number told a digit a turn needs a longer memory than a judge.
    A window is a function of the input log alone: never of verdicts, timing or which worker reads.
    """

    chunk: CleanChunk
    turns: tuple[Turn, ...] = ()
    earlier: tuple[Turn, ...] = ()
