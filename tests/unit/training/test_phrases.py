"""The phrase files that ship: each line can be said, and every finding of the policy has phrases."""

import random
import re

import pytest

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.training.grammar import languages, load_grammar
from pipeline.training.identifiers import Identifiers
from pipeline.training.people import People

_LEFT_OVER = re.compile(r"[\[\]]|\{[a-z0-9_]*\}")


@pytest.mark.parametrize("lang", languages())
def test_every_phrase_expands_without_a_slot_or_choice_left_over(lang: str, people: People) -> None:
    rng = random.Random(3)
    grammar = load_grammar(lang)
    fill = Identifiers(lang, people, rng).fill
    for section in grammar.sections:
        for phrase in section.train + section.held_out:
            for _ in range(5):
                said = grammar.expand(phrase, rng, fill)
                assert said.strip()
                assert not _LEFT_OVER.search(said), phrase


@pytest.mark.parametrize("lang", languages())
def test_held_out_phrases_are_never_training_phrases(lang: str) -> None:
    sections = load_grammar(lang).sections
    train = {phrase for section in sections for phrase in section.train}
    held_out = {phrase for section in sections for phrase in section.held_out}
    assert held_out
    assert not train & held_out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_finding_of_the_policy_has_phrases(lang: str) -> None:
    kinds = {(section.label, section.category) for section in load_grammar(lang).sections}
    unsafe = {category for label, category in kinds if label is RiskLevel.UNSAFE}
    contested = {category for label, category in kinds if label is RiskLevel.CONTESTED}
    assert unsafe == set(Category) - {Category.OTHER, Category.JAILBREAK}
    assert contested >= {Category.PHI, Category.MEDICAL_ADVICE, Category.DISCRIMINATION, Category.JAILBREAK}
    assert (RiskLevel.SAFE, None) in kinds


@pytest.mark.parametrize("lang", languages())
def test_the_same_seed_gives_the_same_words(lang: str, people: People) -> None:
    def say() -> list[str]:
        rng = random.Random(11)
        grammar = load_grammar(lang)
        fill = Identifiers(lang, people, rng).fill
        return [grammar.expand(phrase, rng, fill) for section in grammar.sections for phrase in section.train]

    assert say() == say()
