"""Letters and digits told together: plates, serials, member numbers."""

import re
from typing import NamedTuple

from pipeline.tripwire.lexer import atoms_at, is_gap, tokens_of

_LONGEST_CODE = 120
_MOST_CODE_GAPS = 4
_LONGEST_LETTERS = 4
_NO_CODE = frozenset({"dob", "mrn", "ssn", "nhs", "id", "bp", "hr", "er", "icu", "ct", "mri", "a", "i", "y", "e"})


class Code(NamedTuple):
    """Where letters and digits that belong together end, and how many of each there are."""

    end: int
    digits: int
    letters: int


def code_at(text: str, start: int) -> Code:
    """What is told from `start` on, digit by digit and letter by letter: `P J N, six oh four`, `7K - LR 224`."""
    tokens = tokens_of(text, start, start + _LONGEST_CODE)
    end, digits, letters = start, 0, 0
    position = gaps = commas = fillers = 0
    while position < len(tokens) and gaps <= _MOST_CODE_GAPS:
        token = tokens[position]
        atoms, used = atoms_at(tokens, position, 0)
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
        elif is_gap(token) or token[0] in "是号":
            gaps, position = gaps + 1, position + 1
            commas += token.lastgroup == "comma"
            fillers += token.lastgroup in ("gap", "word")
        else:
            break
    return Code(end, digits, letters)


def _is_code_letters(text: str, token: re.Match[str], *, after_comma: bool) -> bool:
    if token.lastgroup != "word" or token[0] in _NO_CODE:
        return False
    if len(token[0]) == 1:
        return True
    written = text[token.start() : token.end()]
    told = written.isupper() or not written.isascii() or _beside_digit(token)
    return len(written) <= _LONGEST_LETTERS and not after_comma and told


def _beside_digit(token: re.Match[str]) -> bool:
    text = token.string
    return text[token.start() - 1 : token.start()].isdecimal() or text[token.end() : token.end() + 1].isdecimal()


def _letter_tokens(tokens: list[re.Match[str]], position: int) -> int:
    """A letter takes the words that tell it: `D as in dog`."""
    return 4 if [token[0] for token in tokens[position + 1 : position + 3]] == ["as", "in"] else 1
