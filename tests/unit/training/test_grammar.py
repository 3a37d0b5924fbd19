import random
from pathlib import Path

import pytest

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.training.grammar import Grammar, load_grammar


def _grammar(tmp_path: Path, text: str) -> Grammar:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "a.txt").write_text(text, encoding="utf-8")
    return load_grammar("xx", tmp_path)


def test_a_choice_may_hold_a_choice(tmp_path: Path) -> None:
    grammar = _grammar(tmp_path, "")
    rng = random.Random(1)
    said = {grammar.expand("a[b[c|d]|e]", rng, lambda slot: None) for _ in range(60)}
    assert said == {"abc", "abd", "ae"}


def test_a_list_entry_may_hold_a_slot(tmp_path: Path) -> None:
    grammar = _grammar(tmp_path, "@pair = {one} and {one}")
    said = grammar.expand("{pair}", random.Random(1), lambda slot: "1" if slot == "one" else None)
    assert said == "1 and 1"


def test_an_unknown_slot_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nosuch"):
        _grammar(tmp_path, "").expand("{nosuch}", random.Random(1), lambda slot: None)


def test_a_section_header_gives_label_category_roles_and_solo(tmp_path: Path) -> None:
    (section,) = _grammar(tmp_path, "== unsafe phi patient,clinician solo\nwords\n").sections
    assert section.label is RiskLevel.UNSAFE
    assert section.category is Category.PHI
    assert section.roles == (SpeakerRole.PATIENT, SpeakerRole.CLINICIAN)
    assert section.solo
    assert section.train == ["words"]


def test_a_phrase_before_any_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="before the first section"):
        _grammar(tmp_path, "stray words\n")
