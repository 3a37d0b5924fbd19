"""Names given letter by letter, by code words, or character by character as one does in Chinese."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading
from pipeline.tripwire.letter_words import CODE_WORDS, COMMON_LETTER_NAMES, LETTER_NAMES, SURNAME_PARTS

_AS_IN = r"(?:as in|is for|as|for|like|de|como|comme|wie|von)"
_LETTER = (
    r"(?:double |doble |doppel-?|deux )?[A-Za-zÀ-ÿ](?![\w'’])"
    rf"(?:,? {_AS_IN} (?:the |in )?[A-Za-zÀ-ÿ]{{2,20}})?"
)
_BETWEEN = r"(?:[ .,\-–—]{1,3}(?:(?:and|then|um|uh|euh|eh|äh|y|et|und) )?)"
_LETTERS = re.compile(rf"(?<![\w'’]){_LETTER}(?:{_BETWEEN}{_LETTER}){{2,}}", re.IGNORECASE)
_WITH_WORD = re.compile(rf"(?<![\w'’])([A-Za-z]),? {_AS_IN} [A-Za-zÀ-ÿ]{{2,20}}", re.IGNORECASE)
_CODE = re.compile(rf"\b(?:{'|'.join(CODE_WORDS)})(?:[ ,.\-–]{{1,3}}(?:{'|'.join(CODE_WORDS)}))+\b", re.IGNORECASE)
_NAMED_LETTERS = re.compile(
    rf"(?<!\w)(?:{'|'.join(LETTER_NAMES)})(?:[ ,.\-–]{{1,3}}(?:{'|'.join(LETTER_NAMES)})(?!\w)){{2,}}", re.IGNORECASE
)
_NAME_CUE = re.compile(
    r"\b(?:(?:last|first|family|given|middle|full|maiden|sur)[ -]?name|(?:my|your|his|her|their) name|name is|"
    r"name's|surname|nombre|apellidos?|nom|prénom|nachname|vorname|name ist|me llamo|je m'appelle|ich heiße)\b|"
    r"我姓|名字|贵姓|姓名|拼写",
    re.IGNORECASE | re.ASCII,
)
_THING = re.compile(
    r"\b(?:drug|medicine|medication|tablet|pill|cream|brand|generic|condition|disease|syndrome|test|clinic|pharmacy|"
    r"medicamento|pastilla|médicament|comprimé|medikament|tablette)\b|药|病名",
    re.IGNORECASE,
)
_LOOK_BACK = 60
_FEWEST_CODE_WORDS = 5
_FEWEST_CUED_CODE_WORDS = 3
_FEWEST_WITH_WORDS = 3
_FEWEST_LETTER_NAMES = 4
_BY_PARTS = re.compile("|".join(SURNAME_PARTS))
# "明，明天的明": a character told by a word it stands in.
_BY_WORD = re.compile(r"([一-鿿])[，,、]? ?(?:是|就是)?[一-鿿]{1,3}的\1")
_HAN_NAME_CUE = re.compile(r"姓|名字|我叫|他叫|她叫|名叫|姓名")
_HAN_LOOK_BACK = 16


def find_letters(reading: Reading) -> Iterator[Finding]:
    """Letters, letters with words ("A as in Alpha"), code words, and letters by their names in other languages.

    Three in a row soon after a word for a name, unless it is the name of a medicine or a test. Without such a word,
    five code words, or three letters with a word each that are no stretch of the alphabet.
    """
    text = reading.text
    for match in _LETTERS.finditer(text):
        with_words = [letter.lower() for letter in _WITH_WORD.findall(match[0])]
        if _named(text, match.start()) or _tells_name(text, match.start(), with_words):
            yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.85)
    for match in _CODE.finditer(text):
        words = len(re.findall(r"[^\W\d_]+(?:-ray)?", match[0]))
        fewest = _FEWEST_CUED_CODE_WORDS if _named(text, match.start()) else _FEWEST_CODE_WORDS
        if words >= fewest:
            yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.85)
    for match in _NAMED_LETTERS.finditer(text):
        names = re.findall(r"[^\W\d_]+", match[0].lower())
        telling = len(names) >= _FEWEST_LETTER_NAMES and not COMMON_LETTER_NAMES.issuperset(names)
        if telling and _named(text, match.start()):
            yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.8)


def find_surname_parts(reading: Reading) -> Iterator[Finding]:
    """A Chinese surname told by its parts, or a character of a name by a word it stands in."""
    text = reading.text
    for match in _BY_PARTS.finditer(text):
        yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.8)
    for match in _BY_WORD.finditer(text):
        start = max(0, match.start() - _HAN_LOOK_BACK)
        if _HAN_NAME_CUE.search(text, start, match.start() + 1) and not _THING.search(text, start, match.start()):
            yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.7)


def _named(text: str, position: int) -> bool:
    start = max(0, position - _LOOK_BACK)
    return _NAME_CUE.search(text, start, position) is not None and _THING.search(text, start, position) is None


def _tells_name(text: str, position: int, letters: list[str]) -> bool:
    if len(letters) < _FEWEST_WITH_WORDS or "".join(letters) in "abcdefghijklmnopqrstuvwxyz":
        return False
    return _THING.search(text, max(0, position - _LOOK_BACK), position) is None
