"""The judge that asks vLLM servers."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import structlog

from pipeline.clock import Clock, SystemClock
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.completion import findings_request, label_request, read_findings_text, read_label_answer
from pipeline.judge.endpoints import Rotation
from pipeline.judge.grammar import (
    ANSWER_TOKENS,
    MIN_LABEL_MASS,
    Findings,
    continuation_of,
    parse_findings,
    read_label,
)
from pipeline.judge.prompt import PREFILL, Message, Profile
from pipeline.judge.template import PROBE_TEXTS, Roles, Skeleton, roles_of
from pipeline.judge.vllm_inspect import ServedModel, inspect, learn
from pipeline.judge.vllm_server_api import Rejected, ServerGone, VllmServer

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class VllmConfig:
    """Where and how to ask.

    `model` is the served name. `revision` names the weights in every verdict: set it to the pinned revision of the
    checkpoint. Without it, it is `served:` and a hash over the server's name for the weights' source, the rendered
    template and the label tokens, which does not see the weights themselves. `total_seconds` is for one HTTP request.
    """

    endpoints: tuple[str, ...]
    model: str
    api_key: str | None = field(default=None, repr=False)
    connect_seconds: float = 3.0
    total_seconds: float = 30.0
    max_concurrency: int = 64
    revision: str | None = None
    cache_salt: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    left_out_seconds: float = 5.0
    min_label_mass: float = MIN_LABEL_MASS


class VllmJudge:
    """Keeps the `Judge` contract. One request for the label of a chunk, a second only where it is not safe.

    A server is inspected before its first chunk and again after every connection that broke, because the one that
    comes back may serve another model: then JudgeMisconfigured. Inside one call every server is tried once.
    """

    def __init__(self, config: VllmConfig, profile: Profile, *, clock: Clock | None = None) -> None:
        if not config.endpoints:
            raise JudgeMisconfigured("no vLLM endpoint is configured: name at least one")
        self._config = config
        self._profile = profile
        self._clock = clock or SystemClock()
        self._slots = asyncio.Semaphore(config.max_concurrency)
        self._session: aiohttp.ClientSession | None = None
        self._rotation: Rotation[VllmServer] | None = None
        self._inspecting: dict[VllmServer, asyncio.Lock] = {}
        self._inspected: set[VllmServer] = set()
        self._served: ServedModel | None = None
        self._skeletons: dict[Roles, Skeleton] = {}

    @property
    def identity(self) -> ModelIdentity:
        served = self._known()
        revision = self._config.revision or f"served:{served.digest}"
        return ModelIdentity(self._config.model, revision, f"{self._profile.version}+{served.skeleton.digest}")

    async def start(self) -> None:
        if self._session is None:
            self._session = _session(self._config)
        servers = [VllmServer(url, self._session) for url in self._config.endpoints]
        self._rotation = Rotation(servers, clock=self._clock, left_out_seconds=self._config.left_out_seconds)
        faults = [fault for server in servers if (fault := await self._fault_of(server)) is not None]
        if len(faults) == len(servers):
            raise faults[0]
        _log.info("judge_started", model=self._config.model, servers=len(servers), unavailable=len(faults))

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        if self._rotation is None:
            raise JudgeUnavailable("the vLLM judge is not started")
        async with self._slots:
            fault = JudgeUnavailable("no vLLM server")
            for server in self._rotation.once_each():
                try:
                    found = await self._ask(server, window)
                except JudgeUnavailable as error:
                    self._leave_out(server, error)
                    fault = error
                else:
                    self._rotation.succeeded(server)
                    return found
            raise fault

    async def close(self) -> None:
        session, self._session, self._rotation = self._session, None, None
        if session is not None:
            await session.close()

    async def _ask(self, server: VllmServer, window: ContextWindow) -> Judgment | Abstention:
        served = await self._inspect(server)
        messages = self._profile.messages(window)
        prompt = (await self._skeleton(server, messages)).fill(messages) + PREFILL
        found = await self._read_label(server, served, prompt)
        if isinstance(found, Abstention) or found.label is RiskLevel.SAFE:
            return found
        request = findings_request(
            prompt + continuation_of(found.label), model=self._config.model, cache_salt=self._config.cache_salt
        )
        text = read_findings_text(await server.post("/v1/completions", request))
        findings = parse_findings(text) if text is not None else None
        if not isinstance(findings, Findings):  # it does not undo the label
            return found
        return replace(found, categories=findings.categories, reason=findings.reason)

    async def _read_label(self, server: VllmServer, served: ServedModel, prompt: str) -> Judgment | Abstention:
        request = label_request(
            prompt, model=self._config.model, label_ids=served.label_ids, cache_salt=self._config.cache_salt
        )
        answer = await server.post("/v1/completions", request)
        if isinstance(answer, Rejected):
            reason = AbstentionReason.PROMPT_TOO_LONG if answer.too_long else AbstentionReason.REFUSED
            return Abstention(reason, self.identity)
        read = read_label_answer(answer, label_ids=served.label_ids)
        if read is None:
            return Abstention(AbstentionReason.UNREADABLE, self.identity)
        if read.prompt_tokens + ANSWER_TOKENS > served.max_model_len:
            return Abstention(AbstentionReason.PROMPT_TOO_LONG, self.identity)
        return read_label(read.logprobs, model=self.identity, min_label_mass=self._config.min_label_mass)

    async def _inspect(self, server: VllmServer) -> ServedModel:
        """What the server serves, asked once until its connection breaks."""
        if server in self._inspected:
            return self._known()
        async with self._inspecting.setdefault(server, asyncio.Lock()):
            if server in self._inspected:
                return self._known()
            single = (Message("user", PROBE_TEXTS[0]),)
            served = await inspect(server, model=self._config.model, messages=single)
            if self._served is not None and served != self._served:
                raise JudgeMisconfigured(
                    f"{server.url} serves another {self._config.model} than before, or than the other servers"
                )
            self._served = served
            self._skeletons.setdefault(served.skeleton.roles, served.skeleton)
            self._inspected.add(server)
            return served

    async def _skeleton(self, server: VllmServer, messages: Sequence[Message]) -> Skeleton:
        roles = roles_of(messages)
        if roles not in self._skeletons:
            self._skeletons[roles] = await learn(server, model=self._config.model, messages=messages)
        return self._skeletons[roles]

    async def _fault_of(self, server: VllmServer) -> JudgeUnavailable | None:
        try:
            await self._inspect(server)
        except JudgeUnavailable as error:
            self._leave_out(server, error)
            return error
        return None

    def _leave_out(self, server: VllmServer, fault: JudgeUnavailable) -> None:
        if isinstance(fault, ServerGone):
            self._inspected.discard(server)
        if self._rotation is not None:
            self._rotation.failed(server)

    def _known(self) -> ServedModel:
        if self._served is None:
            raise JudgeUnavailable("the vLLM judge is not started")
        return self._served


def _session(config: VllmConfig) -> aiohttp.ClientSession:
    headers = {"Content-Type": "application/json"}
    if config.api_key is not None:
        headers["Authorization"] = f"Bearer {config.api_key}"
    try:
        trust = ssl.create_default_context(cafile=str(config.ca_file)) if config.ca_file else True
    except (OSError, ssl.SSLError) as error:
        raise JudgeMisconfigured(f"{config.ca_file} is no file of certificates") from error
    return aiohttp.ClientSession(
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=config.total_seconds, sock_connect=config.connect_seconds),
        # The judge's own slots are the limit. vLLM closes idle connections after 5 s (VLLM_HTTP_TIMEOUT_KEEP_ALIVE):
        # dropping them first avoids sending a request into one that is closing.
        connector=aiohttp.TCPConnector(limit=0, ssl=trust, keepalive_timeout=3),
    )
