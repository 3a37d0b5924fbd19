"""The judge that asks any instruction model behind vLLM for a whole answer: for second opinions, and for reasons."""

from dataclasses import dataclass
from hashlib import sha256

import orjson

from pipeline.clock import Clock
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity
from pipeline.domain.window import ContextWindow
from pipeline.judge.chat import chat_request, read_chat
from pipeline.judge.instruct_grammar import ANSWER_SCHEMA, label_scores, parse_instructed
from pipeline.judge.instructions import JUDGING
from pipeline.judge.prompt import Message, Profile
from pipeline.judge.sentence import publishable
from pipeline.judge.vllm_inspect import require_shown, served_model
from pipeline.judge.vllm_pool import ServerPool, VllmConfig
from pipeline.judge.vllm_server_api import Rejected, VllmServer

_SHAPE = (Message("system", ""), Message("user", ""))


@dataclass(frozen=True, slots=True)
class _Served:
    root: str


class InstructJudge:
    """Keeps the `Judge` contract with one request a chunk.

    The answer is held to a schema, so nothing measures whether the model wanted to say a label: `label_mass` is None.
    The scores are those of the label's own token among the labels; where the server tells none they are None too, and
    a policy then takes neither safe nor unsafe at its word. A reason that quotes is left out, and the label stands.
    The prompt's version covers our instructions and schema; the model's own template is named by `revision`.
    """

    def __init__(self, config: VllmConfig, profile: Profile, *, clock: Clock | None = None) -> None:
        self._config = config
        self._profile = profile
        self._servers = ServerPool(config, self._inspect, clock=clock)
        asked = JUDGING.encode() + orjson.dumps(dict(ANSWER_SCHEMA))
        self._prompt_version = f"{profile.version}+{sha256(asked).hexdigest()[:12]}"

    @property
    def identity(self) -> ModelIdentity:
        served = self._servers.served
        revision = self._config.revision or f"served:{sha256(served.root.encode()).hexdigest()[:12]}"
        return ModelIdentity(self._config.model, revision, self._prompt_version)

    async def start(self) -> None:
        await self._servers.start()

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        return await self._servers.ask(lambda server, _: self._ask(server, window))

    async def close(self) -> None:
        await self._servers.close()

    async def _ask(self, server: VllmServer, window: ContextWindow) -> Judgment | Abstention:
        request = chat_request(
            self._profile.messages(window),
            model=self._config.model,
            schema=ANSWER_SCHEMA,
            logprobs=True,
            cache_salt=self._config.cache_salt,
        )
        answer = await server.post("/v1/chat/completions", request)
        if isinstance(answer, Rejected):
            reason = AbstentionReason.PROMPT_TOO_LONG if answer.too_long else AbstentionReason.REFUSED
            return Abstention(reason, self.identity)
        read = read_chat(answer)
        if read is None:
            return Abstention(AbstentionReason.UNREADABLE, self.identity)
        found = parse_instructed(read.text)
        if isinstance(found, AbstentionReason):
            return Abstention(found, self.identity)
        return Judgment(
            label=found.label,
            scores=label_scores(read.text, read.tokens, label_at=found.label_at),
            label_mass=None,
            model=self.identity,
            categories=found.categories,
            reason=publishable(found.reason, window),
        )

    async def _inspect(self, server: VllmServer) -> _Served:
        """The model is there, and its template shows both messages; a template with a date in it is welcome."""
        root, _ = await served_model(server, model=self._config.model)
        await require_shown(server, model=self._config.model, messages=_SHAPE)
        return _Served(root)
