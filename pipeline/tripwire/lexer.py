"""Tokens of a text, and the digits that begin at one: words of many languages, numerals, characters by sound."""

import re
from typing import NamedTuple

from pipeline.tripwire.number_words import (
    ARTICLES,
    BEFORE_OR,
    COMPOUND_HEADS,
    COMPOUNDS,
    FEWEST_GLUED_LETTERS,
    GAP_PHRASES,
    GAP_WORDS,
    GLUED,
    GLUED_PARTS,
    HAN,
    HAN_SCALES,
    HAN_WEAK,
    HANGUL,
    HANGUL_PARTICLES,
    KANA,
    LONGEST_COMPOUND,
    PINYIN,
    TIMES,
    TONES,
    UNITS,
    WEAK,
    plain_word,
)

SPOKEN_WORDS = (
    (frozenset(UNITS) | frozenset(key for key in COMPOUNDS if " " not in key) | frozenset(TIMES)) - WEAK - ARTICLES
)
"""Words that may begin a number, without those that are mostly something else."""

HAN_DIGITS = frozenset(HAN)
_KNOWN = frozenset(UNITS) | COMPOUND_HEADS

_MARKS_ON_LETTERS = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0962\u0963"
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff〇○"
_PHRASES = "|".join(re.escape(phrase) for phrase in GAP_PHRASES)
_KANA_WORDS = "|".join(sorted(KANA, key=len, reverse=True))
_TOKEN = re.compile(
    rf"(?P<gap>{_PHRASES})|(?P<times>[两兩三四]个(?=[{''.join(HAN)}]))|"
    rf"(?P<han>[{''.join(HAN)}{''.join(HAN_WEAK)}])|(?P<kana>{_KANA_WORDS})|"
    rf"(?P<number>[0-9]+)|(?P<word>[^\W\d_{_UNSPACED}](?:[^\W\d_{_UNSPACED}]|[{_MARKS_ON_LETTERS}'’])*)|"
    r"(?P<space>\s+)|(?P<comma>[,，、;；。.…]+)|(?P<joint>[-–—_*·•|~()\"'“”]+)|(?P<other>.)"
)
# Before 年, 月 and 日 a character that sounds like a digit is one; before 号 only after a month.
_LIKE_DIGIT = f"[{''.join(HAN)}{''.join(HAN_WEAK)}]"
_BEFORE_DATE = re.compile(
    rf"{_LIKE_DIGIT}{{1,4}}[年月日]|(?:(?<=月)|(?<=月{_LIKE_DIGIT})|(?<=月{_LIKE_DIGIT}十)|(?<=月十)){_LIKE_DIGIT}{{1,2}}[号號]"
)
_DATE_UNITS = frozenset("年月日号")
_HAN_TIMES = {"两个": 2, "兩个": 2, "三个": 3, "四个": 4}


class Atom(NamedTuple):
    """One thing said: its digits and its place; `part` counts the commas before it, `word` is false of numerals."""

    digits: str
    start: int
    end: int
    word: bool
    weak: bool
    part: int


def tokens_of(text: str, start: int = 0, end: int | None = None) -> list[re.Match[str]]:
    """The tokens between two places, without spaces; of the text in small letters where that keeps every place."""
    lowered = text.lower()
    if len(lowered) != len(text):
        # A few capitals have longer small letters; places matter more than their case.
        lowered = text
    found = _TOKEN.finditer(lowered, start, len(text) if end is None else end)
    return [match for match in found if match.lastgroup != "space"]


def is_gap(token: re.Match[str]) -> bool:
    """A pause, a filler, or a word that joins the pieces of a number."""
    match token.lastgroup:
        case "gap" | "comma" | "joint":
            return True
        case "word":
            return plain_word(token[0]) in GAP_WORDS
        case _:
            return False


def atoms_at(tokens: list[re.Match[str]], position: int, part: int) -> tuple[list[Atom], int]:
    """The atoms that begin at a token, and how many tokens they take."""
    token = tokens[position]
    text, start, end = token[0], token.start(), token.end()
    match token.lastgroup:
        case "number" if not _beside_letter(token):
            return [Atom(text, start, end, False, False, part)], 1
        case "han" if not _in_quantity(token):
            weak = text not in HAN and _BEFORE_DATE.match(token.string, start) is None
            return [Atom(HAN.get(text) or HAN_WEAK[text], start, end, True, weak, part)], 1
        case "kana":
            return [Atom(KANA[text], start, end, True, len(text) == 1, part)], 1
        case "times":
            return _repeated(tokens, position, part, _HAN_TIMES[text])
        case "word":
            word = plain_word(text)
            if word in TIMES:
                return _repeated(tokens, position, part, TIMES[word])
            if (
                word not in _KNOWN
                and (not word.isascii() or len(word) < FEWEST_GLUED_LETTERS)
                and word[0] not in HANGUL
            ):
                return [], 0
            return _word_atoms(tokens, position, part, word)
        case _:
            return [], 0


