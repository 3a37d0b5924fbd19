"""A small OpenAI-compatible server that speaks vLLM's dialect, and misbehaves on demand.

It renders ChatML, cuts text into words (reversibly), and answers from a script; `misbehave` puts one of the
`HOSTILITIES` of `pipeline.testing.hostilities`, or any function of the same shape, in place of its answers.
"""

import asyncio
import math
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from aiohttp import web

from pipeline.domain.taxonomy import RiskLevel
from pipeline.judge.labels import WORD_OF_LABEL
from pipeline.testing.chat_answers import chat_choice

Body = dict[str, Any]
_WORDS = re.compile(r"<\|[a-z_]+\|>| ?[^\W_]+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Says:
    """What the fake model believes about a chunk: three probabilities, and what follows `Categories:`.

    `answer` is what it says whole in a chat; without one, JSON with its likeliest label.
    """

    safe: float = 0.98
    contested: float = 0.01
    unsafe: float = 0.005
    findings: str = " None"
    answer: str | None = None

    def of(self, level: RiskLevel) -> float:
        return {
            RiskLevel.SAFE: self.safe,
            RiskLevel.CONTESTED: self.contested,
            RiskLevel.UNSAFE: self.unsafe,
        }[level]


@dataclass(frozen=True, slots=True)
class Asked:
    """A completion request as a hostility gets it."""

    server: "HostileServer"
    request: web.Request
    body: Body


Hostility = Callable[[Asked], Awaitable[web.StreamResponse]]
"""Answers a completion request instead of the server; may spoil `asked.server.completion(asked.body)`."""


class HostileServer:
    """`async with HostileServer() as server:` listens on 127.0.0.1 at `server.url`.

    `script` maps a piece of text to what is said about every prompt that holds it. `requests` keeps the bodies of
    completion requests in order of arrival, `paths` every path asked for. With `adapter_of`, `model` is an adapter
    of the model of that name.
    """

    def __init__(
        self,
        script: Mapping[str, Says] | None = None,
        *,
        model: str = "guard",
        root: str = "/models/guard",
        adapter_of: str | None = None,
        max_model_len: int = 2048,
        api_key: str | None = None,
        template: Callable[[list[dict[str, str]]], str] | None = None,
        port: int = 0,
    ) -> None:
        self.script = dict(script or {})
        self.model = model
        self.root = root
        self.adapter_of = adapter_of
        self.max_model_len = max_model_len
        self.requests: list[Body] = []
        self.paths: list[str] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._api_key = api_key
        self._template = template or chatml
        self._port = port
        self._words: dict[int, str] = {}
        self._next: deque[Hostility] = deque()
        self._always: Hostility | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def misbehave(self, hostility: Hostility, *, times: int | None = None) -> None:
        """Answer the next `times` completions like this; for ever without a number."""
        if times is None:
            self._always = hostility
        else:
            self._next.extend([hostility] * times)

    def behave(self) -> None:
        self._always = None
        self._next.clear()

    async def start(self) -> None:
        """Listen; on the same port again after `stop`."""
        app = web.Application(client_max_size=8 << 20)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_post("/detokenize", self._detokenize)
        app.router.add_post("/v1/completions", self._completions)
        app.router.add_post("/v1/chat/completions", self._completions)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> "HostileServer":
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    def render(self, messages: list[dict[str, str]]) -> str:
        return self._template(messages)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; the same word has the same id on every server."""
        ids = []
        for word in _WORDS.findall(text):
            token_id = crc32(word.encode("utf-8", "surrogatepass")) & 0x7FFFFFFF
            self._words[token_id] = word
            ids.append(token_id)
        return ids

    def completion(self, body: Body) -> Body:
        """The well-behaved answer to a completion request."""
        if "messages" in body:
            return self._chat_completion(body)
        prompt = str(body["prompt"])
        says = next((says for text, says in self.script.items() if text in prompt), Says())
        if body.get("logprob_token_ids"):
            return self._label_completion(body, says)
        return _envelope(
            self, body, {"index": 0, "text": says.findings, "logprobs": None, "finish_reason": "stop"}, tokens=3
        )

    def _chat_completion(self, body: Body) -> Body:
        asked = "\n".join(message["content"] for message in body["messages"])
        says = next((says for text, says in self.script.items() if text in asked), Says())
        choice = chat_choice({level: says.of(level) for level in RiskLevel}, answer=says.answer)
        return _envelope(self, body, choice, tokens=9)

    def _label_completion(self, body: Body, says: Says) -> Body:
        level_of = {self.encode(f" {word}")[0]: level for level, word in WORD_OF_LABEL.items()}
        asked = {token_id: _log(says.of(level_of[token_id])) for token_id in body["logprob_token_ids"]}
        best = max(asked, key=lambda token_id: asked[token_id])
        by_name = {f"token_id:{token_id}": logprob for token_id, logprob in asked.items()}
        logprobs = {
            "text_offset": [0],
            "token_logprobs": [asked[best]],
            "tokens": [f"token_id:{best}"],
            "top_logprobs": [by_name],
        }
        choice = {"index": 0, "text": self._words[best], "logprobs": logprobs, "finish_reason": "length"}
        return _envelope(self, body, choice, tokens=1)

    async def _models(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        if self._refuses(request):
            return _error(401, "Unauthorized")
        data: list[Body] = [
            {"id": self.adapter_of or self.model, "object": "model", "root": self.root}
            | {"parent": None, "max_model_len": self.max_model_len}
        ]
        if self.adapter_of is not None:  # as vLLM 0.32 lists one: with its base's name, and no length
            adapter = {"root": f"/adapters/{self.model}", "parent": self.adapter_of, "max_model_len": None}
            data.append({"id": self.model, "object": "model"} | adapter)
        return web.json_response({"object": "list", "data": data})

    async def _tokenize(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        body: Body = await request.json()
        ids = self.encode(_prompt(self, body))
        return web.json_response({"count": len(ids), "max_model_len": self.max_model_len, "tokens": ids})

    async def _detokenize(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        body: Body = await request.json()
        return web.json_response({"prompt": "".join(self._words[token_id] for token_id in body["tokens"])})

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        body: Body = await request.json()
        self.requests.append(body)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(0)
            hostility = self._next.popleft() if self._next else self._always
            if hostility is not None:
                return await hostility(Asked(self, request, body))
            return self._answer(request, body)
        finally:
            self._in_flight -= 1

    def _answer(self, request: web.Request, body: Body) -> web.Response:
        if self._refuses(request):
            return _error(401, "Unauthorized")
        if body["model"] != self.model:
            return _error(404, f"The model `{body['model']}` does not exist.", param="model")
        if len(self.encode(_prompt(self, body))) + body["max_tokens"] > self.max_model_len:
            said = f"This model's maximum context length is {self.max_model_len} tokens."
            return _error(400, said, param="input_tokens")
        return web.json_response(self.completion(body))

    def _refuses(self, request: web.Request) -> bool:
        return self._api_key is not None and request.headers.get("Authorization") != f"Bearer {self._api_key}"


def chatml(messages: list[dict[str, str]]) -> str:
    """The rendering of the mini guard's template."""
    parts = [f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages]
    return "".join(parts) + "<|im_start|>assistant\n"


def _prompt(server: HostileServer, body: Body) -> str:
    return server.render(body["messages"]) if "messages" in body else str(body["prompt"])


def _envelope(server: HostileServer, body: Body, choice: Body, *, tokens: int) -> Body:
    read = len(server.encode(_prompt(server, body)))
    usage = {"prompt_tokens": read, "completion_tokens": tokens, "total_tokens": read + tokens}
    return {"id": "cmpl-1", "object": "text_completion", "model": server.model, "choices": [choice], "usage": usage}


def _error(status: int, message: str, *, param: str | None = None) -> web.Response:
    error = {"message": message, "type": "Error", "param": param, "code": status}
    return web.json_response({"error": error}, status=status)


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else -9999.0
