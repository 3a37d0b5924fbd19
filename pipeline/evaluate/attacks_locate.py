"""Where a numeric identifier stands in a text. Coarser than the tripwires it is used against, and none of their code:
it is asked of rows already labelled as identifying, so any number long enough to be somebody's is taken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pipeline.evaluate.attacks_words import SAYINGS


class IdentifierKind(StrEnum):
    EMAIL = "email"
    DATE = "date"
    NUMBER = "number"
    MIXED = "letters_and_digits"
    SPOKEN = "spoken_digits"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One digit, letter or mark: its half-open span in the text, and what it stands for; 十 may be 10."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Located:
    """An identifier's symbols in order, at least two. `breaks` are the indexes of symbols that begin a new group."""

    kind: IdentifierKind
    symbols: tuple[Symbol, ...]
    breaks: frozenset[int]

    @property
    def start(self) -> int:
        return self.symbols[0].start

    @property
    def end(self) -> int:
        return self.symbols[-1].end


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年\d{1,2}月\d{1,2})(?!\d)"
)
_HAN_DATE = re.compile(r"[零〇一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}")
# What announces a number is no part of it.
_PIECE = r"(?:[A-Z]{0,4}\d[\dA-Z]*|(?!(?:MRN|SSN|NHS|DOB|ID|IP|[AI])(?![A-Za-z]))[A-Z]{1,4}(?![A-Za-z]))"
_NUMBER = re.compile(rf"(?<![A-Za-z0-9]){_PIECE}(?:[ \-./·]{{1,2}}{_PIECE})*(?![A-Za-z0-9])", re.ASCII)
_FEWEST_SYMBOLS, _FEWEST_DIGITS = 6, 3
_FEWEST_SPOKEN = 5

_MEANING = {
    word: str(digit)
    for saying in SAYINGS.values()
    for digit, words in enumerate(saying.digits)
    for word in words
    if word.isascii() or len(word) > 1
} | {"o": "0", "deux": "2", "dos": "2"}
_WORD = "|".join(sorted(map(re.escape, _MEANING), key=len, reverse=True))
_SPOKEN_WORDS = re.compile(rf"(?<!\w)(?:{_WORD})(?:[ ,、،.…–-]{{1,3}}(?:{_WORD}))+(?!\w)", re.IGNORECASE)
_ONE_WORD = re.compile(rf"(?<!\w)(?:{_WORD})(?!\w)", re.IGNORECASE)
_HAN = dict(zip("零〇一二三四五六七八九幺", "001234567891", strict=True))
_SPOKEN_HAN = re.compile(rf"[{''.join(_HAN)}](?:(?:[，、, ]{{1,2}}(?:然后是?[，, ]?)?)?[{''.join(_HAN)}])+")


def locate(text: str) -> tuple[Located, ...]:
    """Every numeric identifier, in order, none overlapping another; empty where there is none."""
    found: list[Located] = []
    for one in _candidates(text):
        if all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def _candidates(text: str) -> Iterator[Located]:
    """The surest kinds first: what they take, no other may."""
    for match in _EMAIL.finditer(text):
        yield _characters(IdentifierKind.EMAIL, match, splitting="@.")
    for pattern in (_DATE, _HAN_DATE):
        for match in pattern.finditer(text):
            yield _characters(IdentifierKind.DATE, match, skipping="-/.年月")
    for match in _NUMBER.finditer(text):
        letters = any(map(str.isalpha, match[0]))
        one = _characters(IdentifierKind.MIXED if letters else IdentifierKind.NUMBER, match, skipping=" -./·")
        digits = sum(symbol.value.isdigit() for symbol in one.symbols)
        if len(one.symbols) >= _FEWEST_SYMBOLS and digits >= _FEWEST_DIGITS:
            yield one
    for match in _SPOKEN_WORDS.finditer(text):
        words = [(word.start(), word.end()) for word in _ONE_WORD.finditer(text, match.start(), match.end())]
        yield from _spoken([Symbol(*span, _MEANING[text[slice(*span)].lower()]) for span in words], gap=1)
    for match in _SPOKEN_HAN.finditer(text):
        places = ((match.start() + offset, letter) for offset, letter in enumerate(match[0]))
        yield from _spoken([Symbol(at, at + 1, _HAN[letter]) for at, letter in places if letter in _HAN], gap=0)


def _characters(kind: IdentifierKind, match: re.Match[str], *, skipping: str = "", splitting: str = "") -> Located:
    """Each character is a symbol, except those that only separate groups; one that splits begins a group itself."""
    symbols: list[Symbol] = []
    breaks: set[int] = set()
    separated = False
    for offset, character in enumerate(match[0]):
        if character in skipping:
            separated = True
            continue
        value = _ten(match[0], offset) if character == "十" else _HAN.get(character, character)
        if not value:
            continue
        if symbols and (separated or character in splitting):
            breaks.add(len(symbols))
        at = match.start() + offset
        symbols.append(Symbol(at, at + 1, value))
        separated = False
    return Located(kind, tuple(symbols), frozenset(breaks))


def _ten(text: str, offset: int) -> str:
    """What 十 adds to a number of two digits: the first, the second, both, or, between two, nothing."""
    before, after = text[offset - 1 : offset] in _HAN, text[offset + 1 : offset + 2] in _HAN
    return ("" if before else "1") + ("" if after else "0")


def _spoken(symbols: list[Symbol], *, gap: int) -> Iterator[Located]:
    """Within a group, words stand `gap` characters apart."""
    if len(symbols) < _FEWEST_SPOKEN:
        return
    apart = ((number, symbols[number].start - symbols[number - 1].end) for number in range(1, len(symbols)))
    yield Located(IdentifierKind.SPOKEN, tuple(symbols), frozenset(number for number, size in apart if size > gap))
