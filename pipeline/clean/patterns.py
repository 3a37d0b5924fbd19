"""From the words of a lexicon to the patterns that find them."""

import re
from collections.abc import Mapping, Sequence

from pipeline.clean.scripts import PROLONGING, WORD, is_unspaced

# A sound may stand beside these and still be its own word.
_MARKS = ",，、،;；؛:：.。!！?？؟।…—–"
_PAUSE = rf"\s{_MARKS}"
_INNER_PAUSE = ",，、،…—–"
_LEFT_WORD = rf"(?<![{WORD}'’])(?<![{WORD}]-)(?<!\d )"
_RIGHT_WORD = rf"(?!-?[{WORD}])(?!['’])"
_BETWEEN_FILLERS = r"[ ,，、،….]{1,6}"
_STUTTER_COMMA = r"(?: ?[,，،…]| ?\.{3}| ?[-–—])?"
_BETWEEN_PARTS = "[ ,-]{0,2}"
_NOTHING = re.compile(r"(?!)")


def filler_pattern(words: Mapping[str, Sequence[str]]) -> re.Pattern[str] | None:
    """A run of fillers in group `run`, or a protected phrase outside it. None where the language has no fillers."""
    protected = "|".join(_phrase(phrase) for phrase in _longest_first(words["protected"])) or r"(?!)"
    sounds = [_as_word(word, protected) for word in _longest_first(words["anywhere"])]
    for word in _longest_first(words["one_pause"]):
        sound = _as_word(word, protected)
        sounds.append(rf"(?:(?<![^{_PAUSE}]){sound}|{sound}(?=[{_PAUSE}]|\Z))")
    for word in _longest_first(words["fenced"]):
        sounds.append(rf"(?:\A|(?<=[{_MARKS}])|(?<=[{_MARKS}] )){_as_word(word, protected)}(?= ?[{_MARKS}]|\Z)")
    for word in _longest_first(words["two_pauses"]):
        before = rf"(?:(?<=[{_INNER_PAUSE}])|(?<=[{_INNER_PAUSE}] ))"
        sounds.append(rf"{before}{_as_word(word, protected)}(?= ?[{_INNER_PAUSE}]| ?\.{{2,3}}(?!\.))")
    if not sounds:
        return None
    one = rf"(?!{protected})(?:{'|'.join(sounds)})"
    return re.compile(rf"(?:{protected})|(?P<run>{one}(?:{_BETWEEN_FILLERS}{one})*)")


def needle_pattern(words: Sequence[str]) -> re.Pattern[str]:
    """What every filler contains, found cheaply: a sound's last two letters, or, where no spaces are, its first two."""
    needles: set[str] = set()
    for word in words:
        if is_unspaced(word):
            needles.add("".join(_unspaced_letter(letter) for letter in word[:2]))
        else:
            needles.add(re.escape(word[-2:]))
            if len(word) <= 2:
                needles.add(re.escape(word.capitalize()))
    return re.compile("|".join(sorted(needles))) if needles else _NOTHING


def repeat_pattern(across_comma: Sequence[str], adjacent: Sequence[str]) -> re.Pattern[str] | None:
    """A word (the last matched group) and its immediate repetitions."""
    kinds = []
    for number, (words, separator) in enumerate(((across_comma, f"{_STUTTER_COMMA} "), (adjacent, " "))):
        if words:
            one = "|".join(re.escape(word) for word in _longest_first(words))
            kinds.append(rf"(?P<w{number}>{one})(?:{separator}(?P=w{number})(?![{WORD}'’-]))+")
    return re.compile(rf"(?<![{WORD}'’-])(?:{'|'.join(kinds)})", re.IGNORECASE) if kinds else None


def clause_start_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """A word in group 1 at the start of a clause and its repetitions, in a script without spaces."""
    if not words:
        return None
    one = "|".join(re.escape(word) for word in _longest_first(words))
    return re.compile(rf"(?<![^{_PAUSE}])({one})\1+")


def any_of(words: Sequence[str], *, inside: Sequence[str]) -> re.Pattern[str] | None:
    """Any of the words, whole where their script has spaces; anywhere those it writes without, and `inside`."""
    if not words:
        return None
    whole = "|".join(re.escape(word) for word in _longest_first(words) if not is_unspaced(word))
    anywhere = [*(word for word in words if is_unspaced(word)), *inside]
    parts = [rf"(?<![{WORD}])(?:{whole})(?![{WORD}])"] if whole else []
    return re.compile("|".join([*parts, *map(re.escape, anywhere)]), re.IGNORECASE)


def answers_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """A whole text of nothing but these sounds, with pauses, commas and full stops between them."""
    if not words:
        return None
    one = "|".join(_phrase(word) for word in _longest_first(words))
    return re.compile(rf"[{_PAUSE}-]*(?:(?:{one})[{_PAUSE}-]*)+")


def _as_word(word: str, protected: str) -> str:
    """A filler that may be drawn out, though never into a protected phrase.

    All capitals is an abbreviation (UM, UH), so only the first letter varies. In a script without spaces any letter
    may begin the next word, so only a prolonging mark, and a sound of one letter, may be repeated.
    """
    if is_unspaced(word):
        drawn = f"[{PROLONGING}]*"
        if len(word) == 1:
            return f"(?:(?!{protected}){re.escape(word)})+{drawn}"
        return "".join(_unspaced_letter(letter) for letter in word) + drawn
    head, tail = word[0], word[1:]
    first = f"[{head}{head.upper()}]" if head.upper() != head else re.escape(head)
    return f"{_LEFT_WORD}{first}+{''.join(f'{re.escape(letter)}+' for letter in tail)}{_RIGHT_WORD}"


def _unspaced_letter(letter: str) -> str:
    return f"[{PROLONGING}]+" if letter in PROLONGING else re.escape(letter)


def _phrase(phrase: str) -> str:
    """A phrase in any case; its last letters may be drawn out, its parts joined by a space, a comma or a hyphen."""
    if is_unspaced(phrase):
        return re.escape(phrase)
    parts = [rf"{re.escape(part)}{re.escape(part[-1])}*" for part in phrase.split()]
    return rf"(?i:(?<![{WORD}]){_BETWEEN_PARTS.join(parts)}(?![{WORD}]))"


def _longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)
