"""Where a turn longer than the limit is split: after a sentence, never inside a number or a name with its title.

A telephone number with one half in each of two chunks would be found in neither. Hence every split, down to the last
resort in a text without any space, is first held against what stands on either side of it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pipeline.clean.scripts import WORD, is_letter, is_spaced_letter

_SENTENCE_END = re.compile(r"[.!?؟।॥…]+[\"'”’»)\]]*\s+|[。！？…]+[”’」』）】]*\s*")
_CLAUSE_END = re.compile(r"[,;:،؛—–]\s+|[，；：、]\s*")
_SPACE = re.compile(r"\s+")
# The longest thing kept whole is a title with three names, or a run of spoken digits: it is seen two words at a time.
_SIGHT = 48
# Backwards from the limit in a text without spaces; digits by the hundred are no number any more.
_LAST_RESORT_STEPS = 200
_UPPER = "A-ZÀ-ÖØ-ÞŁŚŻŽŠČА-ЯЁ"
_LONGEST_TITLE = 6
# With the space after it; a Chinese, Japanese or Korean name has two or three letters.
_LONGEST_NAME = 4
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


class _Bonds(NamedTuple):
    """Pairs of patterns, for the end of what stands before a split and the start of what stands after."""

    always: Sequence[tuple[re.Pattern[str], re.Pattern[str]]]
    at_sentence_end: re.Pattern[str]
    title_after: re.Pattern[str]


def split_points(text: str, max_chars: int) -> Iterator[int]:
    """The end of each piece of at most `max_chars` (at least 1), the last being the end of the text."""
    start = 0
    while start + max_chars < len(text):
        start = _split(text, start, start + max_chars)
        yield start
    yield len(text)


def _split(text: str, start: int, limit: int) -> int:
    """After the last sentence that fits; else the last clause, the last word, anywhere between two letters."""
    spaces: list[int] = []
    for boundary in (_SENTENCE_END, _CLAUSE_END, _SPACE):
        spaces = [end for end in _ends(boundary, text, start, limit) if start < end]
        for end in reversed(spaces):
            if not _bound(text, end, sentence=boundary is _SENTENCE_END):
                return end
    lowest = max(start + 1, limit - _LAST_RESORT_STEPS)
    for end in range(limit, lowest - 1, -1):
        if not (_inside_a_word(text, end) or _bound(text, end, sentence=False)):
            return end
    # One number longer than the limit, or one word: somewhere it must be split.
    if spaces:
        return spaces[-1]
    return next((end for end in range(limit, lowest - 1, -1) if not _splits_a_character(text, end)), limit)


def _ends(boundary: re.Pattern[str], text: str, start: int, limit: int) -> Iterator[int]:
    for match in boundary.finditer(text, start, limit + 1):
        if match.end() <= limit:
            yield match.end()
        elif match.start() < limit and text[limit].isspace():
            yield limit


def _inside_a_word(text: str, position: int) -> bool:
    if _splits_a_character(text, position):
        return True
    return all(is_spaced_letter(character) or character.isdigit() for character in text[position - 1 : position + 1])


def _bound(text: str, position: int, *, sentence: bool) -> bool:
    before, after = text[max(0, position - _SIGHT) : position], text[position : position + _SIGHT].lstrip()
    bonds = _bonds()
    if sentence and bonds.at_sentence_end.search(before):
        return True
    if any(left.search(before) and right.match(after) for left, right in bonds.always):
        return True
    return _in_titled_name(text, position, bonds.title_after)


def _in_titled_name(text: str, position: int, title: re.Pattern[str]) -> bool:
    """Whether a title that follows its name (李医生, 김민수 선생님, शर्मा जी) is near, and no mark before it."""
    for match in title.finditer(text, max(0, position - _LONGEST_TITLE), position + _LONGEST_NAME + _LONGEST_TITLE):
        name_length = _LONGEST_NAME if text[match.start() - 1 : match.start()].isspace() else _LONGEST_NAME - 1
        if match.start() - name_length < position < match.end():
            between = text[position - 1 : max(position, match.start())]
            return all(is_letter(character) or character == " " for character in between)
    return False


def _splits_a_character(text: str, position: int) -> bool:
    """Whether a mark, a variation or a joined emoji would lose the character it belongs to."""
    after = text[position : position + 1]
    return text[position - 1] == "\u200d" or after in _JOINERS or unicodedata.category(after or " ")[0] == "M"


@cache
def _bonds() -> _Bonds:
    words = tomllib.loads(files("pipeline.ingest").joinpath("breaks.toml").read_text("utf-8"))
    numerals, characters = _alternation(words["numerals"]), words["numeral_characters"]
    titles = rf"(?:(?:{_alternation(words['titles_abbreviated'])})\.?|(?:{_alternation(words['titles'])}))"
    number = rf"(?:[0-9]|[{characters}]|(?<![{WORD}])(?i:{numerals}))"
    after = rf"(?:[+(]*\d|[{characters}]|(?i:{numerals})(?![{WORD}]))"
    name = rf"[{_UPPER}][{WORD}'’-]*"
    letter = r"[^\W\d_]"
    pairs = (
        (rf"{number}[\s,.\-–/:()+，、·]{{0,4}}\Z", after),
        # A number and its unit: only a space between them.
        (rf"{number}\s+\Z", rf"{letter}|%|°"),
        (rf"(?<![{WORD}])(?i:{_alternation(words['number_signs'])})\.?\s*\Z", after),
        (rf"(?<![{WORD}])(?i:{titles})\s+\Z", letter),
        (rf"(?<![{WORD}])(?i:{titles})\s+(?:{name}\s+){{1,2}}\Z", rf"[{_UPPER}]"),
        # Initials, and spelled letters.
        (rf"(?<![{WORD}])[{_UPPER}]\.\s*\Z", rf"[{_UPPER}]"),
        (rf"(?<![{WORD}]){letter}[\s,.-]{{1,3}}\Z", rf"{letter}(?![{WORD}])"),
    )
    abbreviations = _alternation([*words["titles_abbreviated"], *words["abbreviations"]])
    return _Bonds(
        tuple((re.compile(left), re.compile(right)) for left, right in pairs),
        re.compile(rf"(?<![{WORD}])(?i:{abbreviations})\.[\"'”’»)\]]*\s*\Z"),
        re.compile(_alternation(words["titles_after"])),
    )


def _alternation(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
