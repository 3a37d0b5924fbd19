"""Letters and digits told together: plates, serials, member numbers."""

import re
from typing import NamedTuple

from pipeline.tripwire.lexer import atoms_at, is_gap, tokens_of

_LONGEST_CODE = 120
_MOST_CODE_GAPS = 4
_LONGEST_LETTERS = 4
_FEWEST_WEAK = 3
_APART = frozenset({"comma", "joint", "number"})
_NO_CODE = frozenset({"dob", "mrn", "ssn", "nhs", "id", "bp", "hr", "er", "icu", "ct", "mri"})
_WORDS_OF_A_LETTER = frozenset("aiye")


class Code(NamedTuple):
    """Where letters and digits that belong together end, and how many of each there are."""

    end: int
    digits: int
    letters: int


def code_at(text: str, start: int) -> Code:
    """What is told from `start` on, digit by digit and letter by letter: `P J N, six oh four`, `7K - LR 224`."""
    tokens = tokens_of(text, start, start + _LONGEST_CODE)
    end, digits, letters = start, 0, 0
    position = gaps = commas = fillers = weak = 0
    while position < len(tokens) and gaps <= _MOST_CODE_GAPS:
        token = tokens[position]
        atoms, used = atoms_at(tokens, position, 0)
        size = sum(len(atom.digits) for atom in atoms) or (len(token[0]) if token.lastgroup == "number" else 0)
        if size:
            weak = weak + len(atoms) if atoms and all(atom.weak for atom in atoms) else 0
            # One word that may be a digit belongs to what follows as often; several in a row are digits.
            if not 0 < weak < _FEWEST_WEAK:
                end = tokens[position + max(used, 1) - 1].end()
            digits, position = digits + size, position + max(used, 1)
            gaps = commas = fillers = 0
        elif _is_letter(tokens, position, begun=letters > 0) or (
            not (commas and not fillers) and _is_group_of_letters(text, token)
        ):
            letters += token.end() - token.start()
            if text[token.start()].isupper() or token.end() - token.start() > 1:
                end = token.end()
            gaps = commas = fillers = weak = 0
            position += _letter_tokens(tokens, position)
        elif is_gap(token) or token[0] in "是号":
            gaps, position = gaps + 1, position + 1
            commas += token.lastgroup == "comma"
            fillers += token.lastgroup in ("gap", "word")
        else:
            break
    return Code(end, digits, letters)


def _is_letter(tokens: list[re.Match[str]], position: int, *, begun: bool) -> bool:
    token = tokens[position]
    if token.lastgroup != "word" or len(token[0]) > 1:
        return False
    return token[0] not in _WORDS_OF_A_LETTER or (begun and _stands_apart(tokens, position))


def _is_group_of_letters(text: str, token: re.Match[str]) -> bool:
    if token.lastgroup != "word" or len(token[0]) == 1 or token[0] in _NO_CODE:
        return False
    written = text[token.start() : token.end()]
    told = written.isupper() or not written.isascii() or _beside_digit(token)
    return told and len(written) <= _LONGEST_LETTERS


def _stands_apart(tokens: list[re.Match[str]], position: int) -> bool:
    """Before a pause, a numeral or another letter; before a word it may be an article."""
    following = tokens[position + 1 : position + 2]
    return not following or following[0].lastgroup in _APART or len(following[0][0]) == 1


def _beside_digit(token: re.Match[str]) -> bool:
    text = token.string
    return text[token.start() - 1 : token.start()].isdecimal() or text[token.end() : token.end() + 1].isdecimal()


def _letter_tokens(tokens: list[re.Match[str]], position: int) -> int:
    """A letter takes the words that tell it: `D as in dog`."""
    return 4 if [token[0] for token in tokens[position + 1 : position + 3]] == ["as", "in"] else 1
