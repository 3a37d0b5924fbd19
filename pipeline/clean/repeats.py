"""Stuttered function words said once.

The list is closed: numerals, letters, negations and units never collapse, because `nine nine nine` is a number and
`no, no fever` an answer and a finding.
"""

import re
from collections.abc import Iterator
from itertools import islice
from operator import eq

from pipeline.clean.lexicon import Lexicon
from pipeline.clean.trace import Edit, Traced

_WORD_BEFORE = re.compile(r"([\w'’]+)[ ,-]*\Z")
_STUTTER_MARKS = str.maketrans(dict.fromkeys(",،-.…–—", " "))
_ORDINARY_WORD_AFTER = re.compile(r" [a-zа-яё]{2,}")
# Far enough back to see the word before; the whole text would make long inputs quadratic.
_LOOK_BACK = 40


def collapse_repeats(traced: Traced, lexicon: Lexicon) -> Traced:
    """`I take the, the small one` becomes `I take the small one`; the first of the repeated words is kept."""
    text = traced.text
    if lexicon.repeats is not None and _has_doubled_word(text, lexicon):
        traced = traced.apply(_spaced_repeats(text, lexicon.repeats, lexicon.numeral_heads))
        text = traced.text
    if lexicon.clause_start is not None and not text.isascii():
        traced = traced.apply(Edit(m.end(1), m.end()) for m in lexicon.clause_start.finditer(text))
    return traced


def _has_doubled_word(text: str, lexicon: Lexicon) -> bool:
    """Whether a listed word may follow itself: comparing words is far cheaper than the pattern of the listed ones."""
    lowered = text.lower()
    if lowered.isascii():
        # Three replacements are faster than one translation.
        lowered = lowered.replace(",", " ").replace("-", " ").replace(".", " ")
    else:
        lowered = lowered.translate(_STUTTER_MARKS)
    words = lowered.split()
    for size in lexicon.repeat_sizes:
        if any(map(eq, words, islice(words, size, None))):
            doubled = {word for word, other in zip(words, words[size:], strict=False) if word == other}
            if not doubled.isdisjoint(lexicon.repeat_heads):
                return True
    return False


def _spaced_repeats(text: str, pattern: re.Pattern[str], numeral_heads: frozenset[str]) -> Iterator[Edit]:
    for match in pattern.finditer(text):
        word = match[match.lastgroup or 0]
        if len(word) == 1:
            if not _is_pronoun(text, match, numeral_heads):
                continue
        elif word.isupper():
            continue
        yield Edit(match.start() + len(word), match.end())


def _is_pronoun(text: str, match: re.Match[str], numeral_heads: frozenset[str]) -> bool:
    """Whether a repeated `I` or `я` is a person: among no spelled letters, no Roman numeral, and a word follows."""
    before = _WORD_BEFORE.search(text[max(0, match.start() - _LOOK_BACK) : match.start()])
    if before is not None and (len(before[1]) == 1 or before[1].lower() in numeral_heads):
        return False
    return _ORDINARY_WORD_AFTER.match(text, match.end()) is not None
