"""Digits told one after another, as words, numerals or both: `five five five, double oh one`, `一三八 zero 零 1`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
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
_HAN_TIMES = {"两个": 2, "兩个": 2, "三个": 3, "四个": 4}
_MOST_GAPS = 8
_FEWEST_STRONG = 4
_MOST_WEAK = 2
# Words that only sound like digits make a number where many follow each other closely.
_FEWEST_HOMOPHONES = 4
_LONGEST_HOMOPHONE = 7


class Atom(NamedTuple):
    """One thing said: its digits and its place; `part` counts the commas before it, `word` is false of numerals."""

    digits: str
    start: int
    end: int
    word: bool
    weak: bool
    part: int


@dataclass(frozen=True, slots=True)
class DigitRun:
    """A stretch of atoms. `single` is the longest stretch said or written digit by digit."""

    atoms: tuple[Atom, ...]
    digits: str = field(init=False)
    single: int = field(init=False)
    words: int = field(init=False)

    def __post_init__(self) -> None:
        stretch = single = 0
        for atom in self.atoms:
            # "double five" is two digits said one by one; a numeral of several digits is not.
            alone = len(atom.digits) == 1 or (atom.word and len(set(atom.digits)) == 1 and atom.digits[0] != "0")
            stretch = stretch + len(atom.digits) if alone else 0
            single = max(single, stretch)
        object.__setattr__(self, "digits", "".join(atom.digits for atom in self.atoms))
        object.__setattr__(self, "single", single)
        object.__setattr__(self, "words", sum(atom.word for atom in self.atoms))

    @property
    def start(self) -> int:
        return self.atoms[0].start

    @property
    def end(self) -> int:
        return self.atoms[-1].end

    def parts(self) -> list[str]:
        """The digits between commas; a numeral of several digits stands alone."""
        parts: list[str] = []
        last: Atom | None = None
        for atom in self.atoms:
            numeral = not atom.word and len(atom.digits) > 1
            apart = last is None or atom.part != last.part or numeral or (not last.word and len(last.digits) > 1)
            if apart:
                parts.append(atom.digits)
            else:
                parts[-1] += atom.digits
            last = atom
        return parts


@lru_cache(maxsize=8)
def digit_runs(text: str) -> tuple[DigitRun, ...]:
    """Every run of atoms with nothing but pauses, fillers and joining words between, in order; one atom is a run."""
    lowered = text.lower()
    if len(lowered) != len(text):
        # A few capitals have longer small letters; places matter more than their case.
        lowered = text
    return tuple(_runs(lowered))


def _runs(text: str) -> Iterator[DigitRun]:
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "space"]
    atoms: list[Atom] = []
    position = gaps = part = 0
    while position < len(tokens):
        found, used = _atoms_at(tokens, position, part)
        if found:
            atoms += found
            position += used
            gaps = 0
            continue
        token = tokens[position]
        if atoms and gaps < _MOST_GAPS and _is_gap(token):
            gaps += 1
            part += token.lastgroup == "comma"
        else:
            if atoms:
                yield from _run_of(atoms, goes_on=gaps == 0)
            atoms, gaps, part = [], 0, 0
        position += 1
    if atoms:
        yield from _run_of(atoms, goes_on=False)


def _run_of(atoms: list[Atom], *, goes_on: bool) -> Iterator[DigitRun]:
    # "... oh one for me": the last words are no digits where the clause goes on without a pause.
    trimmed = 0
    while goes_on and atoms and atoms[-1].weak and trimmed < _MOST_WEAK:
        atoms.pop()
        trimmed += 1
    if atoms and _is_number(atoms):
        yield DigitRun(tuple(atoms))


def _is_number(atoms: Sequence[Atom]) -> bool:
    weak = sum(atom.weak for atom in atoms)
    strong = len(atoms) - weak
    if weak == 0 or (strong >= _FEWEST_STRONG and (weak <= _MOST_WEAK or weak <= strong)):
        return True
    han = atoms[0].end - atoms[0].start == 1
    dense = atoms[-1].end - atoms[0].start <= len(atoms) * (2 if han else _LONGEST_HOMOPHONE)
    return dense and len(atoms) >= _FEWEST_HOMOPHONES


def _is_gap(token: "re.Match[str]") -> bool:
    match token.lastgroup:
        case "gap" | "comma" | "joint":
            return True
        case "word":
            return plain_word(token[0]) in GAP_WORDS
        case _:
            return False


def _atoms_at(tokens: "list[re.Match[str]]", position: int, part: int) -> tuple[list[Atom], int]:
    """The atoms that begin at a token, and how many tokens they take."""
    token = tokens[position]
    text, start, end = token[0], token.start(), token.end()
    match token.lastgroup:
        case "number" if not _beside_letter(token):
            return [Atom(text, start, end, False, False, part)], 1
        case "han" if not _in_quantity(token):
            weak = text not in HAN
            return [Atom(HAN_WEAK[text] if weak else HAN[text], start, end, True, weak, part)], 1
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


def _word_atoms(tokens: "list[re.Match[str]]", position: int, part: int, word: str) -> tuple[list[Atom], int]:
    token = tokens[position]
    start, end = token.start(), token.end()
    if word in COMPOUND_HEADS:
        value, used = _compound(tokens, position, word)
        if value:
            return [Atom(value, start, tokens[position + used - 1].end(), True, False, part)], used
    if word == "er" and not _among_pinyin(tokens, position):
        return [], 0
    if word == "o" and position and plain_word(tokens[position - 1][0]) in BEFORE_OR:
        return [], 0
    value = UNITS.get(word, "")
    if value:
        weak = word in WEAK and not (word in PINYIN and _among_pinyin(tokens, position))
        return [Atom(value, start, end, True, weak, part)], 1
    if word[0] in HANGUL:
        letters = word.rstrip(HANGUL_PARTICLES)
        if all(letter in HANGUL for letter in letters):
            return [Atom(HANGUL[letter], start, end, True, len(letters) == 1, part) for letter in letters], 1
    if len(word) >= FEWEST_GLUED_LETTERS and GLUED.fullmatch(word):
        return [Atom(UNITS[piece], start, end, True, False, part) for piece in GLUED_PARTS.findall(word)], 1
    return [], 0


def _compound(tokens: "list[re.Match[str]]", position: int, word: str) -> tuple[str, int]:
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


def _repeated(tokens: "list[re.Match[str]]", position: int, part: int, times: int) -> tuple[list[Atom], int]:
    following = position + 1
    if following < len(tokens) and tokens[following][0] == "-":
        following += 1
    if following >= len(tokens):
        return [], 0
    found, used = _atoms_at(tokens, following, part)
    if len(found) != 1 or len(found[0].digits) != 1:
        return [], 0
    atom = found[0]
    return [atom._replace(digits=atom.digits * times, start=tokens[position].start())], following - position + used


def _beside_letter(token: "re.Match[str]") -> bool:
    """`5mg`, `B12` and `x2` are no digits of a number; Chinese writes no spaces, so its characters may touch."""
    text = token.string
    before = text[token.start() - 1] if token.start() else " "
    after = text[token.end()] if token.end() < len(text) else " "
    return _spaced_letter(before) or _spaced_letter(after) or after in "%°"


def _spaced_letter(character: str) -> bool:
    return character.isalpha() and character < "\u1100"


def _in_quantity(token: "re.Match[str]") -> bool:
    text = token.string
    before = text[token.start() - 1] if token.start() else " "
    after = text[token.end()] if token.end() < len(text) else " "
    return before in HAN_SCALES or after in HAN_SCALES


def _among_pinyin(tokens: "list[re.Match[str]]", position: int) -> bool:
    beside = tokens[max(0, position - 1) : position] + tokens[position + 1 : position + 2]
    return any(token[0] in PINYIN and token[0] != "er" for token in beside)


def only_gaps(text: str) -> bool:
    """Whether nothing but pauses and fillers is in the text."""
    tokens = _TOKEN.finditer(text.lower())
    return all(token.lastgroup == "space" or _is_gap(token) or token[0] in "是です" for token in tokens)


class Code(NamedTuple):
    """Where letters and digits that belong together end, and how many of each there are."""

    end: int
    digits: int
    letters: int


_LONGEST_CODE = 120
_MOST_CODE_GAPS = 4
_LONGEST_LETTERS = 4
_NO_CODE = frozenset({"dob", "mrn", "ssn", "nhs", "id", "bp", "hr", "er", "icu", "ct", "mri", "a", "i", "y", "e"})


def code_at(text: str, start: int) -> Code:
    """What is told from `start` on, digit by digit and letter by letter: `P J N, six oh four`, `7K - LR 224`."""
    lowered = text.lower() if len(text.lower()) == len(text) else text
    found = _TOKEN.finditer(lowered, start, start + _LONGEST_CODE)
    tokens = [match for match in found if match.lastgroup != "space"]
    end, digits, letters = start, 0, 0
    position = gaps = commas = fillers = 0
    while position < len(tokens) and gaps <= _MOST_CODE_GAPS:
        token = tokens[position]
        atoms, used = _atoms_at(tokens, position, 0)
        size = sum(len(atom.digits) for atom in atoms) or (len(token[0]) if token.lastgroup == "number" else 0)
        if size:
            if not atoms or not all(atom.weak for atom in atoms):
                end = tokens[position + max(used, 1) - 1].end()
            digits, position = digits + size, position + max(used, 1)
            gaps = commas = fillers = 0
        elif _is_code_letters(text, token, after_comma=commas > 0 and not fillers):
            letters += token.end() - token.start()
            if text[token.start()].isupper() or token.end() - token.start() > 1:
                end = token.end()
            gaps = commas = fillers = 0
            position += _letter_tokens(tokens, position)
        elif _is_gap(token) or token[0] in "是号":
            gaps, position = gaps + 1, position + 1
            commas += token.lastgroup == "comma"
            fillers += token.lastgroup in ("gap", "word")
        else:
            break
    return Code(end, digits, letters)


def _is_code_letters(text: str, token: "re.Match[str]", *, after_comma: bool) -> bool:
    if token.lastgroup != "word" or token[0] in _NO_CODE:
        return False
    if len(token[0]) == 1:
        return True
    written = text[token.start() : token.end()]
    told = written.isupper() or not written.isascii() or _beside_digit(token)
    return len(written) <= _LONGEST_LETTERS and not after_comma and told


def _beside_digit(token: "re.Match[str]") -> bool:
    text = token.string
    return text[token.start() - 1 : token.start()].isdecimal() or text[token.end() : token.end() + 1].isdecimal()


def _letter_tokens(tokens: "list[re.Match[str]]", position: int) -> int:
    """A letter takes the words that tell it: `D as in dog`."""
    return 4 if [token[0] for token in tokens[position + 1 : position + 3]] == ["as", "in"] else 1
