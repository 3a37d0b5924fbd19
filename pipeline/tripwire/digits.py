"""Digits told one after another, as words, numerals or both: `five five five, double oh one`, `一三八 zero 零 1`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.tripwire.lexer import Atom, atoms_at, is_gap, tokens_of

_MOST_GAPS = 8
_FEWEST_STRONG = 4
_MOST_WEAK = 2
# Words that only sound like digits make a number where many follow each other closely.
_FEWEST_HOMOPHONES = 4
_FEWEST_DIFFERENT = 3
# With what stands after it: of a word, and of a single character.
_LONGEST_HOMOPHONE = 7
_LONGEST_CHARACTER = 3


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
    return tuple(_runs(tokens_of(text)))


def _runs(tokens: list[re.Match[str]]) -> Iterator[DigitRun]:
    atoms: list[Atom] = []
    position = gaps = part = 0
    while position < len(tokens):
        found, used = atoms_at(tokens, position, part)
        if found:
            atoms += found
            position += used
            gaps = 0
            continue
        token = tokens[position]
        if atoms and gaps < _MOST_GAPS and is_gap(token):
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
    # "Want, want, want" and "to do, to do" tell no number.
    if len(atoms) < _FEWEST_HOMOPHONES or len({atom.digits for atom in atoms}) < _FEWEST_DIFFERENT:
        return False
    longest = sum(_LONGEST_CHARACTER if atom.end - atom.start == 1 else _LONGEST_HOMOPHONE for atom in atoms)
    return atoms[-1].end - atoms[0].start <= longest


def sounds_like_digits(text: str) -> bool:
    """Whether nothing is in the text but digits, and words and pauses that could stand for them or between them."""
    tokens = tokens_of(text)
    position = said = 0
    while position < len(tokens):
        found, used = atoms_at(tokens, position, 0)
        if not found and not is_gap(tokens[position]):
            return False
        said += len(found)
        position += max(used, 1)
    return said > 0


def only_gaps(text: str) -> bool:
    """Whether nothing but pauses and fillers is in the text."""
    return all(is_gap(token) or token[0] in "是です" for token in tokens_of(text))
