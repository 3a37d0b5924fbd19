"""The seeded mix of rows that the mini guard is trained and scored on, labelled as policy `hipaa-consult` says.

Shares are of natural talk as the policy expects it (most of it safe), with the findings raised far above their natural
rate so that a small model sees enough of them; the natural turns and hard negatives keep its idea of ordinary talk.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.datasets import Row
from pipeline.training.compose import Composer, Voice
from pipeline.training.corpus import load_dialogues
from pipeline.training.grammar import Section, languages, load_grammar
from pipeline.training.identifiers import Identifiers
from pipeline.training.people import first_names, load_people
from pipeline.training.public import load_public

_NATURAL, _AFTER, _PUBLIC, _TITLED = 0.20, 0.08, 0.04, 0.01
_LANGUAGE_WEIGHTS = {"en": 46, "zh": 34, "es": 5, "fr": 5, "de": 5, "ja": 5, "ar": 5}
_NATURAL_LANGUAGES = {"en": 64, "zh": 36}
_SECTION_WEIGHTS: dict[tuple[RiskLevel, Category | None], float] = {
    (RiskLevel.SAFE, None): 50,
    (RiskLevel.UNSAFE, Category.PHI): 24,
    (RiskLevel.UNSAFE, Category.MEDICAL_ADVICE): 9,
    (RiskLevel.UNSAFE, Category.DISCRIMINATION): 5,
    (RiskLevel.UNSAFE, Category.SELF_HARM): 2.5,
    (RiskLevel.UNSAFE, Category.VIOLENCE): 2,
    (RiskLevel.UNSAFE, Category.SEXUAL): 2,
    (RiskLevel.UNSAFE, Category.ILLEGAL): 2,
    (RiskLevel.CONTESTED, Category.PHI): 16,
    (RiskLevel.CONTESTED, Category.MEDICAL_ADVICE): 7,
    (RiskLevel.CONTESTED, Category.DISCRIMINATION): 4.5,
    (RiskLevel.CONTESTED, Category.JAILBREAK): 3.5,
}


class Synthesizer:
    """Endless training rows, and held-out rows made of phrases, dialogues and public rows that training never sees."""

    def __init__(self, data_dir: Path, *, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - seeded words, not secrets
        people = load_people(seed)
        dialogues = load_dialogues(data_dir, first_names())
        voices = {
            lang: Voice(load_grammar(lang), Identifiers(lang, people, self._rng))
            for lang in languages()
            if lang in _LANGUAGE_WEIGHTS
        }
        self._voices = voices
        self._composers = {
            held_out: Composer(voices, dialogues, held_out=held_out, rng=self._rng) for held_out in (False, True)
        }
        train, kept = load_public(data_dir, self._rng)
        self._public = {False: train, True: kept}

    def rows(self, count: int, *, held_out: bool) -> Iterator[Row]:
        made = 0
        while made < count:
            row = self._row(held_out)
            if row is not None and row.text.strip():
                made += 1
                yield row

    def natural_rows(self, count: int) -> Iterator[Row]:
        """Held-out natural turns, half English and half Chinese, all of them clean."""
        made = 0
        while made < count:
            row = self._composers[True].natural("en" if made % 2 else "zh")
            if row is not None:
                made += 1
                yield row

    def _row(self, held_out: bool) -> Row | None:
        composer = self._composers[held_out]
        draw = self._rng.random()
        if draw < _NATURAL:
            return composer.natural(self._weighted(_NATURAL_LANGUAGES))
        draw -= _NATURAL
        if draw < _PUBLIC:
            return self._rng.choice(self._public[held_out])
        draw -= _PUBLIC
        if draw < _TITLED:
            return composer.titled()
        lang = self._weighted({lang: _LANGUAGE_WEIGHTS[lang] for lang in self._voices})
        if draw - _TITLED < _AFTER:
            return composer.after(lang, self._section(lang, findings_only=True))
        return composer.phrase(lang, self._section(lang))

    def _section(self, lang: str, *, findings_only: bool = False) -> Section:
        sections = self._voices[lang].grammar.sections
        kinds = {
            key: weight
            for key, weight in _SECTION_WEIGHTS.items()
            if any((s.label, s.category) == key for s in sections) and not (findings_only and key[0] is RiskLevel.SAFE)
        }
        (kind,) = self._rng.choices(list(kinds), list(kinds.values()))
        chosen = [s for s in sections if (s.label, s.category) == kind]
        return self._rng.choices(chosen, [len(s.train) for s in chosen])[0]

    def _weighted(self, weights: dict[str, int]) -> str:
        return self._rng.choices(list(weights), list(weights.values()))[0]
