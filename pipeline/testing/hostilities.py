"""What a server may do to its client: one function a misdeed, for `HostileServer.misbehave`."""

import asyncio
from typing import Any

from aiohttp import web

from pipeline.testing.hostile_server import Asked, Hostility

_ENDLESS_SECONDS = 3600.0


def status(code: int, *, retry_after: str | None = None, body: str = '{"error": {"message": "no"}}') -> Hostility:
    """Answers with this status."""

    async def answer(_asked: Asked) -> web.StreamResponse:
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return web.Response(status=code, text=body, headers=headers)

    return answer


def redirect(url: str) -> Hostility:
    """Sends the client, and what it carries, elsewhere."""

    async def answer(_asked: Asked) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": url})

    return answer


async def never_answers(_asked: Asked) -> web.StreamResponse:
    """Keeps the connection open and says nothing."""
    await asyncio.sleep(_ENDLESS_SECONDS)
    return web.Response()


async def answers_drop_by_drop(asked: Asked) -> web.StreamResponse:
    """One byte now and then, for ever: every single read is in time."""
    response = web.StreamResponse()
    await response.prepare(asked.request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def cuts_the_connection(asked: Asked) -> web.StreamResponse:
    """Promises a whole body, sends a part, and hangs up."""
    response = web.StreamResponse(headers={"Content-Length": "500"})
    await response.prepare(asked.request)
    await response.write(b'{"choices": [{"text": "')
    _hang_up(asked.request)
    return response


async def hangs_up(asked: Asked) -> web.StreamResponse:
    """Hangs up before any answer."""
    _hang_up(asked.request)
    return web.Response()


async def floods(asked: Asked) -> web.StreamResponse:
    """Megabytes and no end."""
    response = web.StreamResponse()
    await response.prepare(asked.request)
    for _ in range(64):
        await response.write(b" " * (1 << 20))
    return response


def says(text: str) -> Hostility:
    """A body of its own with status 200, JSON or not."""

    async def answer(_asked: Asked) -> web.StreamResponse:
        return web.Response(text=text, content_type="application/json")

    return answer


def changes(path: str, value: Any) -> Hostility:
    """The honest answer with one place changed: `choices.0.logprobs`; a value of `...` removes it."""

    async def answer(asked: Asked) -> web.StreamResponse:
        whole = asked.server.completion(asked.body)
        *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
        place: Any = whole
        for step in way:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
        return web.json_response(whole)

    return answer


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
