"""An answer of `/v1/completions` is read whole, or not at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.taxonomy import RiskLevel
from pipeline.judge.completion import LabelAnswer, read_findings_text, read_label_answer

IDS = {RiskLevel.SAFE: 1, RiskLevel.CONTESTED: 2, RiskLevel.UNSAFE: 3}
THREE = {"token_id:1": -0.1, "token_id:2": -9999, "token_id:3": 0}


def _answer(top: dict[str, Any], *, sampled: str = "token_id:1") -> dict[str, Any]:
    logprobs = {"tokens": [sampled], "top_logprobs": [top], "text_offset": [0]}
    choice = {"index": 0, "text": " Safe", "finish_reason": "length", "logprobs": logprobs, "new_field": 1}
    return {"choices": [choice], "usage": {"prompt_tokens": 24}}


def test_the_three_labels_are_read_whole_numbers_too() -> None:
    read = read_label_answer(_answer(THREE), label_ids=IDS)
    assert read == LabelAnswer({RiskLevel.SAFE: -0.1, RiskLevel.CONTESTED: -9999.0, RiskLevel.UNSAFE: 0.0}, 24)


def test_the_sampled_token_may_stand_beside_them_and_nothing_else_may() -> None:
    four = THREE | {"token_id:9": -0.2}
    assert read_label_answer(_answer(four, sampled="token_id:9"), label_ids=IDS) is not None
    assert read_label_answer(_answer(four, sampled="token_id:1"), label_ids=IDS) is None


@pytest.mark.parametrize("odd", [None, True, "-0.1", [], {}])
def test_a_log_probability_that_is_no_number_makes_it_unreadable(odd: object) -> None:
    assert read_label_answer(_answer(THREE | {"token_id:1": odd}), label_ids=IDS) is None


@pytest.mark.parametrize("missing", list(THREE))
def test_a_label_that_is_missing_makes_it_unreadable(missing: str) -> None:
    two = {name: value for name, value in THREE.items() if name != missing}
    assert read_label_answer(_answer(two, sampled="token_id:9"), label_ids=IDS) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["choices", "usage", "logprobs", "top_logprobs", "tokens", "text"]), inner)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_read_or_unreadable_and_never_an_exception(answer: object) -> None:
    assert isinstance(read_label_answer(answer, label_ids=IDS), LabelAnswer | None)
    assert isinstance(read_findings_text(answer), str | None)
