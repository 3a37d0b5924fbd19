"""Every detector on one chunk, and the spans brought back to the raw text."""

from collections.abc import Iterator, Sequence

from pipeline.domain.transcript import CleanChunk
from pipeline.domain.verdict import Evidence
from pipeline.tripwire.birth import find_births
from pipeline.tripwire.card import find_cards
from pipeline.tripwire.finding import Detector, Finding, Reading
from pipeline.tripwire.hints import Hints, hints_of
from pipeline.tripwire.national_id import find_national_ids
from pipeline.tripwire.network import find_addresses, find_ip_addresses
from pipeline.tripwire.numerals import without_ordinary_numbers
from pipeline.tripwire.phone import find_phones
from pipeline.tripwire.record import find_record_numbers
from pipeline.tripwire.spelled import find_letters, find_surname_parts
from pipeline.tripwire.spoken import find_spoken_digits

# The shortest telephone number; every national id and card is longer.
_FEWEST_DIGITS = 7


class Tripwires:
    """Finds identifiers that need no model. What it finds can only raise a level. Stateless; shared between threads."""

    def find(self, clean: CleanChunk) -> tuple[Evidence, ...]:
        """Evidence in order of its place in `clean.chunk.text`. A finding inside one at least as sure is left out."""
        text = clean.text
        hints = hints_of(text)
        plain = without_ordinary_numbers(text) if hints.digits else text
        detectors = tuple(_worth_running(hints, plain))
        if not detectors:
            return ()
        reading = Reading(text, plain, clean.chunk.language)
        findings = [finding for detect in detectors for finding in detect(reading)]
        return tuple(_evidence(clean, finding) for finding in _outermost(findings))


def _worth_running(hints: Hints, plain: str) -> Iterator[Detector]:
    if hints.digits:
        if sum(map(str.isdecimal, plain)) >= _FEWEST_DIGITS:
            yield from (find_national_ids, find_cards, find_phones)
        yield find_ip_addresses
    if hints.digits or hints.digit_words:
        yield find_record_numbers
    if hints.digit_words:
        yield find_spoken_digits
    if hints.address:
        yield find_addresses
    if hints.birth:
        yield find_births
    if hints.name:
        yield find_letters
    if hints.han:
        yield find_surname_parts


def _outermost(findings: Sequence[Finding]) -> list[Finding]:
    """Overlapping findings are one identifier seen twice: the surer is kept, unless the other reaches beyond it."""
    kept: list[Finding] = []
    active: list[Finding] = []
    for finding in sorted(findings, key=lambda found: (found.start, -found.end, -found.confidence)):
        active = [other for other in active if other.end > finding.start]
        if not any(finding.end <= other.end and other.confidence >= finding.confidence for other in active):
            kept.append(finding)
            active.append(finding)
    return kept


def _evidence(clean: CleanChunk, finding: Finding) -> Evidence:
    start, end = clean.raw_span(finding.start, finding.end)
    return Evidence(finding.kind, start, end, finding.confidence)
