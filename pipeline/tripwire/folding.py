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
_LIKE = "0-9OoIl|ОоΟοЗзбІі"
# Chains of tokens made of digits and of what looks like one; up to three other letters may open the first.
_BEFORE, _AFTER = r"(?<![^\W_ぁ-ヿ一-鿿])", r"(?![^\W_ぁ-ヿ一-鿿])"
_CHAIN = re.compile(rf"{_BEFORE}[A-ZА-ЯΑ-Ω]{{0,3}}?[{_LIKE}]+(?:[-./ ]{{1,2}}[{_LIKE}]+)*[A-ZА-Я]{{0,2}}{_AFTER}")
_TOKEN = re.compile(rf"[{_LIKE}]+")
_BESIDE_DIGIT = re.compile(r"[0-9][OoIl|ОоΟοЗзбІі]|[OoIl|ОоΟοЗзбІі][0-9]")
_AS_DIGITS = str.maketrans("OoIl|ОоΟοЗзбІі", "00111000033611")
# What no unit and no word has: an l before a digit, a Cyrillic letter beside one.
_TELLING = re.compile(r"[lI|ОоΟοЗзбІі][0-9]|[0-9][ОоΟοЗзбІі]")
_OXYGEN, _LITRES, _LONE = "O2", re.compile(r"\d+l"), re.compile(r"[OoIl|ОоІі]")
_HELD = frozenset("./-")
_FEWEST_DIGITS = 2
_SHORTEST_CHAIN = 4


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
    if not text.isascii() and _MARKS.search(text):
        positions = _unmarked(text)
        text = "".join(text[place] for place in positions)
    if _BESIDE_DIGIT.search(text):
        text = _CHAIN.sub(_as_digits, text)
    if _FOREIGN.search(text):
        text = _in_latin(text)
    return Folded(text, positions)


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
    chain = match[0]
    if not _TELLING.search(chain) and (sum(map(str.isdecimal, chain)) < _FEWEST_DIGITS or len(chain) < _SHORTEST_CHAIN):
        return chain
    tokens = [token[0] for token in _TOKEN.finditer(chain)]
    litres = all(token.isdecimal() or _LITRES.fullmatch(token) for token in tokens)
    return _TOKEN.sub(lambda token: _token_as_digits(token, litres=litres), chain)


def _token_as_digits(token: re.Match[str], *, litres: bool) -> str:
    text, chain = token[0], token.string
    held = chain[max(0, token.start() - 1)] in _HELD and chain[token.end() : token.end() + 1] in _HELD
    if text == _OXYGEN or (litres and _LITRES.fullmatch(text)) or (_LONE.fullmatch(text) and not held):
        return text
    return text.translate(_AS_DIGITS)
