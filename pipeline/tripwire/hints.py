"""A cheap look that tells which detectors are worth running: nearly all ordinary talk needs none."""

import re
from collections.abc import Container, Sequence
from typing import NamedTuple

from pipeline.tripwire.letter_words import CODE_WORDS
from pipeline.tripwire.lexer import HAN_DIGITS, SPOKEN_WORDS
from pipeline.tripwire.number_words import (
    ARTICLES,
    FEWEST_GLUED_LETTERS,
    GAP_WORDS,
    GLUED,
    HAN_WEAK,
    PINYIN,
    TONES,
    WEAK,
    plain_word,
)

_DIGIT = re.compile(r"[0-9]")
_DOMAIN = re.compile(r"\.[A-Za-z]{2}")
_ASCII_BREAKS = str.maketrans(dict.fromkeys("-,.;:!?\"'()/", " "))
_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff"
_LETTER = rf"[^\W\d_{_UNSPACED}]"
_WORDS = re.compile(rf"[{''.join(HAN_DIGITS)}{''.join(HAN_WEAK)}]|{_LETTER}(?:{_LETTER}|[\u0900-\u0963\u064b-\u0670])*")
_OTHER_DIGITS = re.compile("[ァ-ヺ]{2}|[ぁ-ゖ]{2}|[공영일이삼사오육륙칠팔구]{2}")
_FEW_LETTERS = re.compile(r"(?<![A-Za-z'’])[A-Za-z][ .,\-–]{1,3}[A-Za-z](?![A-Za-z'’])")
# The last letter of a code, the end of an address.
_LEAD = re.compile(r"[A-Za-z](?: ?[,.;，。、；]|\Z)|[B-HJ-Z](?![\w'’])|[B-HJ-Z](?=[一-鿿])|[.@]\w")
_TONED = re.compile(rf"(?<![a-z])(?:{'|'.join(PINYIN)})[{''.join(TONES)}]")
_LONE_LETTERS = frozenset("bcdefghjklmnopqrstuvwxyzäöüéñ")
_BIRTH = ("birth", "born", "dob", "d.o.b", "nac", "naiss", "gebor", "geburt", "né")
_NAME = ("name", "nom", "apellido", "llamo", "appelle", "heiße", "heisse", "姓", "名", "拼", "叫")
_CODES = frozenset(word.replace("t?", "t").replace("x-?", "x") for word in CODE_WORDS) | {"juliet", "ray"}
_FEWEST_CODES = 3
_BEDS = frozenset("room bed bay cubicle cama habitación cuarto chambre lit zimmer bett".split())  # noqa: SIM905
_HAN_BEDS = ("床", "室", "病房", "房")
_STREETS = frozenset(
    "street road avenue lane boulevard terrace crescent parkway highway square gardens grove turnpike drive court way "  # noqa: SIM905
    "place close circle trail walk row hill st rd ave blvd ln pkwy hwy dr ct pl cir calle avenida avda av plaza paseo "
    "carrera callejón camino rue allée impasse chemin quai cours route allee".split()
)
_STREET_PARTS = ("straße", "strasse", "str.", "gasse", "allee", "wohn", "adresse")
_HAN_STREETS = ("号", "號", "室", "户", "单元")
_SPOKEN_DOTS = (" dot ", " punto ", " point ", " punkt ", " ponto ", "arroba", "arobas", "نقطة", "دوت", "艾特")
_HANDLES = ("微信", "qq", "wechat", "whatsapp", "instagram", "telegram")
_POSTCODES = ("zip", "postal", "postcode", "post code", "postleit", "plz", "邮编", "邮政", "郵便", "郵遞", "우편")
_LAST_FEW = ("last", "first", "ending", "位", "尾", "ltim", "dernier", "letzte", "rest of")
_FEWEST_DIGIT_WORDS = 2
_FEWEST_WEAK = 4
_HAN_WEAK = frozenset(HAN_WEAK)
_WEAK_OF_ANY_SCRIPT = WEAK | _HAN_WEAK
_BY_SOUND = WEAK | ARTICLES
_FIRST_CLAUSE = re.compile(r"[^\W\d_][^,.;:!?，。；：！？、]{0,12}(?=[,.;:!?，。；：！？、]|\Z)")


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
    handle: bool
    postcode: bool
    whole_date: bool


