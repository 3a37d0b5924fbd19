"""What is asked of `/v1/completions`, and what is read from its answers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.domain.taxonomy import RiskLevel
from pipeline.judge.grammar import MAX_FINDINGS_TOKENS

_TOKEN = "token_id:"  # noqa: S105  a prefix of vLLM's, no secret


@dataclass(frozen=True, slots=True)
class LabelAnswer:
    """Natural log-probabilities over the whole vocabulary, and how many tokens the server read."""

    logprobs: Mapping[RiskLevel, float]
    prompt_tokens: int


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Logprobs(_Strict):
    tokens: list[str] = Field(min_length=1, max_length=1)
    top_logprobs: list[dict[str, float]] = Field(min_length=1, max_length=1)


class _Choice(_Strict):
    text: str
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Usage(_Strict):
    prompt_tokens: int


class _Completion(_Strict):
    choices: list[_Choice] = Field(min_length=1, max_length=1)
    usage: _Usage


def label_request(
    prompt: str, *, model: str, label_ids: Mapping[RiskLevel, int], cache_salt: str | None
) -> dict[str, object]:
    """One token, decoded greedily, with the log-probabilities of the labels' own tokens (vLLM 0.30 and later)."""
    return _request(prompt, model=model, max_tokens=1, cache_salt=cache_salt) | {
        "logprobs": 1,
        "logprob_token_ids": list(label_ids.values()),
        "return_tokens_as_token_ids": True,
    }


def findings_request(prompt: str, *, model: str, cache_salt: str | None) -> dict[str, object]:
    """The rest of the answer, up to the model's own end. Special tokens are shown, so that one makes it unreadable."""
    request = _request(prompt, model=model, max_tokens=MAX_FINDINGS_TOKENS, cache_salt=cache_salt)
    return request | {"skip_special_tokens": False}


def read_label_answer(answer: object, *, label_ids: Mapping[RiskLevel, int]) -> LabelAnswer | None:
    """None unless the answer holds exactly the tokens asked for, and the one that was sampled."""
    completion = _completion(answer)
    if completion is None or completion.choices[0].logprobs is None:
        return None
    logprobs = completion.choices[0].logprobs
    by_token = logprobs.top_logprobs[0]
    asked = {level: f"{_TOKEN}{token_id}" for level, token_id in label_ids.items()}
    wanted = set(asked.values())
    if not wanted <= by_token.keys() <= wanted | set(logprobs.tokens):
        return None
    read = {level: by_token[name] for level, name in asked.items()}
    return LabelAnswer(read, completion.usage.prompt_tokens)


def read_findings_text(answer: object) -> str | None:
    """The text, if the model itself ended it."""
    completion = _completion(answer)
    if completion is None or completion.choices[0].finish_reason != "stop":
        return None
    return completion.choices[0].text


def _request(prompt: str, *, model: str, max_tokens: int, cache_salt: str | None) -> dict[str, object]:
    request: dict[str, object] = {
        "model": model,
        "prompt": prompt,
        "add_special_tokens": False,
        "temperature": 0,
        "seed": 0,
        "max_tokens": max_tokens,
    }
    return request | ({"cache_salt": cache_salt} if cache_salt is not None else {})


def _completion(answer: object) -> _Completion | None:
    try:
        return _Completion.model_validate(answer)
    except ValidationError:
        return None
