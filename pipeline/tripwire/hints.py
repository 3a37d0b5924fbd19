"""A cheap look that tells which detectors are worth running: nearly all ordinary talk needs none."""

import re
from typing import NamedTuple

from pipeline.tripwire.digits import HAN_DIGITS, SPOKEN_WORDS
from pipeline.tripwire.letter_words import CODE_WORDS
from pipeline.tripwire.number_words import FEWEST_GLUED_LETTERS, GLUED, plain_word

_DIGIT = re.compile(r"[0-9]")
_DOMAIN = re.compile(r"\.[A-Za-z]{2}")
_WORDS = re.compile(
    rf"[{''.join(HAN_DIGITS)}]|"
    rf"[^\W\d_\u3040-\u30ff\u3400-\u9fff]+[\u0900-\u0963\u064b-\u0670]*[^\W\d_\u3040-\u30ff\u3400-\u9fff]*"
)
_OTHER_DIGITS = re.compile("[ァ-ヺ]{2}|[ぁ-ゖ]{2}|[공영일이삼사오육륙칠팔구]{2}")
_FEW_LETTERS = re.compile(r"(?<![A-Za-z'’])[A-Za-z][ .,\-–]{1,3}[A-Za-z](?![A-Za-z'’])")
_BIRTH = ("birth", "born", "dob", "d.o.b", "nac", "naiss", "gebor", "geburt", "né")
_NAME = ("name", "nom", "apellido", "llamo", "appelle", "heiße", "heisse", "姓", "名", "拼", "叫")
_AS_IN = re.compile(r"(?<![\w'’])[a-zà-ÿ],? (?:as|is for|for|like|de|como|comme|wie|von) ")
_CODE_WORDS = frozenset(word.replace("t?", "t").replace("x-?", "x") for word in CODE_WORDS) | {"juliet"}
_FEWEST_CODE_WORDS = 3
_BEDS = (
    "room",
    "bed",
    "bay",
    "cubicle",
    "cama",
    "habitaci",
    "cuarto",
    "chambre",
    "lit ",
    "zimmer",
    "bett",
    "床",
    "室",
    "病房",
    "房",
)
_STREETS = (
    *(
        "street",
        "road",
        "avenue",
        "lane",
        "boulevard",
        "terrace",
        "crescent",
        "parkway",
        "highway",
        "square",
        "gardens",
    ),
    *(
        "grove",
        "turnpike",
        " st",
        " rd",
        " ave",
        "blvd",
        " ln",
        "pkwy",
        "hwy",
        "drive",
        "court",
        " way",
        "place",
        "close",
    ),
    *(
        "circle",
        "trail",
        "walk",
        " row",
        "hill",
        " dr",
        " ct",
        " pl",
        " cir",
        "calle",
        "avda",
        "plaza",
        "paseo",
        "carrera",
    ),
    *(
        "camino",
        "rue ",
        "allée",
        "impasse",
        "chemin",
        "quai",
        "cours",
        "route",
        "straße",
        "strasse",
        "str.",
        "weg",
        "platz",
    ),
    *("gasse", "ufer", "ring", "damm", "avenida", "allee", "callejón", "号", "號", "室", "户", "单元"),
)
_LAST_FEW = ("last", "first", "ending", "位", "尾", "ltim", "dernier", "letzte", "rest of")
_FEWEST_DIGIT_WORDS = 2


class Hints(NamedTuple):
    """What the text contains at all."""

    digits: bool
    digit_words: bool
    last_few: bool
    letters: bool
    bed: bool
    street: bool
    address: bool
    birth: bool
    han: bool


def hints_of(text: str) -> Hints:
    """Never misses what a detector would find; may hint at what none does."""
    lowered = text.lower()
    digits = _DIGIT.search(text) is not None
    spoken = _digit_words(lowered)
    digit_words = spoken >= _FEWEST_DIGIT_WORDS or (digits and spoken > 0)
    return Hints(
        digits=digits,
        digit_words=digit_words,
        last_few=digits and _has_any(lowered, _LAST_FEW),
        letters=_has_any(lowered, _NAME) or _AS_IN.search(lowered) is not None or _has_code_words(lowered),
        bed=_has_any(lowered, _BEDS),
        street=(digits or spoken > 0 or not text.isascii()) and _has_any(lowered, _STREETS),
        address="@" in text or " dot " in lowered or ("." in text and _DOMAIN.search(text) is not None) or "点" in text,
        birth=_has_any(lowered, _BIRTH) or "生" in text,
        han=not text.isascii(),
    )


def may_answer(text: str) -> bool:
    """Whether a chunk could be the rest of a number or of a name, or answer a question for one."""
    return (
        _DIGIT.search(text) is not None or _digit_words(text.lower()) > 0 or _FEW_LETTERS.search(text) is not None
        or len(text) <= len("A.")
    )  # fmt: skip


def _digit_words(lowered: str) -> int:
    """How many words may be digits; only whether there are none, one or several matters."""
    if lowered.isascii():
        words = lowered.replace("-", " ").replace(",", " ").replace(".", " ").split()
    else:
        if _OTHER_DIGITS.search(lowered):
            return _FEWEST_DIGIT_WORDS
        words = _WORDS.findall(lowered)
        words = [plain_word(word) if word not in SPOKEN_WORDS else word for word in words]
        found = sum(word in SPOKEN_WORDS or word in HAN_DIGITS for word in words)
        return found + _glued(words)
    if SPOKEN_WORDS.isdisjoint(words):
        return _glued(words)
    return sum(map(SPOKEN_WORDS.__contains__, words)) + _glued(words)


def _has_code_words(lowered: str) -> bool:
    words = lowered.replace("-", " ").replace(",", " ").replace(".", " ").split()
    return not _CODE_WORDS.isdisjoint(words) and sum(map(_CODE_WORDS.__contains__, words)) >= _FEWEST_CODE_WORDS


def _glued(words: list[str]) -> int:
    for word in words:
        if len(word) > FEWEST_GLUED_LETTERS and GLUED.fullmatch(word):
            return _FEWEST_DIGIT_WORDS
    return 0


def _has_any(lowered: str, pieces: tuple[str, ...]) -> bool:
    for piece in pieces:  # noqa: SIM110 - a generator costs three times as much, on every chunk
        if piece in lowered:
            return True
    return False
