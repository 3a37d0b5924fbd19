"""What a model may say in its own words beside a verdict: one sentence, which quotes nobody."""

import re
import unicodedata
from collections.abc import Iterable

from pipeline.domain.window import ContextWindow

MAX_REASON_CHARS = 400

_SHARED_CHARS = 8
_DIGITS = re.compile(r"(?:\d[\s().,/\-–]*){4}")
"""Four digits, whatever stands between them: the last four of a card are enough to be one."""

_SEVERAL = re.compile(r"[.!?؟।]['\"”’)]*\s+\S|[。！？][”’」』）]*\S")


def is_line(text: str) -> bool:
    """One line a person can read: not empty, no control or invisible character, at most `MAX_REASON_CHARS`."""
    return text.isprintable() and not text.isspace() and 0 < len(text) <= MAX_REASON_CHARS


def publishable(reason: str | None, window: ContextWindow) -> str | None:
    """`reason` where it may stand in a verdict, else None.

    Refused: what is no line, more than one sentence, four digits in a row whether the chunk holds them or not (they
    may have been spoken), and a run of 8 characters, no space at its ends, that the chunk holds too, as said or
    as cleaned. Compared without
    case, width and runs of white space. It does not see a quoted name shorter than that: reasons stay protected text.
    """
    if reason is None or not is_line(reason) or _SEVERAL.search(reason):
        return None
    folded = _folded(reason)
    if _DIGITS.search(folded):
        return None
    chunk = window.chunk
    return None if _shares_a_run(folded, map(_folded, (chunk.text, chunk.chunk.text))) else reason


def _folded(text: str) -> str:
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return " ".join(visible.casefold().split())


def _shares_a_run(text: str, others: Iterable[str]) -> bool:
    runs = [text[at : at + _SHARED_CHARS] for at in range(len(text) - _SHARED_CHARS + 1)]
    return any(run in other for other in others for run in runs if run == run.strip())
