"""What a vLLM server really serves, asked before it is trusted with a chunk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import JudgeMisconfigured
from pipeline.judge.label_tokens import label_tokens, require_same_tokens
from pipeline.judge.labels import LABEL_WORDS
from pipeline.judge.prompt import PREFILL, Message
from pipeline.judge.template import Skeleton, learn_skeleton, probe_messages, sentinel_messages
from pipeline.judge.vllm_server_api import Rejected, VllmServer

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Equal for two servers that may share the work. `root` is the folder or name the weights came from; for an adapter
    it names its base's too."""

    root: str
    max_model_len: int
    skeleton: Skeleton
    label_ids: Mapping[RiskLevel, int]

    @property
    def digest(self) -> str:
        """12 hexadecimal digits; it sees names, template and tokens, not the weights."""
        parts = (self.root, self.skeleton.digest, *(str(token_id) for token_id in self.label_ids.values()))
        return sha256("\x1f".join(parts).encode()).hexdigest()[:12]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Model(_Lenient):
    id: str
    root: str | None = None
    parent: str | None = None
    max_model_len: int | None = None

    @property
    def source(self) -> str:
        return self.root or self.id


class _Models(_Lenient):
    data: list[_Model]


class _Tokens(_Lenient):
    tokens: list[int]


class _Text(_Lenient):
    prompt: str


async def inspect(server: VllmServer, *, model: str, messages: Sequence[Message]) -> ServedModel:
    """Learn template and label tokens for messages of this shape, and check both.

    Raises JudgeUnavailable, and JudgeMisconfigured where the model is not there, its template cannot be interpolated
    exactly, or its tokenizer cannot tell the labels apart.
    """
    root, max_model_len = await served_model(server, model=model)
    skeleton = await learn(server, model=model, messages=messages)
    prompt = skeleton.fill(probe_messages(messages)) + PREFILL
    before = await _tokenize_text(server, model, prompt)
    continued = {level: await _tokenize_text(server, model, f"{prompt} {word}") for word, level in LABEL_WORDS.items()}
    label_ids = label_tokens(before, continued=continued)
    return ServedModel(root, max_model_len, skeleton, label_ids)


async def served_model(server: VllmServer, *, model: str) -> tuple[str, int]:
    """Where the weights came from, and the longest prompt with its answer, in tokens. Raises JudgeMisconfigured."""
    listed = {one.id: one for one in _parse(_Models, await server.get("/v1/models"), server).data}
    found = listed.get(model)
    if found is None:
        served = ", ".join(listed) or "none"
        raise JudgeMisconfigured(f"{server.url} does not serve {model}; it serves {served}: correct the model's name")
    # An adapter is listed without a length: it is its base's.
    base = None if found.parent is None else listed.get(found.parent)
    longest = base.max_model_len if found.max_model_len is None and base is not None else found.max_model_len
    if longest is None:
        raise JudgeMisconfigured(f"{server.url} does not say how long a prompt of {model} may be: is it vLLM?")
    return found.source if base is None else f"{base.source} + {found.source}", longest


async def learn(server: VllmServer, *, model: str, messages: Sequence[Message]) -> Skeleton:
    """The skeleton of this shape, from the server's own rendering, checked by token ids on the probe texts."""
    skeleton = await require_shown(server, model=model, messages=messages)
    probe = probe_messages(messages)
    expected = await _tokenize_messages(server, model, probe)
    require_same_tokens(expected, await _tokenize_text(server, model, skeleton.fill(probe)), what=server.url)
    return skeleton


async def require_shown(server: VllmServer, *, model: str, messages: Sequence[Message]) -> Skeleton:
    """Raise JudgeMisconfigured unless the server's template shows messages of this shape, each once and in order."""
    ids = await _tokenize_messages(server, model, sentinel_messages(messages))
    rendered = _parse(_Text, await server.post("/detokenize", {"model": model, "tokens": ids}), server).prompt
    return learn_skeleton(messages, rendered=rendered)


async def _tokenize_messages(server: VllmServer, model: str, messages: Sequence[Message]) -> list[int]:
    values = [{"role": message.role, "content": message.content} for message in messages]
    body = {"model": model, "messages": values, "add_generation_prompt": True, "add_special_tokens": False}
    return _parse(_Tokens, await server.post("/tokenize", body), server).tokens


async def _tokenize_text(server: VllmServer, model: str, text: str) -> list[int]:
    body = {"model": model, "prompt": text, "add_special_tokens": False}
    return _parse(_Tokens, await server.post("/tokenize", body), server).tokens


def _parse(shape: type[M], answer: object, server: VllmServer) -> M:
    if isinstance(answer, Rejected):
        raise JudgeMisconfigured(
            f"{server.url} refused a start-up question ({answer.status}): is its vLLM 0.30 or later?"
        )
    try:
        return shape.model_validate(answer)
    except ValidationError:
        raise JudgeMisconfigured(f"{server.url} answers in another form than vLLM: check the address") from None
