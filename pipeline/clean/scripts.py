"""Where words begin and end, by script.

Python's `\\w` knows no combining mark, so to `\\b` a Hindi word ends at each of its vowel signs and a vocalised Arabic
one at each short vowel; and Chinese and Japanese write no spaces at all. Word borders are drawn here, and only here.
"""

import re
import unicodedata

WORD = r"\w\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957\u0962\u0963"
"""Inside a character class: letters, digits and the marks that belong to a letter (Latin, Arabic, Devanagari)."""

# Han, kana, bopomofo and their iteration marks. Hangul is not among them: Korean puts spaces between words.
_UNSPACED = "\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff"
_FIRST_UNSPACED = "\u2e80"
_UNSPACED_LETTER = re.compile(f"[{_UNSPACED}]")

PROLONGING = "ー〜～"
"""Draw out the kana before them; which one a transcriber writes means nothing."""


def is_unspaced(text: str) -> bool:
    """Whether there is a letter of a script that is written without spaces."""
    return _UNSPACED_LETTER.search(text) is not None


def is_letter(character: str) -> bool:
    """A letter of any script, or a mark that belongs to one."""
    return unicodedata.category(character)[0] in "LM"


def is_spaced_letter(character: str) -> bool:
    """A letter, or a mark on one, of a script that puts spaces between words; digits are none."""
    if character < "\u0300":
        return character.isalpha()
    if character >= _FIRST_UNSPACED and _UNSPACED_LETTER.match(character):
        return False
    return is_letter(character)
