"""National identity, tax and health numbers, by their check digits or by the word before them."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from stdnum import verhoeff
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.cn import ric
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.us import ssn

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_LOOK_BACK = 50


class _Scheme(NamedTuple):
    """A number's shape, its check, its cue word, and how sure each makes us.

    `alone` is how sure a number with right check digits is without a cue; None: a cue is needed.

    `cued` is how sure a number of the shape is after its cue, whatever its check digits: digits are misheard.
    """

    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    cue: re.Pattern[str]
    alone: float | None
    cued: float


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


def _is_resident_id(number: str) -> bool:
    """Mainland China: a real date of birth and the check digit. The place code is left out, lists of them age."""
    digits = re.sub(r"[\s-]", "", number).upper()
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    return bool(ric.calc_check_digit(digits) == digits[-1])


def _scheme(
    shape: str, is_valid: Callable[[str], bool], cue: str, *, alone: float | None, cued: float = 0.95
) -> _Scheme:
    return _Scheme(re.compile(shape, re.ASCII), is_valid, _words(cue), alone, cued)


_SSN = r"social security|\bsocial\b|\bssn\b|社安|社会安全|seguro social"
_RESIDENT = r"身份证|证件号|resident id|\bid (?:card|number)"
_AADHAAR = r"aadhaar|aadhar|आधार"

# Where the shape alone is that of any number, only the cue counts.
_SCHEMES = (
    _scheme(r"(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])", ssn.is_valid, _SSN, alone=0.95),
    _scheme(r"(?<!\d)\d{9}(?!\d)", ssn.is_valid, _SSN, alone=None),
    _scheme(
        r"(?<!\w)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)",
        bool,
        r"national insurance|\bni number",
        alone=0.85,
    ),
    _scheme(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\w)", _is_resident_id, _RESIDENT, alone=0.98),
    _scheme(r"(?<![\d-])\d{3} \d{3} \d{4}(?![\d-])", nhs.is_valid, r"\bnhs\b", alone=0.8),
    _scheme(r"(?<!\d)\d{10}(?!\d)", nhs.is_valid, r"\bnhs\b", alone=None),
    _scheme(r"(?<!\w)\d{8}-?[A-Za-z](?!\w)", dni.is_valid, r"\bdni\b|\bnif\b", alone=0.95),
    _scheme(r"(?<!\w)[XYZxyz]-?\d{7}-?[A-Za-z](?!\w)", nie.is_valid, r"\bnie\b", alone=0.95),
    _scheme(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)", cpf.is_valid, r"\bcpf\b", alone=0.95),
    _scheme(r"(?<!\d)\d{11}(?!\d)", cpf.is_valid, r"\bcpf\b", alone=None),
    _scheme(
        r"(?<!\d)[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\d)", nir.is_valid, r"sécu|\bnir\b", alone=0.95
    ),
    _scheme(r"(?<!\d)[2-9]\d{3} \d{4} \d{4}(?! ?\d)", verhoeff.is_valid, _AADHAAR, alone=0.8),
    _scheme(r"(?<!\w)[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d(?!\w)", curp.is_valid, r"\bcurp\b", alone=0.95),
    _scheme(
        r"(?<!\w)[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z](?!\w)", codicefiscale.is_valid, r"codice fiscale", alone=0.95
    ),
    _scheme(r"(?<!\d)\d{6}-[1-4]\d{6}(?!\d)", rrn.is_valid, r"주민", alone=0.9),
    _scheme(r"(?<!\d)\d{3}[ -]\d{3}[ -]\d{3}(?![\d -]*\d)", sin.is_valid, r"social insurance|\bsin\b", alone=None),
)


def find_national_ids(reading: Reading) -> Iterator[Finding]:
    """A scheme's shape with right check digits, or after the scheme's own cue word."""
    plain = reading.plain
    for scheme in _SCHEMES:
        for match in scheme.pattern.finditer(plain):
            confidence = _confidence(plain, match, scheme)
            if confidence is not None:
                yield Finding(EvidenceKind.NATIONAL_ID, match.start(), match.end(), confidence)


def _confidence(text: str, match: re.Match[str], scheme: _Scheme) -> float | None:
    cued = scheme.cue.search(text, max(0, match.start() - _LOOK_BACK), match.start()) is not None
    if cued:
        return scheme.cued
    if scheme.alone is not None and scheme.is_valid(match[0].replace(" ", "")):
        return scheme.alone
    return None