def _word_atoms(tokens: list[re.Match[str]], position: int, part: int, word: str) -> tuple[list[Atom], int]:
    token = tokens[position]
    start, end = token.start(), token.end()
    if word in COMPOUND_HEADS:
        value, used = _compound(tokens, position, word)
        if value:
            return [Atom(value, start, tokens[position + used - 1].end(), True, False, part)], used
    if word in PINYIN and _has_tone(tokens, position):
        return [Atom(UNITS[word], start, end + 1, True, False, part)], 2
    if word == "er" and not _among_pinyin(tokens, position):
        return [], 0
    if word == "o" and position and plain_word(tokens[position - 1][0]) in BEFORE_OR:
        return [], 0
    value = UNITS.get(word, "")
    if value:
        pinyin = word in PINYIN and (_among_pinyin(tokens, position) or token.string[end : end + 1] in _DATE_UNITS)
        weak = word in WEAK and not pinyin
        return [Atom(value, start, end, True, weak, part)], 1
    if word[0] in HANGUL:
        letters = word.rstrip(HANGUL_PARTICLES)
        if all(letter in HANGUL for letter in letters):
            return [Atom(HANGUL[letter], start, end, True, len(letters) == 1, part) for letter in letters], 1
    if len(word) >= FEWEST_GLUED_LETTERS and GLUED.fullmatch(word):
        return [Atom(UNITS[piece], start, end, True, False, part) for piece in GLUED_PARTS.findall(word)], 1
    return [], 0


def _compound(tokens: list[re.Match[str]], position: int, word: str) -> tuple[str, int]:
    """The longest phrase for one number, its parts joined by spaces or hyphens."""
    best, used = COMPOUNDS.get(word, ""), 1
    phrase, words = word, 1
    for index in range(position + 1, min(len(tokens), position + 2 * LONGEST_COMPOUND)):
        token = tokens[index]
        if token[0] == "-":
            continue
        if token.lastgroup != "word" or words == LONGEST_COMPOUND:
            break
        phrase, words = f"{phrase} {plain_word(token[0])}", words + 1
        value = COMPOUNDS.get(phrase)
        if value:
            best, used = value, index - position + 1
    return best, used


def _repeated(tokens: list[re.Match[str]], position: int, part: int, times: int) -> tuple[list[Atom], int]:
    following = position + 1
    if following < len(tokens) and tokens[following][0] == "-":
        following += 1
    if following >= len(tokens):
        return [], 0
    found, used = atoms_at(tokens, following, part)
    if len(found) != 1 or len(found[0].digits) != 1:
        return [], 0
    atom = found[0]
    return [atom._replace(digits=atom.digits * times, start=tokens[position].start())], following - position + used


def _beside_letter(token: re.Match[str]) -> bool:
    """`5mg`, `B12` and `x2` are no digits of a number; Chinese writes no spaces, so its characters may touch."""
    text = token.string
    before = text[token.start() - 1] if token.start() else " "
    after = text[token.end()] if token.end() < len(text) else " "
    return _spaced_letter(before) or _spaced_letter(after) or after in "%°"


def _spaced_letter(character: str) -> bool:
    return character.isalpha() and character < "\u1100"


def _in_quantity(token: re.Match[str]) -> bool:
    text = token.string
    before = text[token.start() - 1] if token.start() else " "
    after = text[token.end()] if token.end() < len(text) else " "
    return before in HAN_SCALES or after in HAN_SCALES


def _has_tone(tokens: list[re.Match[str]], position: int) -> bool:
    """`yao1`: one of five tones, written as a number."""
    end = tokens[position].end()
    if position + 1 == len(tokens) or tokens[position + 1].start() != end:
        return False
    return tokens[position + 1][0] in TONES


def _among_pinyin(tokens: list[re.Match[str]], position: int) -> bool:
    beside = tokens[max(0, position - 1) : position] + tokens[position + 1 : position + 2]
    return any(token[0] in PINYIN and token[0] != "er" for token in beside)
