"""What of a turn may be the beginning or the middle of an identifier told over several, and how pieces are joined."""

import re
from collections.abc import Iterable

from pipeline.tripwire.back_channels import is_back_channel
from pipeline.tripwire.cues import CLINICAL, Asked, asked_in
from pipeline.tripwire.digits import digit_runs, only_gaps, sounds_like_digits

ENDS = " .,;-。，；、"
_LEAD_KEPT = 60
_SEPARATOR = ", "
# After a numeral or a letter a comma would end the number.
_NUMERAL_END = re.compile(r"[0-9A-Z]\Z")
_BETWEEN = r"[ .,，、\-–]{1,3}"
_LETTER = r"(?<![A-Za-z'’])[A-Za-z](?![A-Za-z'’])"
# Letters of a name, one or a few a turn.
_LETTER_TAIL = re.compile(rf"{_LETTER}(?:{_BETWEEN}{_LETTER})*[ .,，、。]*\Z")
_LETTERS = re.compile(rf"{_LETTER}(?:{_BETWEEN}{_LETTER})*")
# A day or a year of a date told piece by piece.
_DATE_PART = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|f[eé]v|avr|mai|juin|juil|ao[uû]t|"
    r"d[eé]c|okt|dez|m[aä]r)\w*|"
    r"\b(?:19|20)\d\d\b|nineteen|mil novecientos|mille neuf|neunzehnhundert|年|月",
    re.IGNORECASE,
)
_LONGEST_DATE_PART = 40
# The tens of a day: of 二十 the 五 may follow in another turn.
_HAN_TENS = re.compile(r"[一二三]?十[一二三四五六七八九]?[日号號]?[ ，。,.]*")
_TENS_END = "十"
# The beginning of a plate, a serial number, an e-mail address.
_CODE_TAIL = re.compile(r"(?:[A-Z]{0,4}\d[\dA-Z]*|[A-Z]{1,4}|[\w.+-]+@[\w.-]*)[ ,.，。]*\Z")
_CODE_TURN = re.compile(r"(?:[A-Z\d]{1,6}[ -]?){1,3}[ ,.，。]*|[\w.+-]+@[\w.-]*")
_REGISTERED = frozenset({Asked.RECORD, Asked.INSURANCE, Asked.ACCOUNT, Asked.CARD, Asked.EMAIL, Asked.NATIONAL})
_DECIMAL = re.compile(r"(?:point|over|/|punto|coma|virgule|komma|sur|sobre|点) *\Z", re.IGNORECASE)
_LONGEST_BY_SOUND = 24


def piece_of(text: str) -> str:
    """The end of a turn from its last digits or letters on, with a few words before them; empty without such an end."""
    if len(text) <= _LONGEST_DATE_PART and (_DATE_PART.search(text) or _HAN_TENS.fullmatch(text)):
        return text
    runs = digit_runs(text)
    if runs and only_gaps(text[runs[-1].end :]):
        run = runs[-1]
        lead = text[: run.start]
        if CLINICAL.search(lead) or (_DECIMAL.search(lead) and Asked.BIRTH not in asked_in(lead)):
            return ""
        return text if not re.search(r"\w", lead) else text[max(0, run.start - _LEAD_KEPT) :]
    if len(text) <= _LONGEST_BY_SOUND and sounds_like_digits(text):
        return text
    tail = _CODE_TAIL.search(text)
    if tail and ("@" in tail[0] or _CODE_TURN.fullmatch(text) or _REGISTERED.intersection(asked_in(text))):
        return text[-_LEAD_KEPT:]
    letters = _LETTER_TAIL.search(text[-_LEAD_KEPT:])
    return text[-_LEAD_KEPT:] if letters else ""


def is_echo(text: str) -> bool:
    """Nothing but digits, or nothing but letters, said back, with an "okay" at most."""
    runs = digit_runs(text)
    if len(runs) == 1:
        return _says_nothing(text[: runs[0].start]) and _says_nothing(text[runs[0].end :])
    letters = _LETTERS.match(text)
    return letters is not None and _says_nothing(text[letters.end() :])


def _says_nothing(text: str) -> bool:
    return not re.search(r"\w", text) or is_back_channel(text.lstrip(ENDS + "?？"))


def joined(pieces: Iterable[str]) -> str:
    """Pieces, oldest first, as one text that goes on."""
    return "".join(_with_separator(piece.rstrip(ENDS)) for piece in pieces)


def _with_separator(piece: str) -> str:
    if piece.endswith(_TENS_END):
        return piece
    return piece + (" " if _NUMERAL_END.search(piece) else _SEPARATOR)
