"""Stands between workers and brokers, and cuts, delays or holds back what passes.

One listener a broker, at the address that the broker advertises to whoever comes through here. An event loop on a
thread of its own; every method may be called from any thread and returns once it is done.
"""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from pipeline.trial.ports import HOST
from tests.chaos.frames import END_TXN, api_key_of, correlation_of_answer, correlation_of_request, read_frame

_CALL_SECONDS = 30.0
_LAST_WORD_SECONDS = 2.0
_Given = TypeVar("_Given")
_ENDED = (asyncio.IncompleteReadError, ConnectionError, OSError)


@dataclass(slots=True, eq=False)
class _Link:
    """One connection of a worker, and the one made for it."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    commits: set[int] = field(default_factory=set)

    def abort(self) -> None:
        for writer in (self.client, self.broker):
            writer.transport.abort()


class _Route:
    """What reaches one broker."""

    def __init__(self, proxy: "Proxy", port: int) -> None:
        self._proxy, self._port = proxy, port
        self.links: set[_Link] = set()
        self.is_cut = False
        self.delay_seconds = 0.0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            answers, broker = await asyncio.open_connection(HOST, self._port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, broker)
        self.links.add(link)
        there = asyncio.ensure_future(self._requests(reader, link))
        back = asyncio.ensure_future(self._answers(answers, link))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if there.done() and broker.can_write_eof():
                # What was passed on last is to be read before the end is seen: a reset could overtake it.
                broker.write_eof()
                await asyncio.wait((back,), timeout=_LAST_WORD_SECONDS)
        except OSError:
            pass
        finally:
            for pump in (there, back):
                pump.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            link.abort()
            self.links.discard(link)

    async def _requests(self, reader: asyncio.StreamReader, link: _Link) -> None:
        with suppress(*_ENDED):
            while True:
                frame = await read_frame(reader)
                if api_key_of(frame) == END_TXN:
                    link.commits.add(correlation_of_request(frame))
                    await self._proxy.hold_request()
                await self._wait()
                link.broker.write(frame)
                await link.broker.drain()

    async def _answers(self, reader: asyncio.StreamReader, link: _Link) -> None:
        with suppress(*_ENDED):
            while True:
                frame = await read_frame(reader)
                number = correlation_of_answer(frame)
                if number in link.commits:
                    link.commits.discard(number)
                    if await self._proxy.lose_answer():
                        return
                await self._wait()
                link.client.write(frame)
                await link.client.drain()

    async def _wait(self) -> None:
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)


class Proxy:
    """`routes` are, by broker, the port to listen on and the one to pass on to. A context manager."""

    def __init__(self, routes: Mapping[int, tuple[int, int]]) -> None:
        self._ports = dict(routes)
        self._routes = {node: _Route(self, behind) for node, (_, behind) in routes.items()}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._servers: list[asyncio.Server] = []
        self.late, self._losing = asyncio.Event(), asyncio.Event()
        self._on_time, self._heard = asyncio.Event(), asyncio.Event()
        self._on_time.set()
        self._heard.set()
        self.requests_held = 0
        self.answers_lost = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *exception: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def front(self, node: int) -> int:
        """The port that stands for this broker."""
        return self._ports[node][0]

    def cut(self, node: int) -> int:
        """Reset every connection to it and refuse new ones; how many there were."""
        return self._run(self._cut(node))

    def mend(self, node: int) -> None:
        self._routes[node].is_cut = False

    def delay(self, node: int, seconds: float) -> None:
        """Each request and each answer waits so long; 0 ends it."""
        self._routes[node].delay_seconds = seconds

    def lose_commit_answers(self) -> None:
        """From now on the answer to an EndTxn stays here; `end_hold` then resets its connection."""
        self._run(self._hold(self._losing, self._heard))

    def hold_commit_requests(self) -> None:
        """From now on an EndTxn stays here; `end_hold` then passes it on, whether its sender still waits or not."""
        self._run(self._hold(self.late, self._on_time))

    def end_hold(self) -> None:
        self._run(self._release())

    async def hold_request(self) -> None:
        if self.late.is_set():
            self.requests_held += 1
            await self._on_time.wait()

    async def lose_answer(self) -> bool:
        """Waits out a hold; whether there was one."""
        if not self._losing.is_set():
            return False
        self.answers_lost += 1
        await self._heard.wait()
        return True

    def _run(self, work: Coroutine[Any, Any, _Given]) -> _Given:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_SECONDS)

    async def _listen(self) -> None:
        for node, (front, _) in self._ports.items():
            self._servers.append(await asyncio.start_server(self._routes[node].accept, HOST, front, limit=1 << 20))

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for route in self._routes.values():
            for link in list(route.links):
                link.abort()
        mine = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not mine]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _cut(self, node: int) -> int:
        route = self._routes[node]
        route.is_cut = True
        links = list(route.links)
        for link in links:
            link.abort()
        return len(links)

    async def _hold(self, on: asyncio.Event, off: asyncio.Event) -> None:
        on.set()
        off.clear()

    async def _release(self) -> None:
        for event in (self.late, self._losing):
            event.clear()
        for event in (self._on_time, self._heard):
            event.set()
