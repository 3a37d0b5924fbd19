"""A cheap look that tells which detectors are worth running: nearly all ordinary talk needs none."""

import re
from typing import NamedTuple

from pipeline.tripwire.digits import SPOKEN_WORDS

_DIGIT = re.compile(r"[0-9]")
_DOMAIN = re.compile(r"\.[A-Za-z]{2}")
_HAN_DIGITS = frozenset("零〇○一二三四五六七八九幺")
_UNSPACED_WORDS = re.compile(r"[a-zß-ÿ]+|[0-9]+|[零〇○一二三四五六七八九幺]")
_SEPARATE_DIGITS = re.compile(r"[0-9](?![0-9])\D{1,6}[0-9](?![0-9])\D{1,6}[0-9](?![0-9])")
_BIRTH = ("birth", "born", "dob", "d.o.b", "nac", "naiss", "gebor", "geburt", "né")
_NAME = ("name", "nom", "apellido", "prénom", "姓", "名", "拼")
_FEWEST_DIGIT_WORDS = 2


class Hints(NamedTuple):
    """What the text contains at all."""

    digits: bool
    digit_words: bool
    name: bool
    address: bool
    birth: bool
    han: bool


def hints_of(text: str) -> Hints:
    """Never misses what a detector would find; may hint at what none does."""
    lowered = text.lower()
    digits = _DIGIT.search(text) is not None
    plain_ascii = text.isascii()
    return Hints(
        digits=digits,
        digit_words=(_ascii_digit_words(lowered, digits) if plain_ascii else _mixed_digit_words(lowered)),
        name=_has_any(lowered, _NAME),
        address="@" in text or " dot " in lowered or ("." in text and _DOMAIN.search(text) is not None) or "点" in text,
        birth=_has_any(lowered, _BIRTH) or "生" in text,
        han=not plain_ascii,
    )


def _ascii_digit_words(lowered: str, digits: bool) -> bool:
    words = lowered.replace("-", " ").replace(",", " ").replace(".", " ").split()
    spoken = 0 if SPOKEN_WORDS.isdisjoint(words) else sum(map(SPOKEN_WORDS.__contains__, words))
    if spoken >= _FEWEST_DIGIT_WORDS:
        return True
    return digits and (spoken > 0 or _SEPARATE_DIGITS.search(lowered) is not None)


def _mixed_digit_words(lowered: str) -> bool:
    words: list[str] = _UNSPACED_WORDS.findall(lowered)
    return sum(word in _HAN_DIGITS or word in SPOKEN_WORDS or word.isdecimal() for word in words) >= _FEWEST_DIGIT_WORDS


def _has_any(lowered: str, pieces: tuple[str, ...]) -> bool:
    for piece in pieces:  # noqa: SIM110 - a generator costs three times as much, on every chunk
        if piece in lowered:
            return True
    return False
