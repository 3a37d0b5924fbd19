"""Postal addresses: a number with a street."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_STREET = (
    r"(?:street|road|avenue|lane|boulevard|terrace|crescent|parkway|highway|square|gardens|grove|turnpike|drive|court|way|"
    r"place|close|circle|trail|walk|row|hill)"
)
_SHORT_STREET = r"(?:St|Rd|Ave|Blvd|Ln|Pkwy|Hwy|Dr|Ct|Pl|Cir)\b(?! [A-Z]|['’.] ?[A-Z])"
_WORD = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    "sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    "hundred|oh|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|"
    "cuarenta|deux|trois|quatre|cinq|sept|huit|neuf|dix|douze|quinze|vingt|trente|quarante|zwei|drei|"
    "vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|dreißig)"
)
_SPOKEN = rf"{_WORD}(?:[ -]{_WORD}){{0,3}}"
_NUMBER = rf"(?:\d{{1,5}}[A-Za-z]?|{_SPOKEN})"
_SIDE = r"(?:(?:[Nn]orth|[Ss]outh|[Ee]ast|[Ww]est|N|S|E|W)\.? )?"
# Without capitals a street's name is any word; a cue for a home must come before.
_ENGLISH = re.compile(
    rf"\b(?i:{_NUMBER}),? {_SIDE}(?:(?:[A-Z][\w'’-]+|\d{{1,3}}(?:st|nd|rd|th)) ){{1,3}}"
    rf"(?:(?i:{_STREET})\b|{_SHORT_STREET})"
)
_ENGLISH_AT_HOME = re.compile(
    rf"\b{_NUMBER},? {_SIDE}(?:(?!(?:of|to|the|and|in|on|from|by|at)\b)(?:[a-z][\w'’-]*|\d{{1,3}}(?:st|nd|rd|th)) )"
    rf"{{1,3}}?{_STREET}\b",
    re.IGNORECASE,
)
_SPANISH_NAME = r"(?:de (?:la |los |las )?|del |la |los )?[A-ZÁÉÍÓÚÑ][A-Za-zÀ-ÿ'’]*(?: [A-Za-zÀ-ÿ'’]+){0,4}?"
_SPANISH_KIND = r"\b(?i:calle|avenida|avda\.?|av\.|plaza|paseo|carrera|callejón|camino)"
_NOT_COUNTED = r"(?! ?(?:horas|minutos|metros|cuadras|veces|años|días|mg|km|kilómetros))"
_SPANISH_NUMBER = rf"(?:\d{{1,5}}\b{_NOT_COUNTED}|(?<=número ){_SPOKEN})"
_SPANISH = re.compile(rf"{_SPANISH_KIND} {_SPANISH_NAME},? ?(?:número |n[.úuº°]{{1,3}} ?|#)?{_SPANISH_NUMBER}")
_SPANISH_AT_HOME = re.compile(
    rf"{_SPANISH_KIND} [A-Za-zÀ-ÿ'’ ]{{2,40}}?,? ?(?:número |n[.úuº°]{{1,3}} ?|#)?{_SPANISH_NUMBER}", re.IGNORECASE
)
_FRENCH_OF = r"(?:de la |de l['’]|des |du |de |d['’]|la |le )?"
_FRENCH = re.compile(
    rf"\b(?i:\d{{1,4}}(?: ?(?:bis|ter))?|{_SPOKEN}),? "
    rf"(?:(?i:rue|avenue|boulevard|allée|impasse|chemin|quai) {_FRENCH_OF}[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’-]+|"
    rf"(?i:place|cours|route) {_FRENCH_OF}[A-ZÀ-Þ][A-Za-zÀ-ÿ'’-]+)"
)
_NO_WAY = r"(?! ?(?:Minuten|Meter|Kilometer|km|Stunden|Schritte|m\b))"
_GERMAN_NUMBER = rf" (?:\d{{1,4}} ?[a-z]?\b{_NO_WAY}|(?:Nummer |Hausnummer ){_NUMBER})"
_GERMAN = re.compile(rf"\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|gasse|allee){_GERMAN_NUMBER}")
_GERMAN_AT_HOME = re.compile(rf"\b[A-ZÄÖÜ][\wäöüß-]*(?:weg|platz|ring|damm|ufer){_GERMAN_NUMBER}")
_HAN_NUMBER = r"[0-9一二三四五六七八九十百零〇]{1,5}"
_HAN = re.compile(
    rf"[一-鿿]{{1,7}}(?:(?<![走一半跑尿气思线马这])路|街|大道|巷|弄|胡同)(?:{_HAN_NUMBER}(?:弄|巷))?{_HAN_NUMBER}(?:号|號)(?!线|楼?窗口)|"
    rf"{_HAN_NUMBER}(?:栋|幢|号楼|座)[，,]?(?:{_HAN_NUMBER}单元[，,]?{_HAN_NUMBER}|{_HAN_NUMBER}(?:室|号房|户))"
)
_HAN_TRANSIT = re.compile(r"(?:公交|地铁|门诊|诊室|医院|药店|药房|卫生院|社区中心)[一-鿿]{0,6}\Z")
# Where care is given, and what is bought there, is nobody's home.
_FACILITY = re.compile(
    r"\b(?:clinic|pharmacy|hospital|office|lab|imaging|store|center|centre|branch|located|clínica|farmacia|"
    r"consultorio|pharmacie|hôpital|clinique|cabinet|Apotheke|Krankenhaus|Praxis|Klinik)\b|医院|药店|药房|诊所|卫生院|门诊",
    re.IGNORECASE,
)
_HOME = re.compile(
    r"\b(?:I|we|she|he|they) (?:still )?live|\bmy (?:home|house|address|place)|address is|home address|"
    r"\bvivo en|mi dirección|j'habite|mon adresse|ich wohne|meine adresse|我住|住在|家在|住址|地址",
    re.IGNORECASE,
)
_LOOK_BACK = 45
_PATTERNS = (
    (_ENGLISH, 0.85, False),
    (_ENGLISH_AT_HOME, 0.8, True),
    (_SPANISH, 0.8, False),
    (_SPANISH_AT_HOME, 0.8, True),
    (_FRENCH, 0.85, False),
    (_GERMAN, 0.85, False),
    (_GERMAN_AT_HOME, 0.8, True),
    (_HAN, 0.85, False),
)


def find_postal_addresses(reading: Reading) -> Iterator[Finding]:
    """A number and a street, unless the words before say it is a clinic's, a shop's or the like."""
    text = reading.text
    for pattern, confidence, at_home in _PATTERNS:
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
            at_a_home = _HOME.search(before) is not None
            public = not at_a_home and (_FACILITY.search(match[0]) or _HAN_TRANSIT.search(before))
            if not of_a_facility(before) and not public and (at_a_home or not at_home):
                yield Finding(EvidenceKind.POSTAL_ADDRESS, match.start(), match.end(), confidence)


def of_a_facility(before: str) -> bool:
    """Whether the words before an address last spoke of a clinic, a shop or the like, and not of a home."""
    return _end_of_last(_FACILITY, before) > _end_of_last(_HOME, before)


def _end_of_last(pattern: re.Pattern[str], text: str) -> int:
    return max((found.end() for found in pattern.finditer(text)), default=-1)
