"""Every conclusion has a sentence in every language we speak, and a language that lacks one is refused."""

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.decide.reasons import REASONS, reason_for
from pipeline.decide.words import load_words
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.domain.verdict import Evidence
from pipeline.errors import PolicyError
from pipeline.judge.instructions import LANGUAGE_NAMES
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, judgment
from tests import strategies

LANGUAGES = ("en", "zh", "es", "fr", "de", "pt", "it", "ja", "ko", "ar", "ru", "hi")
POLICY = load_policy(BUILT_IN_POLICY)
TABLES = {"category": Category, "evidence": EvidenceKind, "abstention": AbstentionReason, "rule": Rule}


def _reason(rule: Rule, language: str | None, *, finding: Judgment | Abstention | None = None, **given: object) -> str:
    parts = {"categories": (), "evidence": (), "finding": finding or judgment(RiskLevel.UNSAFE)} | given
    return reason_for(RiskLevel.UNSAFE, rule, language=language, **parts)  # type: ignore[arg-type]


def test_there_are_words_for_these_twelve_and_models_are_asked_for_the_same() -> None:
    assert sorted(path.stem for path in REASONS.glob("*.toml")) == sorted(LANGUAGES)
    assert set(LANGUAGE_NAMES) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_once_and_no_other(language: str) -> None:
    file = tomllib.loads((REASONS / f"{language}.toml").read_text(encoding="utf-8"))
    assert set(file) == {"stop", "joint", "colon", *TABLES}
    for name, keys in TABLES.items():
        assert set(file[name]) == {key.value for key in keys}, name
        assert len(set(file[name].values())) == len(file[name]), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_kind_category_and_abstention_has_a_sentence_of_its_own(language: str) -> None:
    sentences = [
        *(_reason(rule, language) for rule in Rule if rule is not Rule.TRIPWIRE),
        *(_reason(Rule.TRIPWIRE, language, evidence=(Evidence(kind, 0, 1, 1.0),)) for kind in EvidenceKind),
        *(_reason(Rule.JUDGE_UNSAFE, language, categories=(category,)) for category in Category),
        *(_reason(Rule.ABSTAINED, language, finding=Abstention(one, SCRIPTED_MODEL)) for one in AbstentionReason),
    ]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.isprintable() and sentence.endswith((".", "。", "।")) for sentence in sentences)


def test_no_two_languages_say_the_same() -> None:
    assert len({_reason(Rule.JUDGE_UNSAFE, language) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("pt-BR", "pt"),
        ("ZH_hant", "zh"),
        ("es-419", "es"),
        ("nl", "en"),
        ("", "en"),
        ("-", "en"),
        (None, "en"),
        ("english", "en"),
        ("../en", "en"),
    ],
)
def test_the_primary_subtag_chooses_and_the_rest_is_english(tag: str | None, language: str) -> None:
    assert _reason(Rule.JUDGE_UNSAFE, tag) == _reason(Rule.JUDGE_UNSAFE, language)


@given(strategies.judgments(broken=False), strategies.evidences, st.none() | st.text(max_size=35))
def test_whatever_a_record_calls_its_language_there_is_a_sentence_and_the_tag_is_not_in_it(
    finding: Judgment, evidence: list[Evidence], language: str | None
) -> None:
    silent = replace(finding, reason=None)

    assert evaluate(silent, evidence, policy=POLICY, language="zh-CN").reason.endswith("。")
    assert evaluate(silent, evidence, policy=POLICY, language="nl").reason.isascii()
    assert evaluate(silent, evidence, policy=POLICY, language=language).reason


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('phone = "Telefonnummer"\n', "", "evidence.phone: missing"),
        ('phone = "Telefonnummer"', "phone = 1", "evidence.phone: not a line"),
        ('phone = "Telefonnummer"', 'phone = ""', "evidence.phone: not a line"),
        ('phone = "Telefonnummer"', 'phone = "two\\nlines"', "evidence.phone: not a line"),
        ('abstained = "Kein Urteil"\n', "", "rule.abstained: missing"),
        ('stop = "."\n', "", "stop: missing"),
        ("[abstention]", "[abstentions]", "abstention: missing"),
        ("[rule]", "[rule", "cannot be read"),
    ],
)
def test_words_that_are_not_all_there_are_refused_naming_file_and_key(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    folder = shutil.copytree(REASONS, tmp_path / "reasons")
    german = folder / "de.toml"
    text = german.read_text(encoding="utf-8")
    assert old in text
    german.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(PolicyError) as refused:
        load_words(folder, fallback="en")

    assert "de.toml" in str(refused.value)
    assert named in str(refused.value)


def test_without_english_nothing_is_loaded(tmp_path: Path) -> None:
    shutil.copy(REASONS / "de.toml", tmp_path / "de.toml")
    with pytest.raises(PolicyError, match=r"en\.toml"):
        load_words(tmp_path, fallback="en")
