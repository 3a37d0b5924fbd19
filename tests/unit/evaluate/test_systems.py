"""Presidio as a judge, and the table of systems."""

import asyncio
import importlib.util

import pytest

from pipeline.domain.judgment import Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.window import ContextWindow
from pipeline.errors import MissingExtra
from pipeline.evaluate.presidio import DIRECT_IDENTIFIERS, FULL_DATE, NER_MODEL, PresidioJudge, load_presidio
from pipeline.evaluate.systems import compare
from pipeline.testing.builders import build_chunk
from tests.unit.evaluate.rows import CONTESTED, PHI, SAFE, UNSAFE, judged


def level_of(text: str, found: set[str], counted: frozenset[str] | None = DIRECT_IDENTIFIERS) -> RiskLevel:
    read: list[str] = []

    def entities(said: str) -> frozenset[str]:
        read.append(said)
        return frozenset(found)

    window = ContextWindow(CleanChunk(build_chunk(text), "cleaned", (), "none"))
    answer = asyncio.run(PresidioJudge(entities, name="presidio", counted=counted).judge(window))
    assert isinstance(answer, Judgment)
    assert read == [text], "the raw text is what its users hand it"
    assert answer.categories == ((Category.PHI,) if answer.label is UNSAFE else ())
    return answer.label


@pytest.mark.parametrize("kind", ["PERSON", "PHONE_NUMBER", "US_SSN", FULL_DATE])
def test_a_direct_identifier_is_unsafe(kind: str) -> None:
    assert level_of("said", {kind, "LOCATION"}) is UNSAFE


@pytest.mark.parametrize("kind", ["LOCATION", "NRP", "DATE_TIME", "AGE"])
def test_what_the_policy_calls_harmless_alone_is_safe_unless_every_kind_counts(kind: str) -> None:
    assert level_of("said", {kind}) is SAFE
    assert level_of("said", {kind}, None) is UNSAFE


def test_a_missing_presidio_is_told_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match="eval-presidio"):
        load_presidio("default")


@pytest.mark.filterwarnings("ignore")  # of spaCy's own imports
def test_presidio_s_patterns_find_numbers_and_full_dates_and_no_names() -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra eval-presidio is not installed")
    entities = load_presidio("patterns")
    assert "EMAIL_ADDRESS" in entities("write to me at ana@example.com")
    assert FULL_DATE in entities("born 03/14/1962")
    assert "PERSON" not in entities("my name is Ana Quill")


@pytest.mark.filterwarnings("ignore")
def test_presidio_without_its_model_is_told_with_the_mend_and_downloads_nothing() -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra eval-presidio is not installed")
    if importlib.util.find_spec(NER_MODEL) is not None:
        pytest.skip(f"{NER_MODEL} is installed")
    with pytest.raises(MissingExtra, match=f"python -m spacy download {NER_MODEL}"):
        load_presidio("default")


def test_systems_are_compared_on_safe_rows_stopped_and_unsafe_rows_passed() -> None:
    theirs = [judged(SAFE, UNSAFE)] * 5 + [judged(SAFE, SAFE)] * 5 + [judged(UNSAFE, SAFE, PHI), judged(UNSAFE, UNSAFE)]
    ours = (
        [judged(SAFE, UNSAFE)]
        + [judged(SAFE, CONTESTED)] * 2
        + [judged(SAFE, SAFE)] * 7
        + [judged(UNSAFE, CONTESTED, PHI), judged(UNSAFE, SAFE)]
    )
    them, us = compare([("them", theirs), ("us", ours)], reference="them")
    assert (them.false_positives, them.blocked_rate, them.phi_passed, them.unsafe_passed) == (5, 0.5, 1, 0.5)
    assert (them.fewer_false_positives, them.fewer_blocked) == (None, None)
    assert (us.false_positives, us.false_positive_rate, us.blocked_rate) == (3, 0.3, 0.1)
    assert (us.phi_passed, us.unsafe_passed, us.precision) == (0, 0.5, 1 / 4)
    assert us.fewer_false_positives == pytest.approx(0.4)
    assert us.fewer_blocked == pytest.approx(0.8)


def test_nothing_is_fewer_than_none() -> None:
    _, us = compare([("them", [judged(SAFE, SAFE)]), ("us", [judged(SAFE, UNSAFE)])], reference="them")
    assert us.fewer_false_positives is None
