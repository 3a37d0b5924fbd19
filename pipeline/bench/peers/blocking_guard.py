"""The guard asked over one connection that stays open, one question at a time."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from pipeline.bench.peers.job import Job

_TIMEOUT_SECONDS = 120
_OK = 200


class BlockingGuard:
    """Raises OSError where the server does not answer."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._connection = HTTPConnection(urlsplit(job.url).netloc, timeout=_TIMEOUT_SECONDS)

    def ask(self, prompt: str) -> dict[str, Any]:
        body = json.dumps(self._job.request(prompt))
        self._connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        content = response.read()
        if response.status != _OK:
            raise OSError(f"the server answered {response.status}")
        answer: dict[str, Any] = json.loads(content)
        return answer
