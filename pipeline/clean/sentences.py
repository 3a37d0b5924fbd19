"""A sentence said twice in a row, said once: what a recogniser in a loop writes, or a speaker on a bad line.

Only where saying it twice cannot mean more than once: not with a number, a letter, a unit or a negation in it, not a
question with its answer, not one or two words ("Yes. Yes."), and not around a gap, which may hide a difference.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from operator import eq
from typing import NamedTuple

from pipeline.clean.lexicon import Lexicon
from pipeline.clean.scripts import is_unspaced
from pipeline.clean.trace import Edit, Traced

_END = re.compile(r"[.!?؟।…]+(?=\s|\Z)|[。！？…]+")
_MARKS = str.maketrans(dict.fromkeys("!?؟।…。！？", "."))
_FEWEST_WORDS = 3
_FEWEST_UNSPACED_LETTERS = 4
_GAP = "["
_TRIMMED = ",;:\"'“”‘’()"


class _Sentence(NamedTuple):
    start: int
    end: int
    body: str
    mark: str


def collapse_sentences(traced: Traced, lexicon: Lexicon) -> Traced:
    """`My knee hurts. My knee hurts.` becomes `My knee hurts.`; the first is kept."""
    if lexicon.never is None or not _has_doubled_part(traced.text):
        return traced
    return traced.apply(_repetitions(traced.text, lexicon))


def _has_doubled_part(text: str) -> bool:
    """Whether two parts between marks are equal neighbours: a coarse look, but one that almost every text fails."""
    lowered = text.lower()
    if lowered.isascii():
        pieces = lowered.replace("!", ".").replace("?", ".").split(".")
    else:
        pieces = lowered.translate(_MARKS).split(".")
    if len(pieces) < 2:
        return False
    parts = [part for part in map(str.strip, pieces) if part]
    return any(map(eq, parts, islice(parts, 1, None)))


def _repetitions(text: str, lexicon: Lexicon) -> Iterator[Edit]:
    kept: _Sentence | None = None
    for sentence in _sentences(text):
        if kept is not None and _same(kept, sentence) and _means_no_more_twice(sentence.body, lexicon):
            yield Edit(kept.end, sentence.end)
            kept = kept._replace(end=sentence.end)
        else:
            kept = sentence


def _sentences(text: str) -> Iterator[_Sentence]:
    start = 0
    for match in _END.finditer(text):
        yield _Sentence(start, match.end(), text[start : match.start()].strip(), match[0])
        start = match.end()
    if start < len(text):
        yield _Sentence(start, len(text), text[start:].strip(), "")


def _same(first: _Sentence, second: _Sentence) -> bool:
    """The same words and the same mark; at the very end a plain full stop may be missing."""
    if first.mark != second.mark and not (second.mark == "" and first.mark in (".", "。", "।")):
        return False
    return first.body.lower() == second.body.lower()


def _means_no_more_twice(body: str, lexicon: Lexicon) -> bool:
    assert lexicon.never is not None
    if _GAP in body or any(character.isdigit() for character in body):
        return False
    plain = unicodedata.normalize("NFC", body)
    if lexicon.never.search(plain):
        return False
    words = plain.split()
    if is_unspaced(body):
        return sum(character.isalpha() for character in body) >= _FEWEST_UNSPACED_LETTERS
    return len(words) >= _FEWEST_WORDS and not _has_spelled_letter(words, lexicon.letter_words)


def _has_spelled_letter(words: list[str], letter_words: frozenset[str]) -> bool:
    """Whether a letter stands alone that is no word: `vitamin A`, `S M I`, but not `I have a cold`."""
    before_was_letter = False
    for position, word in enumerate(words):
        letter = word.strip(_TRIMMED)
        is_letter = len(letter) == 1 and letter.isalpha()
        if is_letter:
            is_word = letter.lower() in letter_words and (position == 0 or letter.islower() or letter == "I")
            if before_was_letter or not is_word:
                return True
        before_was_letter = is_letter
    return False
