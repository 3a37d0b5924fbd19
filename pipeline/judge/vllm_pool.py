"""Several vLLM servers behind one question: in turn, around the one that fails, each inspected before it is trusted."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import aiohttp
import structlog

from pipeline.clock import Clock, SystemClock
from pipeline.domain.taxonomy import Category
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.endpoints import Rotation
from pipeline.judge.grammar import MIN_LABEL_MASS
from pipeline.judge.labels import CATEGORY_WORDS
from pipeline.judge.vllm_server_api import ServerGone, VllmServer

S = TypeVar("S")
T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class VllmConfig:
    """Where and how to ask.

    `model` is the served name. `revision` names the weights in every verdict: set it to the pinned revision of the
    checkpoint. Without it, it is `served:` and a hash over the server's name for the weights' source, the rendered
    template and the label tokens, which does not see the weights themselves. `total_seconds` is for one HTTP request.
    `category_words` are the policy's; a word it does not have cannot be read.
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
    category_words: Mapping[str, Category] = field(default_factory=lambda: CATEGORY_WORDS)


class ServerPool(Generic[S]):
    """Asks one of the configured servers; inside one call every server is tried once.

    `inspect` says what a server serves. It is asked before a server's first question and again after every connection
    that broke, because the one that comes back may serve another model: two that differ are JudgeMisconfigured.
    """

    def __init__(
        self, config: VllmConfig, inspect: Callable[[VllmServer], Awaitable[S]], *, clock: Clock | None = None
    ) -> None:
        if not config.endpoints:
            raise JudgeMisconfigured("no vLLM endpoint is configured: name at least one")
        self._config = config
        self._ask_what_it_serves = inspect
        self._clock = clock or SystemClock()
        self._slots = asyncio.Semaphore(config.max_concurrency)
        self._session: aiohttp.ClientSession | None = None
        self._rotation: Rotation[VllmServer] | None = None
        self._inspecting: dict[VllmServer, asyncio.Lock] = {}
        self._inspected: set[VllmServer] = set()
        self._served: S | None = None

    @property
    def served(self) -> S:
        """What all of them serve. Raises JudgeUnavailable before the first was inspected."""
        if self._served is None:
            raise JudgeUnavailable("the vLLM judge is not started")
        return self._served

    async def start(self) -> None:
        """Inspect every server. Raises JudgeUnavailable where none answers, JudgeMisconfigured."""
        if self._session is None:
            self._session = open_session(self._config)
        servers = [VllmServer(url, self._session) for url in self._config.endpoints]
        self._rotation = Rotation(servers, clock=self._clock, left_out_seconds=self._config.left_out_seconds)
        faults = [fault for server in servers if (fault := await self._fault_of(server)) is not None]
        if len(faults) == len(servers):
            raise faults[0]
        _log.info("vllm_servers_inspected", model=self._config.model, servers=len(servers), unavailable=len(faults))

    async def ask(self, question: Callable[[VllmServer, S], Awaitable[T]]) -> T:
        """The answer of the first server that gives one. Raises the last one's JudgeUnavailable where none does."""
        if self._rotation is None:
            raise JudgeUnavailable("the vLLM judge is not started")
        async with self._slots:
            fault = JudgeUnavailable("no vLLM server")
            for server in self._rotation.once_each():
                try:
                    answer = await question(server, await self._inspect(server))
                except JudgeUnavailable as error:
                    self._leave_out(server, error)
                    fault = error
                else:
                    self._rotation.succeeded(server)
                    return answer
            raise fault

    async def close(self) -> None:
        session, self._session, self._rotation = self._session, None, None
        if session is not None:
            await session.close()

    async def _inspect(self, server: VllmServer) -> S:
        """What the server serves, asked once until its connection breaks."""
        if server in self._inspected:
            return self.served
        async with self._inspecting.setdefault(server, asyncio.Lock()):
            if server in self._inspected:
                return self.served
            served = await self._ask_what_it_serves(server)
            if self._served is not None and served != self._served:
                raise JudgeMisconfigured(
                    f"{server.url} serves another {self._config.model} than before, or than the other servers"
                )
            self._served = served
            self._inspected.add(server)
            return served

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


def open_session(config: VllmConfig) -> aiohttp.ClientSession:
    """A session with the key, the trust and the times of `config`. Raises JudgeMisconfigured."""
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
