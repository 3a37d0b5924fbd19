"""Telephone numbers, by country plan and by shape."""

import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType, number_type

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_CANDIDATE = re.compile(r"(?<![A-Za-z0-9_.])(?:\+ ?|\( ?)?\d(?:[ ().\-–/·]{0,3}\d){6,16}(?![\d])")
_SHAPES = (
    (re.compile(r"(?<![\d-])(?:\+?1[-. ])?\(?[2-9]\d{2}\)?[-. ]\d{3}[-.]\d{4}(?![\d-])"), 0.9),  # North America
    (re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"), 0.95),  # China, mobile
    (re.compile(r"(?<!\d)07\d{3} ?\d{3} ?\d{3}(?!\d)"), 0.9),  # United Kingdom, mobile
    (re.compile(r"(?<![\d-])[2-9]\d{2}[-.]\d{4}(?![\d-])"), 0.7),  # seven digits, local
)
_CUE = re.compile(
    r"phone|mobile|\bcell\b|\btel\b|\bcall\b|\btext\b|\bfax\b|\breach\b|(?<!record )(?<!member )\bnumber(?:'s| is)\b|"
    r"电话|手机|联系|号码|teléfono|móvil|celular|téléphone|portable|telefon|handy",
    re.IGNORECASE | re.ASCII,
)
_LOOK_BACK = 40
# A plan takes up to a millisecond; a text with more candidates than this is a list of numbers, whosever they are.
_MOST_PLANNED = 64
_REGIONS = {
    "en": ("US", "GB", "AU"),
    "zh": ("CN", "TW"),
    "es": ("ES", "MX", "US"),
    "fr": ("FR", "CA"),
    "de": ("DE", "AT"),
    "pt": ("BR", "PT"),
    "it": ("IT",),
    "ru": ("RU",),
    "ja": ("JP",),
    "ko": ("KR",),
    "vi": ("VN",),
    "hi": ("IN",),
    "ar": ("EG", "SA"),
    "pl": ("PL",),
    "tr": ("TR",),
    "nl": ("NL",),
}
_DEFAULT_REGIONS = ("US", "GB", "CN")
# A hotline or a company, not a person.
_PUBLIC = frozenset(
    {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN}
)
_PUBLIC_SHAPE = re.compile(
    r"\+?(?:1[-. ]?)?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]?\d{3}[-. ]?\d{4}|400[- ]?\d{3}[- ]?\d{4}"
)
# Short public numbers (Samaritans in the UK, Chinese hotlines).
_PUBLIC_DIGITS = frozenset({"116123", "12320", "12345", "12356", "4001619995"})


def find_phones(reading: Reading) -> Iterator[Finding]:
    """Numbers a country's plan accepts, or of a familiar shape, or after a cue. Hotlines and doses are not taken."""
    plain = reading.plain
    for number, candidate in enumerate(_CANDIDATE.finditer(plain)):
        if _is_public(candidate[0]):
            continue
        shaped = tuple(_shaped(plain, candidate.start(), candidate.end()))
        if shaped:
            yield from shaped
        elif _announced(plain, candidate.start()):
            yield Finding(EvidenceKind.PHONE, candidate.start(), candidate.end(), 0.85)
        elif number >= _MOST_PLANNED:
            yield Finding(EvidenceKind.PHONE, candidate.start(), candidate.end(), 0.5)
        else:
            yield from _planned(candidate, reading.language)


def _shaped(text: str, start: int, end: int) -> Iterator[Finding]:
    for pattern, confidence in _SHAPES:
        for match in pattern.finditer(text, start, end):
            certain = 0.95 if _announced(text, match.start()) else confidence
            yield Finding(EvidenceKind.PHONE, match.start(), match.end(), certain)


def _planned(candidate: re.Match[str], language: str | None) -> Iterator[Finding]:
    primary = (language or "").replace("_", "-").partition("-")[0].lower()
    for region in _REGIONS.get(primary, _DEFAULT_REGIONS):
        matcher = PhoneNumberMatcher(candidate[0], region, leniency=Leniency.STRICT_GROUPING, max_tries=8)
        found = [match for match in matcher if number_type(match.number) not in _PUBLIC]
        if found:
            for match in found:
                start = candidate.start() + match.start
                yield Finding(EvidenceKind.PHONE, start, start + len(match.raw_string), 0.9)
            return


def _announced(text: str, position: int) -> bool:
    return _CUE.search(text, max(0, position - _LOOK_BACK), position) is not None


def _is_public(candidate: str) -> bool:
    return _PUBLIC_SHAPE.fullmatch(candidate) is not None or re.sub(r"\D", "", candidate) in _PUBLIC_DIGITS
