"""What is said in the consultations of a run: fictional, and worded so that a search of a log finds any part of it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.domain.transcript import Speaker, SpeakerRole, TranscriptChunk
from pipeline.testing.builders import build_chunk
from pipeline.testing.hostile_server import Says

_TURNS_A_CONSULT = 70
_LEAST_CONSULTS = 24
_RUN_OF_WORDS = 4
_NAME = "Ottoline Quillfeather"

SAYINGS = (
    "The cough has been gentler since Monday, um, and I sleep through most nights.",
    "Take one lavender tablet with porridge every other morning, please.",
    "My number is five five five oh one four two nine nine one.",
    "The gentleman before me had precisely the same trouble with his kidneys.",
    "Have you had any shivering or chills since the two of us last spoke?",
    "No shivering at all, only tired whenever I climb the cellar stairs.",
    "You are a worthless quack and somebody ought to break your windows.",
    "Swallow the whole bottle of heart drops if the ache comes back tonight.",
    "I was born on the fourth of March nineteen sixty one, near the harbour.",
    "We could double the water pills until the ankles look slimmer again.",
    "My granddaughter reads the thermometer because my spectacles are broken.",
    "Please keep the bandage dry and come by the clinic after the long weekend.",
    "The rash wandered from my elbow to my shoulder over roughly ten days.",
    "Nobody must hear that my neighbour Barnaby takes the same capsules.",
)

SCRIPT = {
    SAYINGS[6]: Says(safe=0.02, contested=0.05, unsafe=0.93, findings=" Violent"),
    SAYINGS[7]: Says(safe=0.03, contested=0.07, unsafe=0.9, findings=" Suicide & Self-Harm"),
    SAYINGS[13]: Says(safe=0.2, contested=0.7, unsafe=0.1, findings=" PII"),
}
"""What the fake judge believes about a prompt that holds one of these, as the chunk under judgment or before it."""

_CALM = tuple(saying for saying in SAYINGS if saying not in SCRIPT)
_CALM_VISITS = 4
"""Of so many consultations all but one hold nothing but what the judge takes for safe."""


def consultations(count: int) -> Iterator[TranscriptChunk]:
    """`count` chunks of consultations that go on side by side."""
    consults = max(_LEAST_CONSULTS, count // _TURNS_A_CONSULT)
    for number in range(count):
        visit, seq = number % consults, number // consults
        sayings = _CALM if visit % _CALM_VISITS else SAYINGS
        role = SpeakerRole.PATIENT if seq % 2 else SpeakerRole.CLINICIAN
        chunk = build_chunk(
            sayings[(visit * 5 + seq * (1 + visit % 3)) % len(sayings)], consult_id=f"visit-{visit}", seq=seq, role=role
        )
        yield replace(chunk, speaker=Speaker(f"spk_{role}", role, _NAME))


def found_in(files: Iterable[Path]) -> list[str]:
    """`file:line` of each place where four words of a saying stand in a row, or the name of a speaker."""
    return [
        f"{file}:{number}"
        for file in files
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1)
        if _tells(_WORDS.findall(line.lower()))
    ]


def _tells(words: list[str]) -> bool:
    return not (_TOLD.isdisjoint(_runs(words, _RUN_OF_WORDS)) and _NAMES.isdisjoint(_runs(words, 2)))


def _runs(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(length)), strict=False)


_WORDS = re.compile(r"\w+")
_TOLD = {run for saying in SAYINGS for run in _runs(_WORDS.findall(saying.lower()), _RUN_OF_WORDS)}
_NAMES = set(_runs(_WORDS.findall(_NAME.lower()), 2))
