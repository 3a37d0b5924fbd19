"""From a window to the messages a guard model reads, and nothing a transcript says can leave its slot.

A profile turns a window into chat messages; the model's own chat template turns those into the prompt, and `Safety:`
is appended, so that the next token is the label. `consultguard` is spoken by the project's mini guard and by an
adapter for the 8B model: one user message that lists the earlier turns and then the chunk. `qwen3guard` is the stock
model: its template judges only the last message, as the USER's query (its prompt mode) or the ASSISTANT's response.
`instruct` is any instruction model: the labelling guide as the system's message, the same lines as the user's, and a
whole answer (pipeline.judge.instruct) in place of the label's token.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.domain.judgment import Judgment
from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.window import ContextWindow
from pipeline.judge.instructions import EXPLAINING, JUDGING, JUDGING_VERSION, language_name

PREFILL = "Safety:"
"""Appended to the rendered prompt; the label is the one token after it (Qwen3Guard's grammar, first line)."""

ProfileName = Literal["consultguard", "qwen3guard", "instruct"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Profile:
    """How one family of models is asked. `version` changes whenever the same window would give another prompt."""

    name: ProfileName
    version: str
    messages: Callable[[ContextWindow], Sequence[Message]]


# Special tokens of every ChatML model, Qwen3's tags that are one token, and the section marks of Qwen3Guard's template.
_SPECIAL = re.compile(r"<(?=[|/]?\s*(?:\||BEGIN\b|END\b|think\b|tool_|im_))|(?<=\|)>", re.IGNORECASE)


def neutralise(text: str) -> str:
    """`text` as one line that can neither close its slot, forge a speaker's line, nor spell a special token.

    Every run of white space (line and paragraph separators too) becomes one space; the angle bracket of anything that
    looks like a token or section mark becomes a guillemet; half a surrogate pair, which no tokenizer reads, a question
    mark. Idempotent.
    """
    readable = " ".join(text.split()).encode("utf-8", "replace").decode()
    return _SPECIAL.sub(lambda match: "‹" if match.group() == "<" else "›", readable)


def explanation_messages(window: ContextWindow, finding: Judgment) -> Sequence[Message]:
    """What a model is asked that only explains `finding`: its words are ours, not the judging model's."""
    found = f"FINDING {finding.label}" + (f": {', '.join(finding.categories)}" if finding.categories else "")
    lines = (_conversation(window), found, _asked_language(window))
    return (Message("system", EXPLAINING), Message("user", "\n".join(lines)))


def _conversation(window: ContextWindow) -> str:
    lines = [f"{turn.role}: {neutralise(turn.text)}" for turn in window.turns]
    chunk = window.chunk
    lines.append(f"JUDGE {chunk.chunk.speaker.role}: {neutralise(chunk.text)}")
    return "\n".join(lines)


def _asked_language(window: ContextWindow) -> str:
    return f"REASON IN {language_name(window.chunk.chunk.language)}"


def _consultguard(window: ContextWindow) -> Sequence[Message]:
    return (Message("user", _conversation(window)),)


def _instruct(window: ContextWindow) -> Sequence[Message]:
    return (Message("system", JUDGING), Message("user", f"{_conversation(window)}\n{_asked_language(window)}"))


def _qwen3guard(window: ContextWindow) -> Sequence[Message]:
    """Every speaker is the USER (the template's prompt mode); nobody is the ASSISTANT, the clinician included.

    Response mode is written for a chatbot's answer: it asks about a refusal, has no `Jailbreak` (anyone in a call may
    try one), defines `Controversial` by "audience" rather than intent, and drops the text of an assistant who speaks
    first. It would also let a role nobody is sure of choose the question and with it the scores, and thresholds are
    set for one question. So the role is named in the text, and earlier turns, which the model reads as context and
    does not judge, are earlier USER messages.
    """
    earlier = [Message("user", f"({turn.role}) {neutralise(turn.text)}") for turn in window.turns]
    chunk = window.chunk
    return (*earlier, Message("user", f"({chunk.chunk.speaker.role}) {neutralise(chunk.text)}"))


PROFILES: dict[ProfileName, Profile] = {
    "consultguard": Profile("consultguard", "consultguard/1", _consultguard),
    "qwen3guard": Profile("qwen3guard", "qwen3guard/1", _qwen3guard),
    "instruct": Profile("instruct", JUDGING_VERSION, _instruct),
}

ROLE_WORDS: frozenset[str] = frozenset(role.value for role in SpeakerRole)
"""The words that open a line of the `consultguard` profile; the mini guard is trained with exactly these."""
