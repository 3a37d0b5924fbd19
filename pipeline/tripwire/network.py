"""E-mail addresses, web addresses and IP addresses, written or spoken."""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_TOP = r"(?:com|org|net|edu|gov|info|health|clinic|io|co|cn|uk|de|fr|es|us|ca|au|nz|ie|mx|br|in|jp|kr|tw|hk)"
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", re.ASCII)
_HAN_DIGIT = "零一二三四五六七八九幺"
_SPOKEN_EMAIL = re.compile(
    r"\b[a-z0-9]{1,40}(?: (?:dot|underscore|dash|hyphen) [a-z0-9]{1,40}){0,5} at [a-z0-9-]{1,40}"
    rf"(?: dot [a-z]{{2,20}}){{0,3}} dot {_TOP}\b",
    re.IGNORECASE | re.ASCII,
)
_SPOKEN_DOT = r"(?:punto|point|punkt|ponto|نقطة|دوت)"
_OTHER_SPOKEN_EMAIL = re.compile(
    rf"(?<!\w)[\w.+-]{{1,40}}(?: (?:{_SPOKEN_DOT}|tiret|gui[oó]n|bindestrich|unterstrich) [\w.+-]{{1,40}}){{0,5}} "
    rf"(?:arroba|arobase|arobas|ät|klammeraffe|آت) [\w-]{{1,40}}(?: {_SPOKEN_DOT} \w{{2,20}}){{1,4}}",
    re.IGNORECASE,
)
_HAN_EMAIL = re.compile(
    rf"[A-Za-z0-9_.{_HAN_DIGIT}-]{{1,64}} ?(?:艾特|圈a|@) ?[A-Za-z0-9{_HAN_DIGIT}-]{{1,63}} ?点 ?{_TOP}",
    re.IGNORECASE | re.ASCII,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；！？）]+", re.IGNORECASE | re.ASCII)
_DOMAIN = re.compile(
    rf"(?<![\w@.-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,4}}{_TOP}(?![\w-])(?:/[^\s，。]{{0,200}})?",
    re.IGNORECASE | re.ASCII,
)
_DOT = r"(?: dot | ?点 ?| punto | point | punkt )"
_FOREIGN_EMAIL = re.compile(
    r"(?<![\w.+-])[^\W_一-鿿ぁ-ヿ](?:[^\W一-鿿ぁ-ヿ]|[.+-]){0,63}"
    r"@(?:[^\W_一-鿿ぁ-ヿ]|-){1,63}(?:\.[^\W_一-鿿ぁ-ヿ]{2,20}){1,4}"
)
_MIXED_SPOKEN_EMAIL = re.compile(
    rf"(?<!\w)[\w.+-]{{1,40}}(?: {_SPOKEN_DOT} [\w.+-]{{1,40}}){{0,4}} at [\w-]{{2,40}} {_SPOKEN_DOT} "
    r"(?:com|org|net|edu|gov|io)\b",
    re.IGNORECASE,
)
_SPOKEN_URL = re.compile(
    rf"\b(?:www|w w w){_DOT}(?:[a-z0-9-]{{1,40}}{_DOT}){{1,3}}{_TOP}\b|"
    rf"\b[a-z0-9-]{{3,40}}{_DOT}[a-z]{{2,10}}(?: slash [\w-]{{1,40}}){{1,5}}",
    re.IGNORECASE | re.ASCII,
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)", re.ASCII)
_FEWEST_COLONS = 3
_IPV6 = re.compile(r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}(?![\w:])", re.IGNORECASE | re.ASCII)


def find_addresses(reading: Reading) -> Iterator[Finding]:
    """E-mail and web addresses."""
    text = reading.text
    for pattern, kind, confidence in (
        (_EMAIL, EvidenceKind.EMAIL, 0.98),
        (_SPOKEN_EMAIL, EvidenceKind.EMAIL, 0.9),
        (_OTHER_SPOKEN_EMAIL, EvidenceKind.EMAIL, 0.85),
        (_FOREIGN_EMAIL, EvidenceKind.EMAIL, 0.9),
        (_MIXED_SPOKEN_EMAIL, EvidenceKind.EMAIL, 0.85),
        (_HAN_EMAIL, EvidenceKind.EMAIL, 0.9),
        (_URL, EvidenceKind.URL, 0.95),
        (_DOMAIN, EvidenceKind.URL, 0.8),
        (_SPOKEN_URL, EvidenceKind.URL, 0.85),
    ):
        for match in pattern.finditer(text):
            end = match.start() + len(match[0].rstrip(".,;:!?)"))
            yield Finding(kind, match.start(), end, confidence)


def find_ip_addresses(reading: Reading) -> Iterator[Finding]:
    """IPv4 and IPv6. A dotted number of single digits is a section or a version and is not taken."""
    text = reading.text
    for match in _IPV4.finditer(text):
        if len(match[0]) > len("1.2.3.4") and _is_address(match[0]):
            yield Finding(EvidenceKind.IP_ADDRESS, match.start(), match.end(), 0.9)
    if text.count(":") < _FEWEST_COLONS:
        return
    for match in _IPV6.finditer(text):
        if _is_address(match[0]):
            yield Finding(EvidenceKind.IP_ADDRESS, match.start(), match.end(), 0.9)


def _is_address(candidate: str) -> bool:
    try:
        address = ip_address(candidate)
    except ValueError:
        return False
    return not isinstance(address, IPv6Address) or int(address) > 0
