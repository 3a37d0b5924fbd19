"""Hesitation sounds taken out, with the commas that fenced them in.

Only sounds that never carry an answer go; mm-hmm, uh-huh and their like are answers and stay. All this does
is remove: no word is changed.
"""

import re
from collections.abc import Iterator

from pipeline.clean.lexicon import Lexicon
from pipeline.clean.scripts import is_spaced_letter, is_unspaced
from pipeline.clean.trace import Edit, Traced

_PAUSES_AFTER = re.compile(r"(?: ?(?:[,，、،…—–]|\.{2,3}(?!\.)|-(?= |\Z)))*")
_PAUSE_MARKS = ",，、،…—–"
_LONGEST_SOUND = 40
_SENTENCE_ENDS = ".。!！?？؟।"


def remove_fillers(traced: Traced, lexicon: Lexicon) -> Traced:
    """`So, um, I take` becomes `So, I take`. May leave nothing, or punctuation alone."""
    text = traced.text
    if lexicon.fillers is None or not lexicon.needles.search(text):
        return traced
    return traced.apply(_removals(text, lexicon.fillers, lexicon))


def _removals(text: str, pattern: re.Pattern[str], lexicon: Lexicon) -> Iterator[Edit]:
    done = seen = 0
    for needle in lexicon.needles.finditer(text):
        if needle.start() < seen:
            continue
        match = _match_around(text, pattern, needle.start(), floor=seen, reach=lexicon.reach)
        if match is None:
            continue
        seen = match.end()
        if match["run"] is not None:
            start, end = _with_pauses(text, match.start(), match.end(), done)
            if start < end:
                yield Edit(start, end)
                done = end


def _match_around(
    text: str, pattern: re.Pattern[str], position: int, *, floor: int, reach: int
) -> re.Match[str] | None:
    """The rule tried where the word around `position` begins; without spaces, from `reach` characters earlier on."""
    if is_unspaced(text[position]):
        for start in range(max(floor, position - reach), position):
            earlier = pattern.match(text, start)
            if earlier is not None and earlier.end() > position:
                return earlier
    start = position
    lowest = max(floor, position - _LONGEST_SOUND)
    while start > lowest and is_spaced_letter(text[start - 1]):
        start -= 1
    return pattern.match(text, start)


def _with_pauses(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    """Widen the span of a filler by what it leaves orphaned: a comma, a full stop, a space."""
    start = max(start, floor)
    pauses = _PAUSES_AFTER.match(text, end)
    after = pauses.end() if pauses else end
    before = start
    while before > floor and text[before - 1] == " ":
        before -= 1
    opens_sentence = before == floor == 0 or (before > 0 and text[before - 1] in _SENTENCE_ENDS)
    if opens_sentence:
        if after < len(text) and text[after] in _SENTENCE_ENDS:
            after += 1
        return start, _past_spaces(text, after)
    if after == len(text) or text[after] in _SENTENCE_ENDS:
        while before > floor and text[before - 1] in _PAUSE_MARKS + " ":
            before -= 1
        return before, after
    spaced = _past_spaces(text, after)
    if before == start and spaced > after:
        spaced -= 1
    return start, spaced


def _past_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position] == " ":
        position += 1
    return position
