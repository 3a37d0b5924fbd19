"""Names given letter by letter, or character by character as one does in Chinese."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_LETTER = r"(?:double )?[A-Za-z](?![A-Za-z'’])(?:,? (?:as in|for|like) [A-Za-z]{2,20})?"
_LETTERS = re.compile(rf"(?<![A-Za-z0-9'’]){_LETTER}(?:[ .,\-–—]{{1,3}}{_LETTER}){{2,}}", re.IGNORECASE)
_NAME_CUE = re.compile(
    r"\b(?:(?:last|first|family|given|middle|full|maiden|sur)[ -]?name|(?:my|your|his|her|their) name|name is|"
    r"name's|surname|nombre|apellidos?|nom|prénom|nachname|vorname)\b|我姓|名字|贵姓|姓名|拼写",
    re.IGNORECASE | re.ASCII,
)
_THING = re.compile(
    r"\b(?:drug|medicine|medication|tablet|pill|cream|brand|generic|condition|disease|syndrome|test|clinic|pharmacy)\b|药|病名",
    re.IGNORECASE,
)
_LOOK_BACK = 60
# How a Chinese surname is told from its homophones: by its parts.
_BY_PARTS = re.compile(
    r"弓长张|立早章|木子李|耳东陈|口天吴|古月胡|双木林|草头黄|言午许|双人徐|木易杨|"
    r"禾呈程|人可何|三横王|干勾于|双口吕|三点水江|美女姜|卯金刀刘|文刀刘|走肖赵"
)


def find_letters(reading: Reading) -> Iterator[Finding]:
    """Three letters or more in a row soon after a word for a name, unless it is the name of a medicine or a test."""
    text = reading.text
    for match in _LETTERS.finditer(text):
        start = max(0, match.start() - _LOOK_BACK)
        if _NAME_CUE.search(text, start, match.start()) and not _THING.search(text, start, match.start()):
            yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.85)


def find_surname_parts(reading: Reading) -> Iterator[Finding]:
    """A Chinese surname told by its parts."""
    for match in _BY_PARTS.finditer(reading.text):
        yield Finding(EvidenceKind.SPELLED_NAME, match.start(), match.end(), 0.8)
