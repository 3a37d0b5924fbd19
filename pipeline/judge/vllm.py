"""The judge that asks vLLM servers for a guard model's label."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.clock import Clock
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.judge.completion import findings_request, label_request, read_findings_text, read_label_answer
from pipeline.judge.grammar import ANSWER_TOKENS, Findings, continuation_of, parse_findings, read_label
from pipeline.judge.prompt import PREFILL, Message, Profile
from pipeline.judge.sentence import publishable
from pipeline.judge.template import PROBE_TEXTS, Roles, Skeleton, roles_of
from pipeline.judge.vllm_inspect import ServedModel, inspect, learn
from pipeline.judge.vllm_pool import ServerPool, VllmConfig
from pipeline.judge.vllm_server_api import Rejected, VllmServer


class VllmJudge:
    """Keeps the `Judge` contract. One request for the label of a chunk, a second only where it is not safe."""

    def __init__(self, config: VllmConfig, profile: Profile, *, clock: Clock | None = None) -> None:
        self._config = config
        self._profile = profile
        self._servers = ServerPool(config, self._inspect, clock=clock)
        self._skeletons: dict[Roles, Skeleton] = {}

    @property
    def identity(self) -> ModelIdentity:
        served = self._servers.served
        revision = self._config.revision or f"served:{served.digest}"
        return ModelIdentity(self._config.model, revision, f"{self._profile.version}+{served.skeleton.digest}")

    async def start(self) -> None:
        await self._servers.start()

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        return await self._servers.ask(lambda server, served: self._ask(server, served, window))

    async def close(self) -> None:
        await self._servers.close()

    async def _ask(self, server: VllmServer, served: ServedModel, window: ContextWindow) -> Judgment | Abstention:
        messages = self._profile.messages(window)
        prompt = (await self._skeleton(server, served, messages)).fill(messages) + PREFILL
        found = await self._read_label(server, served, prompt)
        if isinstance(found, Abstention) or found.label is RiskLevel.SAFE:
            return found
        request = findings_request(
            prompt + continuation_of(found.label), model=self._config.model, cache_salt=self._config.cache_salt
        )
        text = read_findings_text(await server.post("/v1/completions", request))
        findings = None if text is None else parse_findings(text, category_words=self._config.category_words)
        if not isinstance(findings, Findings):  # it does not undo the label
            return found
        return replace(found, categories=findings.categories, reason=publishable(findings.reason, window))

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
        return await inspect(server, model=self._config.model, messages=(Message("user", PROBE_TEXTS[0]),))

    async def _skeleton(self, server: VllmServer, served: ServedModel, messages: Sequence[Message]) -> Skeleton:
        roles = roles_of(messages)
        if roles == served.skeleton.roles:
            return served.skeleton
        if roles not in self._skeletons:
            self._skeletons[roles] = await learn(server, model=self._config.model, messages=messages)
        return self._skeletons[roles]
