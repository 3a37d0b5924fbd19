"""Letters that only look like others, and marks laid over letters, made plain for the detectors.

The judge reads what was written; here a Cyrillic о in an English word is an o, and an O among digits a zero.
"""

import re
from typing import NamedTuple

_CYRILLIC = ("авеіјкмнорсѕтухһԁԛԝѵАВЕІЈКМНОРСЅТУХҺԚԜ", "abeijkmhopcstyxhdqwvABEIJKMHOPCSTYXHQW")
_GREEK = ("αβεικνορτυχωγηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abeikvoptuxwynABEZHIKMNOPTYX")
_OTHERS = ("ıɡɑօոսհⅼⅰⅽⅾⅿⅴⅹ", "igaonuhlicdmvx")
_LOOKALIKES = {
    ord(other): plain
    for others, plains in (_CYRILLIC, _GREEK, _OTHERS)
    for other, plain in zip(others, plains, strict=True)
}
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0531-\u0587ıɡɑⅰ-ⅿ]")
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_LETTER = re.compile(r"[A-Za-z]")
_MARKS = re.compile(
    r"(?<=[A-Za-z0-9一-鿿\u0300-\u036f\u20d0-\u20f0\ufe20-\ufe2f])[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0\ufe20-\ufe2f]+"
)
_MIXED_NUMBER = re.compile(r"(?<![A-Za-z0-9])[0-9OoIl|](?:[-. ]{0,2}[0-9OoIl|]){6,19}(?![A-Za-z0-9])")
_LONE_LETTER = re.compile(r"(?<![^ ])[OoIl|](?![^ ])")
_AS_DIGITS = str.maketrans("OoIl|", "00111")
_FEWEST_DIGITS = 5


class Folded(NamedTuple):
    """`positions[i]` is the place of character `i` in the text that was folded; None: every place is the same."""

    text: str
    positions: tuple[int, ...] | None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text, in the text before."""
        if self.positions is None:
            return start, end
        return self.positions[start], self.positions[end - 1] + 1


def fold(text: str) -> Folded:
    """Only dropping a mark changes the length."""
    positions = None
    if not text.isascii():
        if _MARKS.search(text):
            positions = _unmarked(text)
            text = "".join(text[place] for place in positions)
        if _FOREIGN.search(text):
            text = _in_latin(text)
    if "l" in text or "O" in text or "I" in text or "o" in text or "|" in text:
        text = _MIXED_NUMBER.sub(_as_digits, text) if _MIXED_HINT.search(text) else text
    return Folded(text, positions)


_MIXED_HINT = re.compile(r"[0-9][-. ]?[OoIl|][0-9]|(?<![A-Za-z])[OoIl|][0-9]{2}")


def _unmarked(text: str) -> tuple[int, ...]:
    dropped = {place for match in _MARKS.finditer(text) for place in range(match.start(), match.end())}
    return tuple(place for place in range(len(text)) if place not in dropped)


def _in_latin(text: str) -> str:
    """Words of mixed alphabets; and, in a text mostly Latin, words that have a Latin twin for each letter."""
    latin = sum(character.isascii() for character in text if character.isalpha())
    mostly_latin = 2 * latin > sum(map(str.isalpha, text))

    def folded(match: re.Match[str]) -> str:
        word = match[0]
        if word.isascii() or not _FOREIGN.search(word):
            return word
        if _ASCII_LETTER.search(word) or (mostly_latin and all(ord(letter) in _LOOKALIKES for letter in word)):
            return word.translate(_LOOKALIKES)
        return word

    return _WORD.sub(folded, text)


def _as_digits(match: re.Match[str]) -> str:
    number = match[0]
    if sum(map(str.isdecimal, number)) < _FEWEST_DIGITS or _LONE_LETTER.search(number):
        return number
    return number.translate(_AS_DIGITS)