def hints_of(text: str) -> Hints:
    """Never misses what a detector would find; may hint at what none does."""
    lowered = text.lower()
    plain_ascii = text.isascii()
    words = _words_of(lowered, plain_ascii=plain_ascii)
    digits = _DIGIT.search(text) is not None
    spoken = _digit_words(lowered, words, plain_ascii=plain_ascii)
    if digits and not spoken and _TONED.search(lowered):
        spoken = 1
    return Hints(
        digits=digits,
        digit_words=spoken >= _FEWEST_DIGIT_WORDS or (digits and spoken > 0),
        last_few=digits and _has_any(lowered, _LAST_FEW),
        letters=_has_any(lowered, _NAME) or not _LONE_LETTERS.isdisjoint(words) or _has_codes(words),
        bed=not _BEDS.isdisjoint(words) or (not plain_ascii and _has_any(lowered, _HAN_BEDS)),
        street=(digits or spoken > 0 or not plain_ascii) and _may_be_street(lowered, words),
        address="@" in text
        or _has_any(lowered, _SPOKEN_DOTS)
        or ("." in text and _DOMAIN.search(text) is not None)
        or "点" in text,
        birth=_has_any(lowered, _BIRTH) or "生" in text,
        han=not plain_ascii,
        handle=not plain_ascii or _has_any(lowered, _HANDLES),
        postcode=_has_any(lowered, _POSTCODES),
        whole_date=not plain_ascii and "年" in text and "月" in text,
    )


def may_answer(text: str) -> bool:
    """Whether a chunk could be the rest of a number or of a name, or answer a question for one."""
    if _DIGIT.search(text) is not None or len(text) <= len("A.") or _LEAD.match(text):
        return True
    lowered, plain_ascii = text.lower(), text.isascii()
    words = _words_of(lowered, plain_ascii=plain_ascii)
    if _begins_by_sound(lowered):
        return True
    return _digit_words(lowered, words, plain_ascii=plain_ascii) > 0 or _FEW_LETTERS.search(text) is not None


def _begins_by_sound(lowered: str) -> bool:
    """`ate, that's all`: nothing before the first pause but what may be heard for digits."""
    clause = _FIRST_CLAUSE.match(lowered)
    if clause is None:
        return False
    said = clause[0].split()
    return all(word in _BY_SOUND or _HAN_WEAK.issuperset(word) for word in said)


def _words_of(lowered: str, *, plain_ascii: bool) -> list[str]:
    if plain_ascii:
        return lowered.translate(_ASCII_BREAKS).split()
    words: list[str] = _WORDS.findall(lowered)
    return words


def _digit_words(lowered: str, words: Sequence[str], *, plain_ascii: bool) -> int:
    """How many words may be digits; only whether there are none, one or several matters."""
    if plain_ascii:
        spoken = 0 if SPOKEN_WORDS.isdisjoint(words) else sum(map(SPOKEN_WORDS.__contains__, words))
        if spoken < _FEWEST_DIGIT_WORDS and _has_homophones(words, WEAK):
            return _FEWEST_DIGIT_WORDS
    elif _OTHER_DIGITS.search(lowered):
        return _FEWEST_DIGIT_WORDS
    else:
        if _has_homophones(words, _WEAK_OF_ANY_SCRIPT):
            return _FEWEST_DIGIT_WORDS
        spoken = sum(word in HAN_DIGITS or word in SPOKEN_WORDS or plain_word(word) in SPOKEN_WORDS for word in words)
    return spoken if spoken >= _FEWEST_DIGIT_WORDS else spoken + _glued(words)


def _has_homophones(words: Sequence[str], weak: Container[str]) -> bool:
    """Whether words that may be digits follow each other, with fillers at most between."""
    if sum(map(weak.__contains__, words)) < _FEWEST_WEAK:
        return False
    stretch = 0
    for word in words:
        if word in weak or word in SPOKEN_WORDS or word in HAN_DIGITS or word in ARTICLES:
            stretch += 1
            if stretch >= _FEWEST_WEAK:
                return True
        elif word not in GAP_WORDS:
            stretch = 0
    return False


def _glued(words: Sequence[str]) -> int:
    for word in words:
        if len(word) >= FEWEST_GLUED_LETTERS and GLUED.fullmatch(word):
            return _FEWEST_DIGIT_WORDS
    return 0


def _has_codes(words: Sequence[str]) -> bool:
    return not _CODES.isdisjoint(words) and sum(map(_CODES.__contains__, words)) >= _FEWEST_CODES


def _may_be_street(lowered: str, words: Sequence[str]) -> bool:
    return not _STREETS.isdisjoint(words) or _has_any(lowered, _STREET_PARTS) or _has_any(lowered, _HAN_STREETS)


def _has_any(lowered: str, pieces: tuple[str, ...]) -> bool:
    for piece in pieces:  # noqa: SIM110 - a generator costs three times as much, on every chunk
        if piece in lowered:
            return True
    return False
