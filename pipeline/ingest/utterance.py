"""What a file gives before it becomes chunks: who said what, when."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of one speaker. Times in milliseconds from the start of the recording. All of it is protected."""

    speaker_name: str | None
    text: str
    started_at_ms: int
    ended_at_ms: int


class WarningCode(StrEnum):
    """What was odd in a file that could still be read."""

    NO_HEADER = "no_header"
    BAD_TIMING = "bad_timing"
    EMPTY_CUE = "empty_cue"
    NEGATIVE_DURATION = "negative_duration"
    TEXT_OUTSIDE_CUE = "text_outside_cue"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class IngestWarning:
    """Where something was odd. `line` counts from 1; no text of the file is kept."""

    code: WarningCode
    line: int
