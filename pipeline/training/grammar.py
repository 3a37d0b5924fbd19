"""Phrase files: what people say, with choices and slots, and the label each phrase carries.

A file `phrases/<lang>/<name>.txt` holds three kinds of line, and comments that start with `#`::

    @drug = metformin | insulin | lisinopril
    == unsafe phi patient,clinician solo
    [Hi|Hello], my name is {name}[|, I take {drug}].
    clinician: And the last four? || patient: {digits4}

`@list = a | b` defines a slot. `== label category roles [flags]` opens a section. Every other line is a phrase:
`[a|b]` chooses (and nests), `{slot}` is filled from a list of the same language or from the identifier generators, `||`
separates turns, of which the last one is judged. Flag `solo`: the phrase is never set inside other talk.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import role_of

PHRASES_DIR = Path(__file__).parent / "phrases"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z0-9_]+)\}")
_HELD_OUT_EVERY = 20

Fill = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Section:
    """Phrases that share a label. `train` and `held_out` are disjoint, so a score on the latter is on unseen words."""

    label: RiskLevel
    category: Category | None
    roles: tuple[SpeakerRole, ...]
    solo: bool
    name: str
    train: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)

    def phrases(self, held_out: bool) -> list[str]:
        return self.held_out if held_out and self.held_out else self.train


@dataclass(frozen=True, slots=True)
class Grammar:
    """All phrases and lists of one language."""

    lang: str
    sections: list[Section]
    lists: dict[str, list[str]]

    def expand(self, phrase: str, rng: random.Random, fill: Fill) -> str:
        """One reading of `phrase`: choices taken, then slots filled (a list entry may itself hold choices and slots).

        Raises KeyError for a slot that is neither a list nor known to `fill`.
        """
        text = _choose(phrase, rng)
        while match := _SLOT.search(text):
            value = self._value(match.group(1), rng, fill)
            text = text[: match.start()] + value + text[match.end() :]
        return text

    def _value(self, slot: str, rng: random.Random, fill: Fill) -> str:
        if slot in self.lists:
            return _choose(rng.choice(self.lists[slot]), rng)
        value = fill(slot)
        if value is None:
            raise KeyError(f"{self.lang}: no list and no generator for slot {slot}")
        return value


def _choose(text: str, rng: random.Random) -> str:
    while match := _CHOICE.search(text):
        text = text[: match.start()] + rng.choice(match.group(1).split("|")) + text[match.end() :]
    return text


def load_grammar(lang: str, phrases_dir: Path = PHRASES_DIR) -> Grammar:
    """Read every phrase file of `lang`, in name order."""
    grammar = Grammar(lang, [], {})
    for path in sorted((phrases_dir / lang).glob("*.txt")):
        _read(path, grammar)
    return grammar


def languages(phrases_dir: Path = PHRASES_DIR) -> list[str]:
    return sorted(path.name for path in phrases_dir.iterdir() if path.is_dir())


def _read(path: Path, grammar: Grammar) -> None:
    section: Section | None = None
    count = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("@"):
            name, _, entries = text[1:].partition("=")
            grammar.lists.setdefault(name.strip(), []).extend(e.strip() for e in entries.split(" | "))
        elif text.startswith("=="):
            section = _section(text, f"{grammar.lang}/{path.stem}")
            grammar.sections.append(section)
        elif section is None:
            raise ValueError(f"{path.name}: a phrase before the first section")
        else:
            count += 1
            kept = count % _HELD_OUT_EVERY == 0 and len(section.train) > 2
            (section.held_out if kept else section.train).append(text)


def _section(text: str, name: str) -> Section:
    label, category, roles, *flags = text.lstrip("= ").split()
    return Section(
        RiskLevel(label),
        None if category == "none" else Category(category),
        tuple(role_of(role) for role in roles.split(",")),
        "solo" in flags,
        name,
    )
