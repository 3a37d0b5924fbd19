"""What is asked of `/v1/chat/completions`, and what is read from its answers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.judge.prompt import Message

MAX_ANSWER_TOKENS = 400
"""A label, its categories, and a sentence of 400 characters in any script; a longer answer is none we asked for."""

TOP_LOGPROBS = 20
"""The most a server gives unless it was started with another --max-logprobs."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer: its text in UTF-8, and the likeliest ones in its place with their natural logs."""

    spelled: bytes
    likeliest: Sequence[tuple[bytes, float]]


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """A message that the model ended itself. `tokens` is empty where the server gave none that can be read."""

    text: str
    tokens: Sequence[Token]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Alternative(_Strict):
    token: str
    octets: list[int] | None = Field(None, alias="bytes")
    logprob: float

    def spelled(self) -> bytes:
        return self.token.encode("utf-8", "surrogatepass") if self.octets is None else bytes(self.octets)


class _Token(_Alternative):
    top_logprobs: list[_Alternative]


class _Logprobs(_Strict):
    content: list[_Token] | None = None


class _Message(_Strict):
    content: str | None = None


class _Choice(_Strict):
    message: _Message
    finish_reason: str | None = None
    logprobs: object = None


class _Chat(_Strict):
    choices: list[_Choice] = Field(min_length=1, max_length=1)


def chat_request(
    messages: Sequence[Message],
    *,
    model: str,
    schema: Mapping[str, object],
    logprobs: bool,
    cache_salt: str | None,
) -> dict[str, object]:
    """One answer held to a JSON schema, decoded greedily, without a thinking part where the template has one to skip.

    `structured_outputs` is vLLM's field since 0.12; the `guided_…` ones before it are ignored without a word.
    """
    request: dict[str, object] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "temperature": 0,
        "seed": 0,
        "max_tokens": MAX_ANSWER_TOKENS,
        "structured_outputs": {"json": dict(schema)},
        "chat_template_kwargs": {"enable_thinking": False},
    }
    if logprobs:
        request |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
    return request | ({"cache_salt": cache_salt} if cache_salt is not None else {})


def read_chat(answer: object) -> ChatAnswer | None:
    """None unless there is one message with content, and the model itself ended it."""
    try:
        choice = _Chat.model_validate(answer).choices[0]
    except ValidationError:
        return None
    if choice.finish_reason != "stop" or choice.message.content is None:
        return None
    return ChatAnswer(choice.message.content, _tokens(choice.logprobs))


def _tokens(logprobs: object) -> Sequence[Token]:
    """The answer stands without them; what cannot be read is as if it were not there."""
    try:
        content = _Logprobs.model_validate(logprobs).content or []
        return [
            Token(one.spelled(), [(other.spelled(), other.logprob) for other in one.top_logprobs]) for one in content
        ]
    except ValueError:  # pydantic's own, and that of a byte above 255
        return []
