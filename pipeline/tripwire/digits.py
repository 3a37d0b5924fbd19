"""Digits said as words, one after another: `five five five, double oh one`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LANGUAGES = (
    "zero one two three four five six seven eight nine",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "null eins zwei drei vier fünf sechs sieben acht neun",
)
_UNITS = {word: str(value) for words in _LANGUAGES for value, word in enumerate(words.split())}
_UNITS |= {"oh": "0", "o": "0", "nought": "0", "niner": "9", "zwo": "2"}
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = {word: str(value) for value, word in enumerate(_TEENS.split(), start=10)}
_TENS |= {
    word: f"{value}0"
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
# 幺 is how one is said in numbers read aloud.
_HAN = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "○": "0",
    "幺": "1",
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}

SPOKEN_WORDS = frozenset(_UNITS) | frozenset(_TENS) | frozenset(_TIMES)

_WORDS = "|".join(sorted([*_UNITS, *_TENS], key=len, reverse=True))
_BOUNDED_WORD = rf"(?<![^\W\d_一-鿿])(?:{_WORDS})(?![^\W_一-鿿]|['’])"
_NUMERAL = r"(?<!\d)\d{1,4}(?!\d)"
_TOKEN = rf"(?:(?:{'|'.join(_TIMES)})[ -])?{_BOUNDED_WORD}|[{''.join(_HAN)}]|{_NUMERAL}"
_GAP = r"(?:[\s,.，、。…—–-]|\b(?:um|uh|er|erm|dash|hyphen|then)\b|呃|嗯|那个|然后|杠){0,6}"
# Looking ahead for a first letter costs one comparison where trying every word costs sixty.
_FIRST = "".join(sorted({word[0] for word in (*_UNITS, *_TENS, *_HAN, *_TIMES)}))
_RUN = re.compile(rf"(?=[{_FIRST}0-9])(?:{_TOKEN})(?:{_GAP}(?:{_TOKEN}))+")
_TOKENS = re.compile(rf"(?:(?P<times>{'|'.join(_TIMES)})[ -])?(?P<word>{_WORDS}|[{''.join(_HAN)}]|\d+)")


@dataclass(frozen=True, slots=True)
class DigitRun:
    """A stretch of digit words: its span, all digits, and the longest stretch of one digit a word."""

    start: int
    end: int
    digits: str
    single: int
    words: int


def digit_runs(text: str) -> Iterator[DigitRun]:
    """Runs in which at least two digits follow each other, in order. Numerals up to four digits may be among them."""
    lowered = text.lower()
    if len(lowered) != len(text):
        # A few capitals have longer small letters; places matter more than their case.
        lowered = text
    for match in _RUN.finditer(lowered):
        yield _run(match)


def _run(match: re.Match[str]) -> DigitRun:
    groups: list[str] = []
    stretch = single = words = 0
    open_ten = False
    for token in _TOKENS.finditer(match[0]):
        word = token["word"]
        value = _value(word)
        times = _TIMES[token["times"]] if token["times"] else 1
        words += not word.isdigit()
        if len(value) == 1:
            stretch += times
            single = max(single, stretch)
            if open_ten and value != "0":
                # "forty two" is two digits, not three.
                groups[-1] = groups[-1][0] + value
            else:
                groups.append(value * times)
            open_ten = False
        else:
            stretch = 0
            groups.append(value * times)
            open_ten = not word.isdigit() and value[1] == "0" and value != "10"
    return DigitRun(match.start(), match.end(), "".join(groups), single, words)


def _value(word: str) -> str:
    return _UNITS.get(word) or _TENS.get(word) or _HAN.get(word) or word
