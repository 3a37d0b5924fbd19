"""The token that tells each label from the others, found with the model's own tokenizer; never hard-coded."""

from collections.abc import Mapping, Sequence

from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import JudgeMisconfigured


def label_tokens(prompt_ids: Sequence[int], *, continued: Mapping[RiskLevel, Sequence[int]]) -> dict[RiskLevel, int]:
    """The first token of each label after the prompt.

    `continued` holds the ids of the prompt's text followed by each label's word. ` Controversial` may be several
    tokens: only its first is read. Raises JudgeMisconfigured when a word changes how the prompt itself is cut into
    tokens, or when two labels begin alike, because then one forward pass cannot tell them apart.
    """
    found: dict[RiskLevel, int] = {}
    for level, ids in continued.items():
        if list(ids[: len(prompt_ids)]) != list(prompt_ids) or len(ids) == len(prompt_ids):
            raise JudgeMisconfigured(f"the tokenizer joins the word for {level} to the prompt before it")
        found[level] = ids[len(prompt_ids)]
    if len(set(found.values())) < len(found):
        raise JudgeMisconfigured("two labels begin with the same token: this tokenizer cannot tell them apart")
    return found


def require_same_tokens(expected: Sequence[int], found: Sequence[int], *, what: str) -> None:
    """Raise JudgeMisconfigured, naming counts and the first differing index, unless the ids are the same."""
    if list(expected) == list(found):
        return
    pairs = enumerate(zip(expected, found, strict=False))
    first = next((index for index, (one, other) in pairs if one != other), min(len(expected), len(found)))
    raise JudgeMisconfigured(
        f"{what}: {len(expected)} token ids from the model's template, {len(found)} from the interpolated text, "
        f"first difference at index {first}"
    )
