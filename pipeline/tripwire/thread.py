"""What the turns before a chunk lend to it: the digits its speaker began with, and what was asked.

A telephone number told in three breaths is three chunks, each harmless alone. The thread puts the speaker's earlier
pieces, and in place of another's question the words for what it asked, before the chunk, so that the detectors read
what a listener hears. Turns carry roles, not speakers; of two patients in one consultation the pieces would join.
"""

import re

from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.window import ContextWindow, Turn
from pipeline.tripwire.cues import CLINICAL, Asked, asked_in
from pipeline.tripwire.digits import digit_runs, only_gaps
from pipeline.tripwire.folding import fold
from pipeline.tripwire.hints import may_answer

_MARKS = re.compile(r"(?: *\(overlapping[^)]*\)| *\.\.\.)+\Z")
_BACK_CHANNEL = re.compile(
    r"(?:(?:ok(?:ay)?|m+[ -]?h+m+|mhm|uh[ -]huh|yes|yeah|yep|right|got it|go (?:on|ahead)|sure|thanks?(?: you)?|"
    r"alright|all right|"
    r"perfect|great|good|and|then|next|so|after that|what(?:'s| is) next|what comes (?:next|after)|sorry|pardon|"
    r"say (?:that )?again|one (?:more )?time|"
    r"hold on|wait|let me (?:see|get|find|check|look|write|grab)[\w ]{0,25}|just a (?:sec(?:ond)?|moment|"
    r"minute)|one (?:sec(?:ond)?|moment)|"
    r"take your time|i'?m (?:writing|listening|ready)[\w ]{0,20}|slower|slowly|please|continue|keep going|"
    r"that'?s (?:right|it|correct)|correct|"
    r"um+|uh+|er+|hm+|嗯+|好的?|对+|是的?|行|哦|继续|然后呢?|后面呢?|接着(?:说|呢)?|还有呢?|请(?:说|讲|"
    r"继续)|你说|您说|慢(?:点|一点)说?|稍等|等一?下|"
    r"记(?:下|好)了|我记一下|"
    r"s[ií]|vale|bien|claro|siga|contin[uú]e|y|luego|perd[oó]n|espere|de acuerdo|ok|oui|d'accord|tr[eè]s bien|"
    r"allez-y|continuez|ensuite|et|puis|"
    r"pardon|attendez|a?j[aá]|うん|はい|ええ|どうぞ|続けて(?:ください)?|네|예|да|так|угу|نعم|طيب|تفضل|"
    r"mm[ -]hm|gut|genau|weiter|und|dann|moment|bitte|langsam|in ordnung|alles klar)[\s,.!?，。！？、…-]*)+",
    re.IGNORECASE,
)
_LONGEST_BACK_CHANNEL = 60
_LONGEST_QUESTION = 200
_LEAD_KEPT = 60
_SEPARATOR = ", "
# After a numeral or a letter a comma would end the number.
_NUMERAL_END = re.compile(r"[0-9A-Z]\Z")
# The rest of an e-mail address follows without a space.
_GOES_ON = (".", "@")
_ENDS = " .,;-。，；"
# Letters of a name, one or a few a turn.
_LETTER_TAIL = re.compile(r"(?:(?<![A-Za-z'’])[A-Za-z][ .,\-–]{1,3})*(?<![A-Za-z'’])[A-Za-z][ .,]*\Z")
# A day or a year of a date told piece by piece.
_DATE_PART = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|f[eé]v|avr|mai|juin|juil|ao[uû]t|"
    r"d[eé]c|okt|dez|m[aä]r)\w*|"
    r"\b(?:19|20)\d\d\b|nineteen|mil novecientos|mille neuf|neunzehnhundert|年|月",
    re.IGNORECASE,
)
_LONGEST_DATE_PART = 40
# The beginning of a plate, a serial number, an e-mail address.
_CODE_TAIL = re.compile(r"(?:[A-Z]{0,4}\d[\dA-Z]*|[A-Z]{1,4}|[\w.+-]+@[\w.-]*)[ ,.]*\Z")
_CODE_TURN = re.compile(r"(?:[A-Z\d]{1,6}[ -]?){1,3}[ ,.]*|[\w.+-]+@[\w.-]*")
_REGISTERED = frozenset({Asked.RECORD, Asked.INSURANCE, Asked.ACCOUNT, Asked.CARD, Asked.EMAIL, Asked.NATIONAL})
_DECIMAL = re.compile(r"(?:point|over|/|punto|coma|virgule|komma|sur|sobre|点) *\Z", re.IGNORECASE)


