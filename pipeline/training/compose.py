"""Puts a labelled phrase where it would be said: after other turns, inside other talk or another language."""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from pipeline.context.consultations import ContextLimits
from pipeline.context.turns import estimate_tokens
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row, role_of
from pipeline.training.corpus import Dialogue
from pipeline.training.grammar import Grammar, Section
from pipeline.training.identifiers import Identifiers
from pipeline.training.noise import roughen

Context = tuple[tuple[SpeakerRole, str], ...]

_CONTEXT_TURNS = (0, 0, 0, 0, 0, 1, 1, 2, 2, 4, 11)
_SENTENCE_END = re.compile(r"(?<=[.?!。？！]) ?")
_CARRIER_CHARS = {"en": 240, "zh": 90}


@dataclass(frozen=True, slots=True)
class Voice:
    """A language's phrases and the generator of its slot values."""

    grammar: Grammar
    identifiers: Identifiers


class Composer:
    """Builds rows of one side of the split: its dialogues are the carriers, its phrases the content."""

    def __init__(
        self, voices: dict[str, Voice], dialogues: list[Dialogue], *, held_out: bool, rng: random.Random
    ) -> None:
        self._voices = voices
        self._held_out = held_out
        self._rng = rng
        self._natural: dict[str, list[Dialogue]] = {}
        for dialogue in dialogues:
            if dialogue.held_out == held_out and len(dialogue.turns) > 1:
                self._natural.setdefault(dialogue.lang, []).append(dialogue)
        # Between one dialogue, one draw and one turn, one draw: long visits count for more, but do not drown the rest.
        self._weights = {
            lang: list(accumulate(len(dialogue.turns) ** 0.7 for dialogue in chosen))
            for lang, chosen in self._natural.items()
        }
        self._titled = [
            (dialogue, index)
            for dialogue in self._natural.get("en", [])
            for index, turn in enumerate(dialogue.turns)
            if turn.titled
        ]
        self._safe = {
            lang: [s for s in voice.grammar.sections if s.label is RiskLevel.SAFE and not s.solo]
            for lang, voice in voices.items()
        }

    def natural(self, lang: str) -> Row | None:
        """A clean turn as it stands, with the turns before it; None where the draw was not clean."""
        dialogue, index = self._pick(lang)
        turn = dialogue.turns[index]
        if not turn.clean:
            return None
        text = roughen(turn.text, lang, self._rng) if self._rng.random() < 0.3 else turn.text
        context = self._before(dialogue, index)
        return Row(context, turn.role, text, RiskLevel.SAFE, None, lang, f"natural/{dialogue.source}")

    def titled(self) -> Row | None:
        """A natural turn that names a titled patient."""
        if not self._titled:
            return None
        dialogue, index = self._rng.choice(self._titled)
        turn = dialogue.turns[index]
        context = self._before(dialogue, index)
        return Row(context, turn.role, turn.text, RiskLevel.UNSAFE, Category.PHI, "en", f"titled/{dialogue.source}")

    def phrase(self, lang: str, section: Section) -> Row:
        """A phrase of `section`, as said; most of the time with turns before it, half of the time inside other talk."""
        spoken = self._expand(lang, self._rng.choice(section.phrases(self._held_out)))
        *earlier, last = [part.strip() for part in spoken.split("||")]
        role, text = self._turn(last, section)
        context = self._context(lang) + tuple(self._turn(part, section) for part in earlier)
        before, after, joiner = "", "", ""
        if not section.solo and not earlier and self._rng.random() < 0.5:
            before, after, joiner = self._around(lang)
        # One seed for the three parts: they are roughened alike, and where the finding stands stays known.
        seed = self._rng.random()
        before, text, after = (roughen(part, lang, random.Random(seed)) for part in (before, text, after))  # noqa: S311
        head = f"{before}{joiner}" if before else ""
        whole = f"{head}{text}{joiner}{after}" if after else f"{head}{text}"
        span = (len(head), len(head) + len(text))
        return Row(_fitting(context), role, whole, section.label, section.category, lang, section.name, span)

    def after(self, lang: str, section: Section) -> Row | None:
        """A safe chunk that follows an unsafe or contested turn: the turn before is context, not the finding."""
        spoken = self._expand(lang, self._rng.choice(section.phrases(self._held_out)))
        earlier = tuple(self._turn(part.strip(), section) for part in spoken.split("||"))
        row = self.natural(lang) if lang in self._natural else None
        if row is None or self._rng.random() < 0.5:
            row = self.phrase(lang, self._rng.choice(self._safe[lang]))
        # A question for an identifier, still open before the chunk, could make plain words its answer.
        gap = row.context[-1:] if self._rng.random() < 0.5 else ()
        context = _fitting(self._context(lang) + earlier + gap)
        return Row(context, row.role, row.text, RiskLevel.SAFE, None, lang, f"after/{section.name}")

    def _expand(self, lang: str, phrase: str) -> str:
        voice = self._voices[lang]
        return voice.grammar.expand(phrase, self._rng, voice.identifiers.fill)

    def _turn(self, part: str, section: Section) -> tuple[SpeakerRole, str]:
        head, colon, rest = part.partition(": ")
        if colon and head in ("clinician", "patient", "interpreter", "other"):
            return role_of(head), rest
        role = self._rng.choice(section.roles)
        return (SpeakerRole.UNKNOWN if self._rng.random() < 0.06 else role), part

    def _carrier(self, lang: str) -> str:
        if lang in self._natural and self._rng.random() < 0.75:
            for _ in range(8):
                dialogue, index = self._pick(lang)
                turn = dialogue.turns[index]
                if turn.clean and len(turn.text) <= _CARRIER_CHARS[lang]:
                    return turn.text
        section = self._rng.choice(self._safe[lang])
        text = self._expand(lang, self._rng.choice(section.phrases(self._held_out)))
        return text.split("||")[-1].strip()

    def _around(self, lang: str) -> tuple[str, str, str]:
        """Other talk to stand before and after a phrase, either of them perhaps empty, and what joins them."""
        other = lang
        if lang == "zh" and self._rng.random() < 0.05:
            other = "en"
        elif lang != "zh" and self._rng.random() < 0.05:
            other = self._rng.choice(["en", "zh"])
        carrier = self._carrier(other if other in self._voices else lang)
        joiner = "" if lang in ("zh", "ja") and other == lang else " "
        where = self._rng.random()
        if where < 0.4:
            return carrier, "", joiner
        if where < 0.75:
            return "", carrier, joiner
        parts = [part for part in _SENTENCE_END.split(carrier) if part]
        cut = self._rng.randint(0, len(parts))
        return joiner.join(parts[:cut]), joiner.join(parts[cut:]), joiner

    def _context(self, lang: str) -> Context:
        count = self._rng.choice(_CONTEXT_TURNS)
        if not count:
            return ()
        if lang in self._natural and self._rng.random() < 0.6:
            dialogue, index = self._pick(lang)
            return _fitting((t.role, _tail(t.text, lang)) for t in dialogue.turns[max(0, index - count) : index])
        roles = (SpeakerRole.CLINICIAN, SpeakerRole.PATIENT)
        start = self._rng.randint(0, 1)
        return tuple((roles[(start + i) % 2], self._carrier(lang)) for i in range(min(count, 3)))

    def _pick(self, lang: str) -> tuple[Dialogue, int]:
        (dialogue,) = self._rng.choices(self._natural[lang], cum_weights=self._weights[lang])
        return dialogue, self._rng.randrange(len(dialogue.turns))

    def _before(self, dialogue: Dialogue, index: int) -> Context:
        count = self._rng.choice(_CONTEXT_TURNS)
        turns = dialogue.turns[max(0, index - count) : index]
        return _fitting((turn.role, _tail(turn.text, dialogue.lang)) for turn in turns)


def _fitting(turns: Iterable[tuple[SpeakerRole, str]]) -> Context:
    """The latest of them, as many as serving would hand over."""
    limits = ContextLimits()
    kept: list[tuple[SpeakerRole, str]] = []
    left = limits.max_tokens
    for role, text in reversed(tuple(turns)[-limits.max_turns :]):
        left -= estimate_tokens(text)
        if left < 0:
            break
        kept.append((role, text))
    return tuple(reversed(kept))


def _tail(text: str, lang: str) -> str:
    """Earlier turns are cut short now and then, so that they do not take most of the training time."""
    return text[-_CARRIER_CHARS[lang] :]
