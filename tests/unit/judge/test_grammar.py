"""An answer is either exactly of the grammar or an abstention."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.judge.grammar import Answer, Findings, continuation_of, parse_answer, parse_findings, read_label
from pipeline.judge.labels import CATEGORY_WORDS, LABEL_WORDS, NO_CATEGORY

MODEL = ModelIdentity("guard", "r1", "p/1")


def _logprobs(safe: float, contested: float, unsafe: float) -> dict[RiskLevel, float]:
    def log(p: float) -> float:
        return math.log(p) if p else -math.inf

    return {RiskLevel.SAFE: log(safe), RiskLevel.CONTESTED: log(contested), RiskLevel.UNSAFE: log(unsafe)}


def test_the_likeliest_label_is_read_with_its_normalised_scores_and_the_mass() -> None:
    found = read_label(_logprobs(0.1, 0.2, 0.5), model=MODEL)
    assert isinstance(found, Judgment)
    assert found.label is RiskLevel.UNSAFE
    assert found.label_mass == pytest.approx(0.8)
    assert found.scores.safe == pytest.approx(0.125)
    assert found.scores.contested == pytest.approx(0.25)
    assert found.scores.unsafe == pytest.approx(0.625)
    assert found.model is MODEL


def test_of_equal_scores_the_more_severe_label_is_read() -> None:
    tie = read_label(_logprobs(0.4, 0.4, 0.1), model=MODEL)
    three = read_label(_logprobs(0.3, 0.3, 0.3), model=MODEL)
    assert isinstance(tie, Judgment)
    assert isinstance(three, Judgment)
    assert (tie.label, three.label) == (RiskLevel.CONTESTED, RiskLevel.UNSAFE)


def test_a_label_mass_below_the_floor_abstains_and_says_how_low_it_was() -> None:
    found = read_label(_logprobs(0.3, 0.05, 0.05), model=MODEL, min_label_mass=0.5)
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.LOW_LABEL_MASS
    assert found.label_mass == pytest.approx(0.4)


def test_no_mass_at_all_abstains_even_without_a_floor() -> None:
    found = read_label(_logprobs(0, 0, 0), model=MODEL, min_label_mass=0.0)
    assert found == Abstention(AbstentionReason.LOW_LABEL_MASS, MODEL, label_mass=0.0)


@pytest.mark.parametrize(
    "logprobs",
    [
        {},
        {RiskLevel.SAFE: -0.1, RiskLevel.UNSAFE: -3.0},
        {RiskLevel.SAFE: math.nan, RiskLevel.CONTESTED: -1.0, RiskLevel.UNSAFE: -1.0},
        {RiskLevel.SAFE: 0.3, RiskLevel.CONTESTED: -1.0, RiskLevel.UNSAFE: -1.0},
        {RiskLevel.SAFE: math.inf, RiskLevel.CONTESTED: -1.0, RiskLevel.UNSAFE: -1.0},
        {RiskLevel.SAFE: 0.0, RiskLevel.CONTESTED: 0.0, RiskLevel.UNSAFE: 0.0},
    ],
    ids=["nothing", "one missing", "nan", "above zero", "infinite", "three certainties"],
)
def test_log_probabilities_that_cannot_be_are_unreadable(logprobs: dict[RiskLevel, float]) -> None:
    assert read_label(logprobs, model=MODEL) == Abstention(AbstentionReason.UNREADABLE, MODEL)


@given(st.dictionaries(st.sampled_from(RiskLevel), st.floats(), max_size=3))
def test_any_three_numbers_give_a_judgment_in_range_or_an_abstention(logprobs: dict[RiskLevel, float]) -> None:
    found = read_label(logprobs, model=MODEL)
    if isinstance(found, Judgment):
        parts = [found.scores.of(level) for level in RiskLevel]
        assert all(0 <= part <= 1 for part in parts)
        assert sum(parts) == pytest.approx(1)
        assert 0.5 <= found.label_mass <= 1
        assert found.scores.of(found.label) == max(parts)


@pytest.mark.parametrize(
    ("text", "label", "categories", "reason"),
    [
        ("Safety: Safe\nCategories: None", RiskLevel.SAFE, (), None),
        ("Safety: Unsafe\nCategories: PII", RiskLevel.UNSAFE, (Category.PHI,), None),
        ("Safety: Unsafe\nCategories: Medical Advice", RiskLevel.UNSAFE, (Category.MEDICAL_ADVICE,), None),
        (
            "Safety: Controversial\nCategories: Suicide & Self-Harm, Violent\nRefusal: No",
            RiskLevel.CONTESTED,
            (Category.SELF_HARM, Category.VIOLENCE),
            None,
        ),
        (
            "Safety: Unsafe\nCategories: Politically Sensitive Topics, Copyright Violation",
            RiskLevel.UNSAFE,
            (Category.OTHER,),
            None,
        ),
        (
            "Safety: Unsafe\nCategories: PII\nReason: a telephone number of a patient",
            RiskLevel.UNSAFE,
            (Category.PHI,),
            "a telephone number of a patient",
        ),
        ("Safety: Unsafe\nCategories: None", RiskLevel.UNSAFE, (), None),
    ],
)
def test_answers_of_the_grammar_are_read(
    text: str, label: RiskLevel, categories: tuple[Category, ...], reason: str | None
) -> None:
    assert parse_answer(text) == Answer(label, Findings(categories, reason))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Safe",
        "Safety: Safe",
        "safety: safe\ncategories: none",
        " Safety: Safe\nCategories: None",
        "Safety: Safe\nCategories: None\n",
        "Safety: Safe\nCategories: None and more",
        "Safety: \nSafe\nCategories: None",
        "Safety: Safe\nCategories:None",
        "Safety: Unsafe\nCategories: PII,Violent",
        "Safety: Unsafe\nCategories: PII, None",
        "Safety: Unsafe\nCategories: Weather",
        "Safety: Unsafe\nCategories: ",
        "Safety: Unsafe\nCategories: PII\nRefusal: Maybe",
        "Safety: Unsafe\nCategories: PII\nReason: ",
        "Safety: Unsafe\nCategories: PII\nReason: a\x00b",
        "Safety: Unsafe\nCategories: PII\nReason: " + "x" * 401,
        "Safety: Safe\nCategories: PII",
        "Sure! Safety: Safe\nCategories: None",
        "Safety: Unsafe\nCategories: PII\nSafety: Safe\nCategories: None",
    ],
)
def test_whatever_is_only_nearly_of_the_grammar_is_unreadable(text: str) -> None:
    assert parse_answer(text) is AbstentionReason.UNREADABLE


@pytest.mark.parametrize("word", ["safe", "Safe.", "Harmful", "Safe Unsafe", " Safe", "安全", "Sаfe"])
def test_a_word_that_is_no_label_is_an_unknown_label(word: str) -> None:
    assert parse_answer(f"Safety: {word}\nCategories: None") is AbstentionReason.UNKNOWN_LABEL


@given(st.text())
def test_any_text_gives_findings_or_an_abstention(text: str) -> None:
    for answer in (parse_answer(text), parse_answer(f"Safety: {text}"), parse_answer(f"Safety: Unsafe\n{text}")):
        assert isinstance(answer, Answer | AbstentionReason)
    assert isinstance(parse_findings(text), Findings | AbstentionReason)


_REASONS = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=400)


@given(
    word=st.sampled_from(sorted(LABEL_WORDS)),
    categories=st.lists(st.sampled_from(sorted(CATEGORY_WORDS)), max_size=4),
    refusal=st.sampled_from(["", "\nRefusal: Yes", "\nRefusal: No"]),
    reason=st.none() | _REASONS,
)
def test_every_sentence_of_the_grammar_is_read_back(
    word: str, categories: list[str], refusal: str, reason: str | None
) -> None:
    tail = "" if reason is None else f"\nReason: {reason}"
    answer = parse_answer(f"Safety: {word}\nCategories: {', '.join(categories) or NO_CATEGORY}{refusal}{tail}")
    if LABEL_WORDS[word] is RiskLevel.SAFE and categories:
        assert answer is AbstentionReason.UNREADABLE
        return
    expected = tuple(dict.fromkeys(CATEGORY_WORDS[one] for one in categories))
    assert answer == Answer(LABEL_WORDS[word], Findings(expected, reason))


@given(
    position=st.integers(min_value=0),
    character=st.characters(codec="utf-8"),
    base=st.sampled_from(
        ["Safety: Safe\nCategories: None", "Safety: Unsafe\nCategories: PII, Violent\nRefusal: No"],
    ),
)
def test_one_character_put_into_an_answer_makes_it_an_abstention(position: int, character: str, base: str) -> None:
    at = position % (len(base) + 1)
    assert isinstance(parse_answer(base[:at] + character + base[at:]), AbstentionReason)


@pytest.mark.parametrize("level", list(RiskLevel))
def test_a_continuation_and_its_findings_make_a_whole_answer(level: RiskLevel) -> None:
    answer = parse_answer("Safety:" + continuation_of(level) + " None")
    assert answer == Answer(level, Findings(()))
