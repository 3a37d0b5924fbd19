"""Payment card numbers."""

import re
from collections.abc import Iterator

from stdnum import luhn

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_CANDIDATE = re.compile(r"(?<![\d-])[2-6]\d{3}(?:[ -]?\d){9,15}(?!\d)")


def find_cards(reading: Reading) -> Iterator[Finding]:
    """13 to 19 digits that begin as card numbers do and pass the Luhn check (ISO/IEC 7812-1)."""
    text = reading.text
    for match in _CANDIDATE.finditer(text):
        if luhn.is_valid(re.sub(r"\D", "", match[0])):
            yield Finding(EvidenceKind.CARD_NUMBER, match.start(), match.end(), 0.9)
