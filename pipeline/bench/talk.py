"""The chunks a load run sends: known, all different, and shaped as a consultation is."""

import math
from dataclasses import dataclass

from pipeline.domain.transcript import SpeakerRole, TranscriptChunk
from pipeline.testing.builders import build_chunk

_TURNS = 70
"""Of a consultation, where nobody says how many consultations there are to be."""
_AT_ONCE = 200
_IDENTIFIER_EVERY = 31
_SOMEONE_ELSE_EVERY = 17
_ASKED = (
    "So, um, tell me whether", "Let me ask if", "I would like to know whether", "Can you say if",
    "Before we go on, tell me whether", "Did you notice whether", "Remind me if",
)  # fmt: skip
_ANSWERED = (
    "Well, um, I would say", "Honestly", "To be exact", "I think", "As far as I can tell", "My wife says",
    "I noticed that",
)  # fmt: skip
_PARTS = (
    ("the pain", "the cough", "the dizziness", "the swelling", "the itching", "the tightness in the chest",
     "the headache",
     "the stiffness", "the ringing in the ears", "the heartburn", "the tingling"),
    ("is a little better", "is about the same", "comes back now and then", "goes away with rest",
     "gets in the way of work",
     "starts after meals", "moves to the left side", "is there all day", "eases with the tablets",
     "is worst on the stairs",
     "is gone by noon", "comes with a warm feeling", "is stronger than before"),
    ("since Monday,", "since we last spoke,", "over the weekend,", "in the mornings,", "at night,",
     "after the new dose,",
     "when lying down,", "on the days without tablets,", "after a walk,", "with the inhaler,", "with something cold,",
     "this week,", "compared with last month,", "when the weather turns,", "under stress,", "after sitting for long,",
     "when carrying shopping,"),
    ("and sleep is fine.", "and sleep is short.", "and the appetite is good.", "and the appetite is poor.",
     "and there is no fever.", "and there was some fever.", "and the breathing is easy.",
     "and the breathing is harder.",
     "and nothing else has changed.", "and the mood is low.", "and the mood is good.", "and the tablets agree well.",
     "and the tablets upset the stomach.", "and the skin is dry.", "and the ankles are thicker.",
     "and the weight is steady.",
     "and the weight went down.", "and work goes on.", "and work had to wait."),
)  # fmt: skip
# A multiplier that shares no factor with the number of turns there are makes each number another turn.
_TURNS_THERE_ARE = math.prod(len(some) for some in (_ASKED, *_PARTS))
_STRIDE = 104_729
_IDENTIFIER = "You can reach me at five five five oh one {} {}."
_SOMEONE_ELSE = "The woman before me had the same thing with her kidneys."
_DIGITS = ("oh one", "one two", "two three", "three four", "four five", "five six", "six six", "seven eight", "nine")


@dataclass(frozen=True, slots=True)
class Talk:
    """`chunks` chunks of about `consults` consultations, `at_once` of which go on at a time, turn by turn."""

    chunks: int
    consults: int
    at_once: int

    @property
    def turns(self) -> int:
        """Of one consultation; the last ones may be shorter."""
        return math.ceil(self.chunks / self.consults)

    def chunk(self, number: int) -> TranscriptChunk:
        """The chunk with this number, from 0 in the order of sending; the same every time."""
        consult, seq = self._place(number)
        role = SpeakerRole.PATIENT if seq % 2 else SpeakerRole.CLINICIAN
        return build_chunk(_said(number, role), consult_id=f"bench-{consult}", seq=seq, role=role)

    def consult(self, number: int) -> int:
        """Which consultation it belongs to, from 0."""
        return self._place(number)[0]

    def _place(self, number: int) -> tuple[int, int]:
        wave, place = divmod(number, self.at_once * self.turns)
        seq, lane = divmod(place, self.at_once)
        return wave * self.at_once + lane, seq


def plan_talk(chunks: int, *, consults: int | None, at_once: int | None) -> Talk:
    """Without `consults` each has about 70 turns, and there are twelve at least, so that no partition stands idle."""
    consults = min(chunks, consults or max(12, chunks // _TURNS))
    return Talk(chunks, consults, min(consults, at_once or _AT_ONCE))


def _said(number: int, role: SpeakerRole) -> str:
    """No two numbers below `_TURNS_THERE_ARE` say the same, so that no judge's memory answers for it."""
    place = number * _STRIDE % _TURNS_THERE_ARE
    words: list[str] = []
    for some in (_ANSWERED if role is SpeakerRole.PATIENT else _ASKED, *_PARTS):
        place, chosen = divmod(place, len(some))
        words.append(some[chosen])
    if role is SpeakerRole.PATIENT and number % _IDENTIFIER_EVERY == 0:
        words.append(_IDENTIFIER.format(_DIGITS[number % 9], _DIGITS[number // 9 % 9]))
    elif role is SpeakerRole.PATIENT and number % _SOMEONE_ELSE_EVERY == 0:
        words.append(_SOMEONE_ELSE)
    return " ".join(words)
