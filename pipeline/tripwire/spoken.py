"""Numbers read out or written in pieces, long enough to be somebody's."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.cues import is_clinical, is_personal
from pipeline.tripwire.digits import DigitRun, digit_runs
from pipeline.tripwire.finding import Finding, Reading
from pipeline.tripwire.series import are_readings, is_counting, is_items, is_list, is_public, is_years

_SHORTEST = 7
_SHORTEST_SINGLE = 5
# "five five five 0142" and "seis uno dos, treinta y cuatro, ...": as long as a telephone or a national number.
_MIXED_LENGTHS = frozenset({7, 9, 10, 11, 12})
_FEWEST_SINGLE = 3
# "zéro six, douze, trente-quatre, ...": numbers read in pairs begin with the zero of the trunk.
_PAIRED_LENGTHS = range(9, 13)
_FEWEST_PAIRS = 4
_GROUPINGS = frozenset(
    {
        (3, 3, 4),
        (1, 3, 3, 4),
        (3, 4, 4),
        (5, 6),
        (6, 8, 3),
        (6, 8, 4),
        (4, 4, 4, 4),
        (4, 4, 4, 4, 3),
        (5, 3, 3),
        (3, 2, 4),
        (4, 3, 3),
        (3, 3, 3, 2),
    }
)
_SURE_LENGTH = 10
_SCALE = re.compile(r" ?(?:,? ?out of (?:ten|10)|/ ?10|on a scale|分$)", re.IGNORECASE)
_AFTER = re.compile(r" ?(?:over|/|分之|(?:sobre|auf|zu) \w|percent|%)", re.IGNORECASE)
# What may stand between the announcement and the digits.
_JOIN = (
    r"(?:[ :：,，]|\b(?:are|is|it's|that's|then|and|so|well|um|uh|okay|yes|son|sont|sind|es|c'est)\b|"
    r"是|为|嗯|呃|就是|那个){0,10}\Z"
)
_LAST_FEW = re.compile(
    r"(?:\b(?:last|first) (?:three|four|five|six|few|[3-6])(?: digits| numbers)?(?: of [\w ']{2,30}?)?|"
    r"\bending in|[后末前][四三五六几]位|尾号|last digits are|rest of the number is|últim[oa]s (?:cuatro|dígitos)|"
    rf"quatre derniers|derniers chiffres|letzten (?:vier|ziffern)){_JOIN}",
    re.IGNORECASE,
)
_TAIL = 60
_FEWEST_OF_LAST = 3
_MOST_OF_LAST = 6


def find_spoken_digits(reading: Reading) -> Iterator[Finding]:
    """Seven digits or more in a row, most of them told one by one or grouped as numbers of people are.

    Counting, scores, years, hotlines and lists of measurements are not taken. Three to six digits are, with little
    confidence, after "the last four" and its like.
    """
    text = reading.plain
    for run in digit_runs(text):
        size = len(run.digits)
        if size - _ranges(text, run) >= _SHORTEST:
            confidence = _confidence(text, run)
            if confidence:
                yield _found(run, confidence)
        elif _FEWEST_OF_LAST <= size <= _MOST_OF_LAST and _LAST_FEW.search(text[max(0, run.start - _TAIL) : run.start]):
            yield Finding(EvidenceKind.SPOKEN_DIGITS, run.start, run.end, 0.5)


def _ranges(text: str, run: DigitRun) -> int:
    """How many of the digits are the `to` of "two to three"."""
    count = 0
    for before, atom, after in zip(run.atoms, run.atoms[1:], run.atoms[2:], strict=False):
        if atom.weak and text[atom.start : atom.end].lower() == "to" and int(before.digits) < int(after.digits):
            count += 1
    return count


def _found(run: DigitRun, confidence: float) -> Finding:
    if run.words or run.single == len(run.digits):
        return Finding(EvidenceKind.SPOKEN_DIGITS, run.start, run.end, confidence)
    # A country's plan or a familiar shape makes surer, and is looked at by another detector.
    return Finding(EvidenceKind.PHONE, run.start, run.end, 0.8)


def _confidence(text: str, run: DigitRun) -> float:
    """0 where the run is nobody's number."""
    if is_public(run.digits) or _SCALE.match(text, run.end) or _AFTER.match(text, run.end):
        return 0.0
    sure = 0.95 if len(run.digits) >= _SURE_LENGTH else 0.85
    if is_personal(text, run.start):
        return sure if len(run.atoms) > 1 and not is_years(run) else 0.0
    if is_counting(run) or is_years(run) or is_items(run) or are_readings(run):
        return 0.0
    if is_clinical(text, run.start) and is_list(run):
        return 0.0
    return sure if _told_as_number(run) else 0.0


def _told_as_number(run: DigitRun) -> bool:
    size = len(run.digits)
    if run.single >= _SHORTEST_SINGLE:
        return True
    if run.single >= _FEWEST_SINGLE and run.words >= _FEWEST_SINGLE and size in _MIXED_LENGTHS:
        return True
    if run.digits[0] == "0" and size in _PAIRED_LENGTHS and len(run.atoms) >= _FEWEST_PAIRS:
        return all(len(atom.digits) <= 2 for atom in run.atoms)
    shape = tuple(map(len, run.parts()))
    # "0171, 392 ...": only telephone numbers begin with a zero and go on in long groups.
    return shape in _GROUPINGS or (run.digits[0] == "0" and size in _PAIRED_LENGTHS and 2 <= len(shape) <= 4)
