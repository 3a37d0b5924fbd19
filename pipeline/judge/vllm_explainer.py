"""The explainer that asks an instruction model behind vLLM."""

from pipeline.domain.judgment import Judgment
from pipeline.domain.window import ContextWindow
from pipeline.judge.chat import chat_request, read_chat
from pipeline.judge.instruct_grammar import EXPLANATION_SCHEMA, parse_explanation
from pipeline.judge.prompt import explanation_messages
from pipeline.judge.vllm_inspect import served_model
from pipeline.judge.vllm_pool import ServerPool, VllmConfig
from pipeline.judge.vllm_server_api import Rejected, VllmServer


class VllmExplainer:
    """Keeps the `Explainer` contract with one request, held to a schema and decoded greedily."""

    def __init__(self, config: VllmConfig) -> None:
        self._config = config
        self._servers = ServerPool(config, self._inspect)

    async def start(self) -> None:
        await self._servers.start()

    async def explain(self, window: ContextWindow, finding: Judgment) -> str | None:
        request = chat_request(
            explanation_messages(window, finding),
            model=self._config.model,
            schema=EXPLANATION_SCHEMA,
            logprobs=False,
            cache_salt=self._config.cache_salt,
        )
        answer = await self._servers.ask(lambda server, _: server.post("/v1/chat/completions", request))
        read = None if isinstance(answer, Rejected) else read_chat(answer)
        return None if read is None else parse_explanation(read.text)

    async def close(self) -> None:
        await self._servers.close()

    async def _inspect(self, server: VllmServer) -> str:
        root, _ = await served_model(server, model=self._config.model)
        return root
