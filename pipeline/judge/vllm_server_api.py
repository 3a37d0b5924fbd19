"""One vLLM server over HTTP: JSON in, JSON out, and every fault mapped. Nothing of a request enters a message."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

import aiohttp
import orjson

from pipeline.errors import JudgeMisconfigured, JudgeUnavailable

_MOST_BYTES = 8 << 20
"""Of one answer. The largest is the token ids of a whole prompt; more is no answer of vLLM's."""

_BUSY_OR_BROKEN = frozenset({408, 425, 429, *range(500, 600)})
_REJECTED = frozenset({400, 413, 422})
_TOO_LONG_PARAMS = frozenset({"input_text", "input_tokens"})


class ServerGone(JudgeUnavailable):
    """The connection was refused or broke: whatever answers at this address next may be another server."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server read the request and will not answer it; `too_long` where it says that the prompt is."""

    status: int
    too_long: bool


class VllmServer:
    """Client of one base address, over a shared session."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self._session = session

    async def get(self, path: str) -> object:
        """The decoded answer. Raises JudgeUnavailable (ServerGone), JudgeMisconfigured."""
        answer = await self._ask("GET", path, None)
        if isinstance(answer, Rejected):
            raise JudgeMisconfigured(f"{self.url}{path} answered {answer.status}: is this a vLLM server?")
        return answer

    async def post(self, path: str, body: Mapping[str, object]) -> object | Rejected:
        """The decoded answer, or Rejected for 400, 413, 422. Raises as `get` does."""
        return await self._ask("POST", path, orjson.dumps(body))

    async def _ask(self, method: str, path: str, body: bytes | None) -> object | Rejected:
        where = f"{self.url}{path}"
        try:
            # A redirect would carry protected text to an address nobody configured.
            async with self._session.request(method, where, data=body, allow_redirects=False) as response:
                return _read(response.status, response.headers, await _whole_body(response), where)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise JudgeMisconfigured(f"{self.url} is no address of a server") from error
        except (aiohttp.ClientConnectorCertificateError, ssl.CertificateError) as error:
            raise JudgeMisconfigured(f"{self.url} shows a certificate nobody here trusts: set the CA file") from error
        except TimeoutError as error:
            raise JudgeUnavailable(f"{where} did not answer in time") from error
        except aiohttp.ClientError as error:
            raise ServerGone(f"{where} could not be reached ({type(error).__name__})") from error


async def _whole_body(response: aiohttp.ClientResponse) -> bytes:
    blocks, size = [], 0
    async for block in response.content.iter_any():
        size += len(block)
        if size > _MOST_BYTES:
            raise aiohttp.ClientPayloadError("answer too large")
        blocks.append(block)
    return b"".join(blocks)


def _read(status: int, headers: Mapping[str, str], body: bytes, where: str) -> object | Rejected:
    if status == 200:
        return _json(body, where)
    if status in _REJECTED:
        return Rejected(status, _says_too_long(body) or status == 413)
    if status in _BUSY_OR_BROKEN:
        wait = _retry_after_seconds(headers.get("Retry-After"))
        raise JudgeUnavailable(f"{where} answered {status}", retry_after_seconds=wait)
    mend = {401: "set the API key", 403: "set the API key", 404: "check the address and the model's served name"}
    raise JudgeMisconfigured(f"{where} answered {status}: {mend.get(status, 'is this a vLLM server?')}")


def _json(body: bytes, where: str) -> object:
    try:
        answer: object = orjson.loads(body)
        return answer
    except orjson.JSONDecodeError:
        # Unchained: the decoder's error holds the body.
        raise JudgeUnavailable(f"{where} answered something that is not JSON") from None


def _says_too_long(body: bytes) -> bool:
    """By the parameter vLLM names; older versions only by their words."""
    try:
        error = orjson.loads(body)["error"]
        return bool(error.get("param") in _TOO_LONG_PARAMS) or "context length" in str(error.get("message"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return False


def _retry_after_seconds(value: str | None) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date. What cannot be read is as if it were not there."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None
