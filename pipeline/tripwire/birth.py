"""Exact dates of birth: day, month and year beside a word for birth."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.dates import DATE
from pipeline.tripwire.finding import Finding, Reading

_CUE = re.compile(
    r"\bdate of birth\b|\bbirth ?da(?:te|y)\b|\bborn\b|\bd\.?o\.?b\b|出生|生日|生于|(?<=[日号號])生(?![产效])|"
    r"\bnac(?:í|i[óodamst])|\bnée? le\b|naissance|\bgeboren\b|geburtsdatum|geburtstag",
    re.IGNORECASE | re.ASCII,
)
_FARTHEST_BEFORE = 60
_FARTHEST_AFTER = 30


def find_births(reading: Reading) -> Iterator[Finding]:
    """The first full date up to 60 characters after a cue; without one, the last up to 30 before it.

    A year alone is not exact. A later date in the sentence is the visit's, or another's.
    """
    text = reading.text
    cues = list(_CUE.finditer(text))
    if not cues:
        return
    dates = [(found.start(), found.end()) for found in DATE.finditer(text)]
    starts = [start for start, _ in dates]
    ends = [end for _, end in dates]
    born = set()
    for cue in cues:
        after = bisect_left(starts, cue.end())
        before = bisect_right(ends, cue.start()) - 1
        if after < len(dates) and starts[after] - cue.end() <= _FARTHEST_BEFORE:
            born.add(dates[after])
        elif before >= 0 and cue.start() - ends[before] <= _FARTHEST_AFTER:
            born.add(dates[before])
    for start, end in sorted(born):
        yield Finding(EvidenceKind.DATE_OF_BIRTH, start, end, 0.95)
