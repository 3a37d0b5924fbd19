"""Judging beside the broker thread: an event loop on a thread of its own, fed in batches and emptied in batches."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import structlog

from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeUnavailable
from pipeline.judge.base import Judge

_RESTART_SECONDS = 2.0
"""Between two attempts to start a judge that does not answer yet."""


class Ask(NamedTuple):
    """One window to judge, under a number of the caller's."""

    ticket: int
    window: ContextWindow


class Answer(NamedTuple):
    """`seconds` is the time at the judge, up to the label; `fault` is set where it broke; `finding` is then None."""

    ticket: int
    finding: Judgment | Abstention | None
    seconds: float
    fault: BaseException | None


def label_seconds(finding: Judgment | Abstention, elapsed_seconds: float) -> float:
    """How long the label took, of the time until the whole finding came."""
    after = finding.reason_seconds if isinstance(finding, Judgment) else 0.0
    return max(0.0, elapsed_seconds - after)


class JudgeThread:
    """Owns the judge. `ask`, `cancel` and `answers` are called by the worker's thread and never block."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._thread = threading.Thread(target=self._run, name="judging", daemon=True)
        self._done: deque[Answer] = deque()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def ready(self) -> bool:
        """True once the judge has started. Raises what kept it from starting for good."""
        if self._fault is not None:
            raise self._fault
        return self._ready.is_set()

    def start(self) -> None:
        """Begin starting the judge; `ready` says when it is. A judge that does not answer is tried again for ever."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop)

    def ask(self, asks: Sequence[Ask]) -> None:
        """Hand windows over; each comes back through `answers` exactly once, unless cancelled."""
        if asks:
            self._loop.call_soon_threadsafe(self._begin, tuple(asks))

    def cancel(self, tickets: Sequence[int]) -> None:
        """Give up on these. An answer that is already under way may still come."""
        if tickets:
            self._loop.call_soon_threadsafe(self._cancel, tuple(tickets))

    def answers(self) -> list[Answer]:
        """Everything answered since the last call, in order of completion."""
        found: list[Answer] = []
        while self._done:
            found.append(self._done.popleft())
        return found

    def close(self, *, timeout_seconds: float) -> None:
        """Cancel what is left, close the judge and end the thread. A second call does nothing.

        A judge that will not be cancelled is left behind: its thread ends when it lets go, or with the process.
        """
        if self._closed or not self._thread.is_alive():
            return
        self._closed = True
        closing = asyncio.run_coroutine_threadsafe(self._shut(), self._loop)
        try:
            closing.result(timeout_seconds)
        except TimeoutError:
            structlog.get_logger().warning("judge_left_behind", after_seconds=timeout_seconds)
        else:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _start(self) -> None:
        self._starting = asyncio.current_task()
        log = structlog.get_logger()
        while True:
            try:
                await self._judge.start()
            except JudgeUnavailable as error:
                log.warning("judge_not_ready", fault=error, again_in_seconds=_RESTART_SECONDS)
                await asyncio.sleep(_RESTART_SECONDS)
            except Exception as error:  # noqa: BLE001 - handed to the worker's thread by `ready`, which raises it
                self._fault = error
                return
            else:
                identity = self._judge.identity
                log.info("judge_ready", model=identity.name, revision=identity.revision, prompt=identity.prompt_version)
                self._ready.set()
                return

    def _begin(self, asks: Sequence[Ask]) -> None:
        for ask in asks:
            task = self._tasks[ask.ticket] = self._loop.create_task(self._one(ask))
            task.add_done_callback(partial(self._forget, ask.ticket))

    def _forget(self, ticket: int, _done: asyncio.Task[None]) -> None:
        """Only when it has ended, cancelled or not: the judge is not closed under a call still on its way out."""
        del self._tasks[ticket]

    def _cancel(self, tickets: Sequence[int]) -> None:
        for ticket in tickets:
            if ticket in self._tasks:
                self._tasks[ticket].cancel()

    async def _one(self, ask: Ask) -> None:
        began = time.monotonic()
        try:
            finding = await self._judge.judge(ask.window)
            answer = Answer(ask.ticket, finding, label_seconds(finding, time.monotonic() - began), None)
        except Exception as error:  # noqa: BLE001 - handed to the worker's thread, which stops on it
            answer = Answer(ask.ticket, None, time.monotonic() - began, error)
        self._done.append(answer)

    async def _shut(self) -> None:
        tasks = [task for task in (self._starting, *self._tasks.values()) if task is not None and not task.done()]
        for task in tasks:
            if not task.cancelling():  # a second cancel would cut short what the judge does about the first
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._judge.close()
        finally:
            # Not at once: whoever waits for this coroutine is told in the loop's next turn.
            self._loop.call_soon(self._loop.stop)
