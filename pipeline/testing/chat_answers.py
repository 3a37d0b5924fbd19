"""A chat completion's choice as vLLM gives it, each token with the likeliest in its place."""

import math
import re
from collections.abc import Mapping
from typing import Any

import orjson

from pipeline.domain.taxonomy import RiskLevel

_TOKENS = re.compile(r"[a-z_]+|\s+|.", re.DOTALL)


def chat_choice(beliefs: Mapping[RiskLevel, float], *, answer: str | None = None) -> dict[str, Any]:
    """The choice of a model that believes this. `answer` is what it says; without one, JSON with its likeliest label.

    Its tokens are words and single characters; where one is a label's word, the three labels stand in its place with
    the beliefs as they are under a schema, normalised.
    """
    label = max(beliefs, key=lambda level: beliefs[level])
    said = orjson.dumps({"risk_level": label, "categories": [], "reason": "It is as it is."}).decode()
    text = said if answer is None else answer
    tokens = [_token(word, beliefs) for word in _TOKENS.findall(text)]
    return {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None, "reasoning": None},
        "logprobs": {"content": tokens},
        "finish_reason": "stop",
    }


def _token(word: str, beliefs: Mapping[RiskLevel, float]) -> dict[str, Any]:
    if word in set(RiskLevel):
        total = sum(beliefs.values())
        likeliest = [_one(level, beliefs[level] / total) for level in RiskLevel]
        return _one(word, beliefs[RiskLevel(word)] / total) | {"top_logprobs": likeliest}
    return _one(word, 1.0) | {"top_logprobs": [_one(word, 1.0), _one("!", 0.0)]}


def _one(word: str, probability: float) -> dict[str, Any]:
    # vLLM's floor for what a schema forbids.
    logprob = math.log(probability) if probability > 0 else -9999.0
    return {"token": word, "logprob": logprob, "bytes": list(word.encode("utf-8", "surrogatepass"))}
