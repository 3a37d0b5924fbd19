"""Labels are told apart by one token, or the tokenizer is refused."""

import pytest

from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import JudgeMisconfigured
from pipeline.judge.label_tokens import label_tokens, require_same_tokens

PROMPT = [7, 8]


def test_the_first_token_after_the_prompt_is_the_labels() -> None:
    continued = {RiskLevel.SAFE: [7, 8, 1], RiskLevel.CONTESTED: [7, 8, 2, 5, 6], RiskLevel.UNSAFE: [7, 8, 3]}
    assert label_tokens(PROMPT, continued=continued) == {
        RiskLevel.SAFE: 1,
        RiskLevel.CONTESTED: 2,
        RiskLevel.UNSAFE: 3,
    }


@pytest.mark.parametrize(
    "unsafe", [[7, 8, 1, 9], [7, 9, 3], [7, 8], [7]], ids=["begins alike", "joined to the prompt", "nothing", "less"]
)
def test_a_tokenizer_that_cannot_tell_labels_apart_is_refused(unsafe: list[int]) -> None:
    continued = {RiskLevel.SAFE: [7, 8, 1], RiskLevel.CONTESTED: [7, 8, 2], RiskLevel.UNSAFE: unsafe}
    with pytest.raises(JudgeMisconfigured):
        label_tokens(PROMPT, continued=continued)


def test_equal_ids_pass() -> None:
    require_same_tokens([1, 2, 3], (1, 2, 3), what="probe")


@pytest.mark.parametrize(
    ("found", "said"), [([1, 9, 3], "index 1"), ([1, 2], "index 2"), ([1, 2, 3, 4], "index 3"), ([], "index 0")]
)
def test_different_ids_are_refused_naming_counts_and_the_first_difference(found: list[int], said: str) -> None:
    with pytest.raises(JudgeMisconfigured, match=f"3 token ids .* {len(found)} .* {said}"):
        require_same_tokens([1, 2, 3], found, what="probe")
