"""A second model's sentence for what is not safe: after the label, in a limited time, or not at all.

It sits around the judge, outside its retries and inside its cache. A verdict is published once, with its reason in it,
so an explanation has to come before that or never: whatever the explainer does, the label is out `limit_seconds` after
it was known, with the sentence the rules build. Time spent here is `Judgment.reason_seconds`, no part of the label's
latency; it does hold back the verdicts that come after it in the same partition, which is why an explainer that keeps
failing is left alone for a while. The explainer's model is not in the verdict's identity: it decides nothing.
"""

import asyncio
from dataclasses import replace
from typing import Protocol

import structlog

from pipeline.clock import Clock, SystemClock
from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.judge.base import Judge
from pipeline.judge.sentence import publishable

_FAILURES = 3
_REST_SECONDS = 30.0
_LEAVE_SECONDS = 1.0

_log = structlog.get_logger()


class Explainer(Protocol):
    """Says in a sentence why a chunk was found not to be safe. Called concurrently on one event loop."""

    async def start(self) -> None:
        """Connect. Raises JudgeUnavailable, JudgeMisconfigured; may be used all the same."""

    async def explain(self, window: ContextWindow, finding: Judgment) -> str | None:
        """One sentence, unchecked, or None where the answer holds none. Raises JudgeError. Cancelling is safe."""

    async def close(self) -> None:
        """Release everything; a second call does nothing."""


class ExplainedJudge:
    """Keeps the `Judge` contract around a judge that does; its label, scores and faults are the inner one's.

    Asked about: a judgment that is not safe and has no reason of its own. `_FAILURES` explanations in a row that fail
    or come too late, and none is asked for during `_REST_SECONDS`.
    """

    def __init__(
        self, inner: Judge, explainer: Explainer, *, limit_seconds: float = 2.0, clock: Clock | None = None
    ) -> None:
        self._inner = inner
        self._explainer = explainer
        self._limit_seconds = limit_seconds
        self._clock = clock or SystemClock()
        self._failures = 0
        self._resting_until = 0.0
        self._asking: set[asyncio.Task[object]] = set()

    @property
    def identity(self) -> ModelIdentity:
        return self._inner.identity

    async def start(self) -> None:
        """Start the inner judge, and raise what it raises; an explainer that does not start is only logged."""
        await self._inner.start()
        await self._in_time(asyncio.create_task(self._explainer.start()))

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        finding = await self._inner.judge(window)
        if isinstance(finding, Abstention) or finding.label is RiskLevel.SAFE or finding.reason is not None:
            return finding
        began = self._clock.monotonic()
        if began < self._resting_until:
            return finding
        said = await self._in_time(asyncio.create_task(self._explainer.explain(window, finding)))
        reason = publishable(said, window) if isinstance(said, str) else None
        return replace(finding, reason=reason, reason_seconds=self._clock.monotonic() - began)

    async def close(self) -> None:
        for task in self._asking:
            task.cancel()
        if self._asking:
            await asyncio.wait(self._asking, timeout=_LEAVE_SECONDS)
        try:
            await self._explainer.close()
        finally:
            await self._inner.close()

    async def _in_time(self, task: asyncio.Task[object]) -> object:
        """What the task returns within the limit, else None. It is cancelled, and not waited for, when time is up."""
        self._asking.add(task)
        task.add_done_callback(self._forget)
        try:
            await asyncio.wait({task}, timeout=self._limit_seconds)
        finally:
            task.cancel()  # nothing, where it has ended
        fault = "too late" if not task.done() else "cancelled" if task.cancelled() else task.exception()
        if fault is None:
            self._failures = 0
            return task.result()
        self._failed(fault if isinstance(fault, str) else type(fault).__name__)
        return None

    def _failed(self, fault: str) -> None:
        self._failures += 1
        resting = self._failures >= _FAILURES
        if resting:
            self._failures = 0
            self._resting_until = self._clock.monotonic() + _REST_SECONDS
        # The kind alone: a foreign exception may hold what it was asked.
        _log.warning("explanation_failed", fault=fault, resting_seconds=_REST_SECONDS if resting else 0.0)

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that the loop does not report it with its text
