"""The guard asked with aiohttp, as many questions at a time as its caller has open."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from pipeline.bench.peers.job import Job

_TIMEOUT_SECONDS = 120


class AsyncGuard:
    """A context manager. Raises aiohttp.ClientError where the server does not answer."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        self._session = aiohttp.ClientSession(self._job.url, timeout=timeout, raise_for_status=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, prompt: str) -> dict[str, Any]:
        assert self._session is not None
        async with self._session.post("/v1/chat/completions", json=self._job.request(prompt)) as response:
            answer: dict[str, Any] = await response.json()
            return answer
