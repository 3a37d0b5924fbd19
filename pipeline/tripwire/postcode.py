"""Postal codes, after the word for one."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.codes import code_at
from pipeline.tripwire.digits import digit_runs
from pipeline.tripwire.finding import Finding, Reading
from pipeline.tripwire.postal import of_a_facility

_CUE = re.compile(
    r"\bzip(?: ?codes?)?\b|\bpost(?:al)? ?code\b|邮政编码|邮编|郵遞區號|郵便番号|우편번호|c[oó]digo postal|code postal|"
    r"\bpostleitzahl\b|\bPLZ\b",
    re.IGNORECASE | re.ASCII,
)
_JOIN = re.compile(
    r"(?:[\s:：,，=]|['’]s\b|\b(?:is|was|it|it's|that's|here|number|um|uh|so|yeah|yes|es|est|ist|lautet|c'est|le|el)\b|"
    r"是|为|呃|嗯|は|です){0,8}",
    re.IGNORECASE | re.ASCII,
)
# Canada and the United Kingdom write letters too.
_LETTERED = re.compile(r"(?:[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?!\w)", re.IGNORECASE | re.ASCII)
# From Austria's four digits to the nine of ZIP+4 (Universal Postal Union, postal addressing systems).
_LENGTHS = frozenset({4, 5, 6, 7, 8, 9})
_FEWEST_OF_EACH = 2
_LOOK_BACK = 45


def find_postcodes(reading: Reading) -> Iterator[Finding]:
    """A postal code right after the word for one, written or told, unless it is a clinic's or a shop's."""
    text = reading.text
    cues = list(_CUE.finditer(text))
    if not cues:
        return
    runs = {run.start: run for run in digit_runs(text)}
    for cue in cues:
        before = text[max(0, cue.start() - _LOOK_BACK) : cue.start()]
        if of_a_facility(before):
            continue
        joined = _JOIN.match(text, cue.end())
        start = joined.end() if joined else cue.end()
        lettered, code = _LETTERED.match(text, start), code_at(text, start)
        if lettered is not None:
            yield Finding(EvidenceKind.POSTAL_ADDRESS, start, lettered.end(), 0.85)
        elif start in runs and len(runs[start].digits) in _LENGTHS:
            yield Finding(EvidenceKind.POSTAL_ADDRESS, start, runs[start].end, 0.8)
        elif min(code.digits, code.letters) >= _FEWEST_OF_EACH:
            yield Finding(EvidenceKind.POSTAL_ADDRESS, start, code.end, 0.75)
