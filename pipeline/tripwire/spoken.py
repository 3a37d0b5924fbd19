"""Numbers read out digit by digit, long enough to be somebody's."""

import re
from collections.abc import Iterator
from itertools import pairwise

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.digits import DigitRun, digit_runs
from pipeline.tripwire.finding import Finding, Reading

_SHORTEST = 7
_SHORTEST_SINGLE = 5
# "five five five 0142": words that end in a block of numerals, as long as a telephone number.
_MIXED_LENGTHS = frozenset({7, 10, 11})
_LOOK_BACK = 40
_NUMBER_CUE = re.compile(
    r"number|phone|call|cell|mobile|text|fax|digits|电话|手机|号|número|teléfono|numéro|nummer", re.IGNORECASE
)
_SCALE = re.compile(r" ?(?:,? ?out of (?:ten|10)|/ ?10|on a scale)", re.IGNORECASE)


def find_spoken_digits(reading: Reading) -> Iterator[Finding]:
    """Seven digits or more in a row, most of them said one by one. Counting aloud and scores up to three are not."""
    text = reading.plain
    for run in digit_runs(text):
        if _long_enough(run) and not _counting(run.digits) and not _scores(text, run):
            yield Finding(EvidenceKind.SPOKEN_DIGITS, run.start, run.end, 0.95 if len(run.digits) >= 10 else 0.85)


def _long_enough(run: DigitRun) -> bool:
    size = len(run.digits)
    if size < _SHORTEST or run.single < 3:
        return False
    return run.single >= _SHORTEST_SINGLE or (run.words >= 3 and size in _MIXED_LENGTHS)


def _counting(digits: str) -> bool:
    steps = {int(after) - int(before) for before, after in pairwise(digits)}
    return steps in ({1}, {-1}) or "1234567" in digits or "7654321" in digits


def _scores(text: str, run: DigitRun) -> bool:
    """Answers to a questionnaire: on a scale, or items of 0 to 3 with nothing before them that announces a number."""
    if _SCALE.match(text, run.end):
        return True
    if max(run.digits) > "3":
        return False
    return _NUMBER_CUE.search(text, max(0, run.start - _LOOK_BACK), run.start) is None
