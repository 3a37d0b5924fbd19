"""An identifier in another form: each function gives the words that stand in its place, or None where the form is not
another one. Pure, but for the seeded generator it draws from."""

import re
from collections.abc import Callable, Iterator
from random import Random

from pipeline.evaluate.attacks_locate import IdentifierKind, Located, Symbol
from pipeline.evaluate.attacks_words import (
    BY_SOUND,
    FILLERS,
    LOOKALIKES,
    OTHER_LANGUAGES,
    PINYIN,
    SAYINGS,
    SIMILAR,
    Saying,
)

Form = Callable[[str, Located, str, Random], str | None]
"""(text, the identifier in it, the text's primary language, generator) -> what is said instead."""

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_GAPS = (" ", " ", " ", " - ", ". ")
_SOUND = re.compile("|".join(sorted(BY_SOUND, key=len, reverse=True)))
_FILLED_PLACES = 3
_DIGITS = frozenset("0123456789")


def spelled(text: str, one: Located, lang: str, rng: Random) -> str | None:
    """Digits as words of the row's language, letters one by one."""
    written = any(character in _DIGITS for character in text[one.start : one.end])
    if lang not in SAYINGS or not (written or one.kind is IdentifierKind.EMAIL):
        return None
    return _say(text, one, lambda _group: SAYINGS[lang], rng)


def pinyin(text: str, one: Located, lang: str, rng: Random) -> str | None:
    """Chinese digits by their sound in Latin letters, without tones."""
    if lang != "zh" or one.kind is IdentifierKind.EMAIL:
        return None
    return f" {_say(text, one, lambda _group: PINYIN, rng)} "


def similar(text: str, one: Located, lang: str, rng: Random) -> str | None:
    """Every digit misheard as a word or a character that sounds like it."""
    if lang not in SIMILAR or one.kind is IdentifierKind.EMAIL:
        return None
    return _say(text, one, lambda _group: SIMILAR[lang], rng)


def code_switched(text: str, one: Located, lang: str, rng: Random) -> str | None:
    """Digits in another language: the first group always, each later one as often as not."""
    other = SAYINGS[rng.choice(OTHER_LANGUAGES.get(lang, ("en",)))]
    own = SAYINGS.get(lang, other)
    return _say(text, one, lambda group: other if group == 0 or rng.random() < 0.5 else own, rng)


def full_width(text: str, one: Located, _lang: str, _rng: Random) -> str | None:
    return widened(text[one.start : one.end])


def with_invisible(text: str, one: Located, _lang: str, rng: Random) -> str | None:
    return sprinkled(text[one.start : one.end], rng)


def looking_alike(text: str, one: Located, _lang: str, _rng: Random) -> str | None:
    return text[one.start : one.end].translate(LOOKALIKES)


def by_sound(text: str, one: Located, _lang: str, _rng: Random) -> str | None:
    """Only where there are letters to write so: addresses, and numbers with letters."""
    lettered = one.kind in {IdentifierKind.EMAIL, IdentifierKind.MIXED}
    return transliterated(text[one.start : one.end]) if lettered else None


def spaced(text: str, one: Located, _lang: str, rng: Random) -> str | None:
    """Symbols apart: by spaces, and now and then a dash or a full stop."""
    pieces = [text[one.start : one.symbols[0].end]]
    for before, symbol in _pairs(one):
        pieces.append(rng.choice(_GAPS) + _kept_marks(text, before, symbol) + text[symbol.start : symbol.end])
    return "".join(pieces)


def filled(text: str, one: Located, lang: str, rng: Random) -> str | None:
    """Up to three fillers inside, with a comma or without; an address is broken at its marks."""
    words = FILLERS.get(lang, FILLERS["en"])
    last = len(one.symbols)
    places = sorted(one.breaks) if one.kind is IdentifierKind.EMAIL else list(range(1, last))
    chosen = set(rng.sample(places, min(len(places), _FILLED_PLACES)))
    pieces = [text[one.start : one.symbols[0].end]]
    for number, (before, symbol) in enumerate(_pairs(one), start=1):
        gap = text[before.end : symbol.start]
        if number in chosen:
            gap = _kept_marks(text, before, symbol) + _interjected(rng.choice(words), lang, rng)
        pieces.append(gap + text[symbol.start : symbol.end])
    return "".join(pieces)


def widened(text: str) -> str:
    """ASCII letters, digits and joining marks in their full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and (c.isalnum() or c in "@.-_+/") else c for c in text)


def sprinkled(text: str, rng: Random) -> str:
    """Something invisible after every other character or so, and always after the first."""
    return "".join(
        c + (rng.choice(_INVISIBLE) if number == 0 or rng.random() < 0.5 else "") for number, c in enumerate(text)
    )


def transliterated(text: str) -> str:
    """Latin letters as Cyrillic ones of the same sound."""
    return _SOUND.sub(lambda match: BY_SOUND[match[0]], text.lower())


def _say(text: str, one: Located, saying_of: Callable[[int], Saying], rng: Random) -> str:
    """Symbol by symbol in the saying of its group; 年 and 月 stay where they stood."""
    group = 0
    saying = saying_of(group)
    said = _word(one.symbols[0].value, saying, rng)
    for number, (before, symbol) in enumerate(_pairs(one), start=1):
        join = saying.join
        if number in one.breaks:
            group += 1
            # An address is said in one breath.
            join = join if one.kind is IdentifierKind.EMAIL else saying.pause
            saying = saying_of(group)
        elif before.value.isascii() and before.value.isalpha() and symbol.value.isalpha():
            join = "" if one.kind is IdentifierKind.EMAIL else " "
        said += (_kept_marks(text, before, symbol) or join) + _word(symbol.value, saying, rng)
    return said


def _word(value: str, saying: Saying, rng: Random) -> str:
    if value.isdecimal():
        return saying.join.join(rng.choice(saying.digits[int(digit)]) for digit in value)
    marks = {".": saying.dot, "@": saying.at, "_": saying.underscore, "-": saying.dash}
    return marks.get(value, value)


def _pairs(one: Located) -> Iterator[tuple[Symbol, Symbol]]:
    return zip(one.symbols, one.symbols[1:], strict=False)


def _kept_marks(text: str, before: Symbol, symbol: Symbol) -> str:
    gap = text[before.end : symbol.start]
    return gap if gap in {"年", "月"} else ""


def _interjected(word: str, lang: str, rng: Random) -> str:
    if lang in {"zh", "ja"}:
        return rng.choice((word, f"，{word}，"))
    return rng.choice((f" {word} ", f", {word}, "))
