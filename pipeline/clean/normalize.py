"""Characters made plain: nothing invisible, one form for each digit and letter, single spaces."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from pipeline.clean.trace import Edit, Traced

# What needs no look at all: printable ASCII, composed letters of the common scripts, and their punctuation.
_UNUSUAL = re.compile(
    r"[^ -~À-ÖØ-öø-žΑ-ώА-яёЁא-תء-غف-يぁ-ゔァ-ヺ가-힣Ạ-ỹ一-鿿，。！？、；：“”‘’（）《》「」…—–·¿¡°µ، ؟]"
)
_SPACES = re.compile(r"\A +| +\Z| {2,}")
# Blank although no separator and no format character: Hangul fillers, Braille blank, grapheme joiner.
_BLANK = frozenset("\u034f\u115f\u1160\u3164\uffa0\u2800")
# Full-width signs that hold e-mail addresses and numbers together; other full-width punctuation is ordinary Chinese.
_FULL_WIDTH_SIGNS = dict(zip("＠．－＋／＿％＃＆＝　", "@.-+/_%#&= ", strict=True))


def normalize(traced: Traced) -> Traced:
    """Drop control, zero-width, bidirectional and variation characters; fold digits and letters to their plain form.

    Lone surrogates become U+FFFD. Canonical composition (NFC) is done letter by letter, where it does not lengthen the
    text, so that the offsets can follow. Every run of white space becomes one space, none at the ends.
    """
    text = traced.text
    if _UNUSUAL.search(text):
        traced = traced.apply(_folds(text))
        if not unicodedata.is_normalized("NFC", traced.text):
            traced = traced.apply(_compositions(traced.text))
        text = traced.text
    if "  " in text or text[:1] == " " or text[-1:] == " ":
        traced = traced.apply(_collapsed_spaces(text))
    return traced


def _folds(text: str) -> Iterator[Edit]:
    for match in _UNUSUAL.finditer(text):
        character = match[0]
        folded = _folded(character)
        if folded != character:
            yield Edit(match.start(), match.end(), folded)


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    if character in _BLANK or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return ""
    if character in _FULL_WIDTH_SIGNS:
        return _FULL_WIDTH_SIGNS[character]
    if character.isspace():
        return " "
    match unicodedata.category(character):
        case "Cc" | "Cf":
            return ""
        case "Cs":
            return "\ufffd"
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Nd":
            return str(unicodedata.decimal(character))
    return _plain_form(character)


def _plain_form(character: str) -> str:
    """Full-width, mathematical, circled and squared letters and digits; superscripts keep their meaning and stay."""
    decomposition = unicodedata.decomposition(character)
    if decomposition.startswith(("<wide>", "<narrow>", "<font>", "<circle>", "<square>")):
        plain = unicodedata.normalize("NFKC", character)
        if len(plain) == 1 and plain.isalnum():
            return plain
    return character


def _compositions(text: str) -> Iterator[Edit]:
    """One edit for each base character with the marks after it, where NFC changes it and does not lengthen it."""
    start = 0
    size = len(text)
    for position in range(1, size + 1):
        if position < size and _joins_previous(text[position]):
            continue
        segment = text[start:position]
        if not segment.isascii():
            composed = unicodedata.normalize("NFC", segment)
            if composed != segment and len(composed) <= len(segment):
                yield Edit(start, position, composed)
        start = position


def _joins_previous(character: str) -> bool:
    # Conjoining Hangul vowels and finals compose with the consonant before them although they are no marks.
    return unicodedata.combining(character) != 0 or "\u1161" <= character <= "\u11ff"


def _collapsed_spaces(text: str) -> Iterator[Edit]:
    size = len(text)
    for match in _SPACES.finditer(text):
        at_edge = match.start() == 0 or match.end() == size
        if at_edge:
            yield Edit(match.start(), match.end())
        else:
            yield Edit(match.start() + 1, match.end())