def thread_before(window: ContextWindow, chunk_text: str) -> str:
    """Text to read before the chunk, ending where `chunk_text` goes on; empty where nothing carries over."""
    before = (*window.earlier, *window.turns)
    if not before or not may_answer(chunk_text):
        return ""
    role = window.chunk.chunk.speaker.role
    pieces: list[str] = []
    asked: list[Asked] = []
    for turn in reversed(before):
        text = fold(_MARKS.sub("", turn.text)).text
        if len(text) <= _LONGEST_BACK_CHANNEL and _BACK_CHANNEL.fullmatch(text):
            continue
        piece = _piece(text) if turn.role == role else ""
        if piece:
            pieces.append(piece)
            if piece != text:
                break
            continue
        if turn.role != role and _is_echo(text):
            continue
        found = asked_in(text[-_LONGEST_QUESTION:])
        asked += found
        if not _goes_on(found):
            break
    written = _written(asked, pieces, own=_own_cues(before, role, asked))
    return written.rstrip(_ENDS) if chunk_text[:1] in _GOES_ON else written


_CONTINUING = frozenset({Asked.REST, Asked.LAST_FEW, Asked.BIRTH_PART})


def _goes_on(asked: tuple[Asked, ...]) -> bool:
    """Asked for the rest, a listener heard the beginning before."""
    return not _CONTINUING.isdisjoint(asked)


def _written(asked: list[Asked], pieces: list[str], *, own: str) -> str:
    """Pieces oldest first; what stands for a question comes first of all, so that it divides no number."""
    if not asked and not pieces and not own:
        return ""
    said = [piece.rstrip(_ENDS) for piece in reversed(pieces)]
    joined = "".join(piece + (" " if _NUMERAL_END.search(piece) else _SEPARATOR) for piece in said)
    return own + "".join(cue for cue in Asked if cue in asked) + joined


def _own_cues(turns: tuple[Turn, ...], role: SpeakerRole, asked: list[Asked]) -> str:
    """Asked to spell it, one spells what one said just before."""
    if Asked.SPELLING not in asked:
        return ""
    before = next((turn.text for turn in reversed(turns) if turn.role == role), "")
    return Asked.NAME if Asked.NAME in asked_in(before) else ""


def _piece(text: str) -> str:
    """The end of a turn from its last digits or letters on, with a few words before them; empty without such "
    "an end."""
    if len(text) <= _LONGEST_DATE_PART and _DATE_PART.search(text):
        return text
    runs = digit_runs(text)
    if runs and only_gaps(text[runs[-1].end :]):
        run = runs[-1]
        lead = text[: run.start]
        if CLINICAL.search(lead) or (_DECIMAL.search(lead) and Asked.BIRTH not in asked_in(lead)):
            return ""
        return text if not re.search(r"\w", lead) else text[max(0, run.start - _LEAD_KEPT) :]
    tail = _CODE_TAIL.search(text)
    if tail and ("@" in tail[0] or _CODE_TURN.fullmatch(text) or _REGISTERED.intersection(asked_in(text))):
        return text[-_LEAD_KEPT:]
    letters = _LETTER_TAIL.search(text[-_LEAD_KEPT:])
    return text[-_LEAD_KEPT:] if letters else ""


def _is_echo(text: str) -> bool:
    """Nothing but digits said back."""
    runs = digit_runs(text)
    return len(runs) == 1 and not re.search(r"\w", text[: runs[0].start] + text[runs[0].end :])
