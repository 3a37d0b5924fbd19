"""Every detector on one chunk, alone and as the rest of what was said before it; spans in the raw text."""

import re
from collections.abc import Iterator, Sequence

from pipeline.domain.transcript import CleanChunk
from pipeline.domain.verdict import Evidence
from pipeline.domain.window import ContextWindow
from pipeline.tripwire.bed import find_beds
from pipeline.tripwire.birth import find_births
from pipeline.tripwire.canonical import canonical
from pipeline.tripwire.card import find_cards
from pipeline.tripwire.dates import find_dates_across, find_dates_by_sound
from pipeline.tripwire.finding import Detector, Finding, Reading
from pipeline.tripwire.folding import Folded, fold
from pipeline.tripwire.hints import Hints, hints_of
from pipeline.tripwire.national_id import find_national_ids
from pipeline.tripwire.network import find_addresses, find_ip_addresses
from pipeline.tripwire.numerals import without_ordinary_numbers
from pipeline.tripwire.phone import find_phones
from pipeline.tripwire.postal import find_postal_addresses
from pipeline.tripwire.postcode import find_postcodes
from pipeline.tripwire.record import find_record_numbers
from pipeline.tripwire.register import find_handles, find_long_numbers
from pipeline.tripwire.spelled import find_letters, find_surname_parts
from pipeline.tripwire.spoken import find_spoken_digits
from pipeline.tripwire.thread import thread_before

# The shortest telephone number; every national id and card is longer.
_FEWEST_DIGITS = 7
_LONG_NUMBER = re.compile(rf"[0-9]{{{_FEWEST_DIGITS}}}")


class Tripwires:
    """Finds identifiers that need no model. What it finds can only raise a level. Stateless; shared between threads."""

    def find(self, window: ContextWindow) -> tuple[Evidence, ...]:
        """Evidence in order of its place in the raw text. A finding inside one at least as sure is left out.

        What earlier turns hold alone is theirs; a finding that began in one cites its part in this chunk.
        """
        clean = window.chunk
        language = clean.chunk.language
        folded = fold(clean.text)
        text = folded.text
        findings = _found_in(text, language)
        thread = thread_before(window, text)
        if thread:
            findings += _going_on(_found_after(thread, text, language), text, len(thread))
        return tuple(_evidence(clean, finding, folded) for finding in _outermost(findings))


def _found_in(text: str, language: str | None) -> list[Finding]:
    hints = hints_of(text)
    plain = without_ordinary_numbers(text) if hints.digits else text
    reading = Reading(text, plain, language)
    findings = [finding for detect in _worth_running(hints, plain) for finding in detect(reading)]
    if hints.digit_words or (hints.digits and hints.birth):
        findings += _found_in_words(text, hints, language)
    if hints.whole_date:
        findings += find_dates_by_sound(text)
    return findings


def _found_after(thread: str, text: str, language: str | None) -> list[Finding]:
    whole = thread + text
    return [*_found_in(whole, language), *find_dates_across(whole, len(thread))]


def _found_in_words(text: str, hints: Hints, language: str | None) -> Iterator[Finding]:
    """What the digits make when they are written side by side."""
    plain = canonical(text)
    if plain is None:
        return
    detectors: list[Detector] = [find_national_ids, find_cards] if _LONG_NUMBER.search(plain.text) else []
    detectors += [find_births] if hints.birth else []
    detectors += [find_handles] if hints.handle else []
    reading = Reading(plain.text, plain.text, language)
    for detect in detectors:
        for finding in detect(reading):
            start, end = plain.place(finding.start, finding.end)
            yield finding._replace(start=start, end=end)


def _going_on(findings: Sequence[Finding], text: str, before: int) -> Iterator[Finding]:
    """The findings that reach into the text `before` characters after their origin, cut to it."""
    for finding in findings:
        start, end = max(0, finding.start - before), finding.end - before
        while start < end and not text[start].isalnum():
            start += 1
        if start < end:
            yield finding._replace(start=start, end=end)


def _worth_running(hints: Hints, plain: str) -> Iterator[Detector]:
    if hints.digits:
        many = sum(map(str.isdecimal, plain)) >= _FEWEST_DIGITS
        if many:
            yield from (find_national_ids, find_cards, find_phones, find_long_numbers)
        if many or hints.digit_words or hints.last_few:
            yield find_spoken_digits
        yield find_ip_addresses
    if hints.digits or hints.digit_words:
        yield find_record_numbers
    if hints.digit_words and not hints.digits:
        yield find_spoken_digits
    if hints.address:
        yield find_addresses
    if hints.birth:
        yield find_births
    if hints.handle:
        yield find_handles
    if hints.bed:
        yield find_beds
    if hints.street:
        yield find_postal_addresses
    if hints.postcode:
        yield find_postcodes
    if hints.letters:
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


def _evidence(clean: CleanChunk, finding: Finding, folded: Folded) -> Evidence:
    start, end = clean.raw_span(*folded.place(finding.start, finding.end))
    return Evidence(finding.kind, start, end, finding.confidence)
