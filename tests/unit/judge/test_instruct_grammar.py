"""An instruction model's answer is exactly one of two forms, or an abstention; its scores are those of its label."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.judgment import AbstentionReason, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.judge.chat import Token, read_chat
from pipeline.judge.instruct_grammar import ANSWER_SCHEMA, Instructed, label_scores, parse_instructed
from pipeline.testing.chat_answers import chat_choice

WHOLE = {"risk_level": "unsafe", "categories": ["phi"], "reason": "It identifies a person."}


def _json(**changes: Any) -> str:
    return json.dumps({key: value for key, value in (WHOLE | changes).items() if value is not ...})


def test_the_json_form_is_read_whole() -> None:
    assert parse_instructed(_json(categories=["phi", "illegal", "phi"])) == Instructed(
        RiskLevel.UNSAFE, (Category.PHI, Category.ILLEGAL), "It identifies a person.", 16
    )


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("【风险等级】安全\n【理由】未发现可识别个人身份的内容。", RiskLevel.SAFE),
        ("【风险等级】有争议 【理由】提到了一位未点名的人。", RiskLevel.CONTESTED),
        ("【风险等级】：不安全；\n\n【理由】：说出了号码。\n", RiskLevel.UNSAFE),
    ],
)
def test_the_marked_form_is_read_whole(text: str, label: RiskLevel) -> None:
    found = parse_instructed(text)
    assert isinstance(found, Instructed)
    assert (found.label, found.categories) == (label, ())
    assert found.label_at is not None
    assert text[found.label_at :].startswith(("安全", "有争议", "不安全"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unsafe",
        "Safety: Unsafe\nCategories: PII",
        "[]",
        "null",
        "{}",
        "[" * 3_000,
        _json(risk_level=...),
        _json(categories=...),
        _json(reason=...),
        _json(confidence=0.9),
        _json(risk_level=1),
        _json(risk_level=None),
        _json(categories="phi"),
        _json(categories=["weather"]),
        _json(categories=["other"]),
        _json(categories=[["phi"]]),
        _json(reason=""),
        _json(reason="  "),
        _json(reason=None),
        _json(reason="two\nlines"),
        _json(reason="a bell \x07"),
        _json(reason="x" * 401),
        _json(risk_level="safe"),
        f"```json\n{_json()}\n```",
        f"Here it is: {_json()}",
        f"{_json()} I hope this helps.",
        _json() + _json(),
        '{"risk_level": "unsafe", "risk_level": "safe", "categories": [], "reason": "It is fine."}',
        _json().replace('"', "'"),
        _json()[:-1],
        "x" * 5_000,
        "【风险等级】安全",
        "【理由】没有。【风险等级】安全",
        "答：【风险等级】安全【理由】没有。",
        "【风险等级】安全【理由】没有。\n【风险等级】不安全【理由】有。",
        "【风险等级】安全【理由】",
        "【风险等级】安全 不安全【理由】没有。",
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    assert parse_instructed(text) is AbstentionReason.UNREADABLE


@pytest.mark.parametrize("text", [_json(risk_level="Safe"), _json(risk_level="benign"), "【风险等级】危险【理由】有。"])
def test_a_label_nobody_knows_is_named_as_such(text: str) -> None:
    assert parse_instructed(text) is AbstentionReason.UNKNOWN_LABEL


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    for answer in (text, f'{{"risk_level": {text}', f"【风险等级】{text}【理由】{text}", json.dumps(text)):
        assert isinstance(parse_instructed(answer), Instructed | AbstentionReason)


@given(st.data())
def test_an_answer_with_one_character_changed_is_never_of_a_lower_level(data: st.DataObject) -> None:
    text = _json()
    at = data.draw(st.integers(0, len(text) - 1))
    found = parse_instructed(text[:at] + data.draw(st.characters()) + text[at + 1 :])
    assert isinstance(found, AbstentionReason) or found.label is RiskLevel.UNSAFE


def test_the_schema_asks_for_the_label_first_and_for_nothing_the_grammar_refuses() -> None:
    properties: Any = ANSWER_SCHEMA["properties"]
    assert list(properties) == ["risk_level", "categories", "reason"]
    for word in properties["categories"]["items"]["enum"]:
        assert isinstance(parse_instructed(_json(categories=[word])), Instructed)
    for word in properties["risk_level"]["enum"]:
        assert isinstance(parse_instructed(_json(risk_level=word, categories=[])), Instructed)


# Scores


def _scores(text: str, tokens: list[Token]) -> Scores | None:
    found = parse_instructed(text)
    assert isinstance(found, Instructed)
    return label_scores(text, tokens, label_at=found.label_at)


def _written(*words: str, last: list[tuple[str, float]]) -> list[Token]:
    """Tokens, of which the last is the one with these alternatives, sampled from the first."""
    sure = [Token(word.encode(), [(word.encode(), 0.0)]) for word in words]
    likeliest = [(word.encode(), math.log(p) if p else -9999.0) for word, p in last]
    return [*sure, Token(last[0][0].encode(), likeliest)]


@pytest.mark.parametrize(
    "last",
    [
        [("unsafe", 0.7), ("contested", 0.2), ("safe", 0.1), ("benign", 0.0)],
        [("uns", 0.6), ("un", 0.1), ("cont", 0.15), ("c", 0.05), ("s", 0.1)],
        [('unsafe",', 0.7), ('contested"', 0.2), ("safe", 0.1)],
    ],
    ids=["words", "pieces", "more than the word"],
)
def test_a_labels_score_is_that_of_every_token_that_begins_it(last: list[tuple[str, float]]) -> None:
    found = _scores(_json(), _written('{"risk', '_level": "', last=last))
    assert found is not None
    assert (found.safe, found.contested, found.unsafe) == pytest.approx((0.1, 0.2, 0.7))


def test_a_token_that_opens_the_string_too_is_read_behind_the_quotation_mark() -> None:
    found = _scores(_json(), _written('{"risk_level":', last=[(' "unsafe', 0.6), (' "safe', 0.4), ('"', 0.0)]))
    assert found is not None
    assert (found.safe, found.unsafe) == pytest.approx((0.4, 0.6))


def test_the_marked_form_is_scored_too() -> None:
    text = "【风险等级】不安全【理由】说出了号码。"
    found = _scores(text, _written("【风险", "等级】", last=[("不", 0.9), ("安全", 0.06), ("有", 0.04)]))
    assert found is not None
    assert found.unsafe == pytest.approx(0.9)


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        _written('{"risk_level": ', last=[('"', 0.6), ('"unsafe', 0.4)]),
        _written('{"risk_level": "', last=[("unsafe", 0.5), ("safe", 0.1)]),
        _written('{"another": "', last=[("unsafe", 1.0)]),
        _written('{"risk_level": "', last=[("unsafe", 1.0), ("safe", 1.0)]),
        [Token(b'{"risk_level": "', []), Token(b"unsafe", [(b"unsafe", math.nan)])],
        [Token(b'{"risk_level": "', []), Token(b"unsafe", [(b"unsafe", 0.5)])],
    ],
    ids=["none", "not as far as the label", "too little told", "of another text", "over one", "nan", "above zero"],
)
def test_what_was_not_measured_is_no_score(tokens: list[Token]) -> None:
    assert _scores(_json(), tokens) is None


def test_a_label_that_does_not_come_first_is_read_and_not_scored() -> None:
    text = json.dumps({"categories": ["phi"], "risk_level": "unsafe", "reason": "It names a person."})
    found = parse_instructed(text)
    assert isinstance(found, Instructed)
    assert (found.label, found.label_at) == (RiskLevel.UNSAFE, None)


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_the_fake_servers_answers_give_back_its_beliefs(weights: list[float]) -> None:
    beliefs = dict(zip(RiskLevel, weights, strict=True))
    read = read_chat({"choices": [chat_choice(beliefs)]})
    assert read is not None
    found = _scores(read.text, list(read.tokens))
    assert found is not None
    for level in RiskLevel:
        assert found.of(level) == pytest.approx(beliefs[level] / sum(weights))
