"""What the turns before a chunk lend to it: the digits its speaker began with, and what was asked.

A telephone number told in three breaths is three chunks, each harmless alone. The thread puts the speaker's earlier
pieces, and in place of another's question the words for what it asked, before the chunk, so that the detectors read
what a listener hears. Turns carry roles, not speakers; of two patients in one consultation the pieces would join.
"""

import re

from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.window import ContextWindow, Turn
from pipeline.tripwire.back_channels import is_back_channel
from pipeline.tripwire.cues import Asked, asked_in
from pipeline.tripwire.folding import fold
from pipeline.tripwire.hints import may_answer
from pipeline.tripwire.pieces import ENDS, is_echo, joined, piece_of

_MARKS = re.compile(r"(?: *\(overlapping[^)]*\)| *\.\.\.)+\Z")
_LONGEST_QUESTION = 200
# The rest of an e-mail address follows without a space.
_GOES_ON = (".", "@")


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
        if is_back_channel(text):
            continue
        piece = piece_of(text) if turn.role == role else ""
        if piece:
            pieces.append(piece)
            if piece != text:
                break
            continue
        if turn.role != role and is_echo(text):
            continue
        found = asked_in(text[-_LONGEST_QUESTION:])
        asked += found
        if not _goes_on(found):
            break
    written = _written(asked, pieces, own=_own_cues(before, role, asked))
    return written.rstrip(ENDS) if chunk_text[:1] in _GOES_ON else written


_CONTINUING = frozenset({Asked.REST, Asked.LAST_FEW, Asked.BIRTH_PART})


def _goes_on(asked: tuple[Asked, ...]) -> bool:
    """Asked for the rest, a listener heard the beginning before."""
    return not _CONTINUING.isdisjoint(asked)


def _written(asked: list[Asked], pieces: list[str], *, own: str) -> str:
    """Pieces oldest first; what stands for a question comes first of all, so that it divides no number."""
    if not asked and not pieces and not own:
        return ""
    return own + "".join(cue for cue in Asked if cue in asked) + joined(pieces[::-1])


def _own_cues(turns: tuple[Turn, ...], role: SpeakerRole, asked: list[Asked]) -> str:
    """Asked to spell it, one spells what one said just before."""
    if Asked.SPELLING not in asked:
        return ""
    before = next((turn.text for turn in reversed(turns) if turn.role == role), "")
    return Asked.NAME if Asked.NAME in asked_in(before) else ""
