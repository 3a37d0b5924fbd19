"""A judge that is slow, busy or down holds the stream; it never makes anything safe, and loses nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

import structlog

from pipeline.clock import Clock, SystemClock
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeUnavailable
from pipeline.judge.base import Judge
from pipeline.judge.breaker import Breaker, BreakerState, Circuit

OnUnavailable = Literal["hold", "contest"]
"""What a chunk gets while no judge answers: it waits, or after a while it goes to a person."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: before try n+1, a random wait of up to first * 2^(n-1), at most the cap.

    (The rule of the AWS Architecture Blog, "Exponential Backoff And Jitter": full jitter does the least work.) A
    judge's own Retry-After, up to `max_retry_after_seconds`, is the least wait. `attempt_seconds` bounds one try, the
    time it queues inside the judge included; None leaves that to the judge, which times its own requests.
    """

    attempt_seconds: float | None = None
    first_delay_seconds: float = 0.1
    max_delay_seconds: float = 5.0
    max_retry_after_seconds: float = 60.0

    def delay_seconds(self, failed_tries: int, *, error: JudgeUnavailable, random: Random) -> float:
        """How long to wait after this many tries failed, the last one with `error`."""
        ceiling = min(self.max_delay_seconds, self.first_delay_seconds * 2 ** min(failed_tries - 1, 30))
        asked = min(error.retry_after_seconds or 0.0, self.max_retry_after_seconds)
        return asked + random.uniform(0, ceiling)


class ResilientJudge:
    """Wraps any judge: retries, a circuit breaker, and the choice of what an unanswered chunk gets.

    With "hold" a call waits for as long as the judge is down, and leaves only by an answer, by cancellation, or by
    JudgeMisconfigured. With "contest" it becomes Abstention(UNAVAILABLE) `contest_after_seconds` after it was made.
    At most `max_concurrency` chunks are asked about at a time. `on_breaker` hears every change of state, on the
    event loop; it must not block.
    """

    def __init__(
        self,
        inner: Judge,
        *,
        clock: Clock | None = None,
        retry: RetryPolicy | None = None,
        breaker: Breaker | None = None,
        max_concurrency: int = 64,
        on_unavailable: OnUnavailable = "hold",
        contest_after_seconds: float = 30.0,
        on_breaker: Callable[[BreakerState], None] = lambda _: None,
        random: Random | None = None,
    ) -> None:
        self._inner = inner
        self._retry = retry or RetryPolicy()
        # Taken before a try's time begins: a chunk that waits for its turn is not a judge that is slow.
        self._slots = asyncio.Semaphore(max_concurrency)
        self._contest_after_seconds = contest_after_seconds if on_unavailable == "contest" else None
        self._on_breaker = on_breaker
        # Jitter spreads callers; nothing secret depends on it.
        self._random = random or Random()  # noqa: S311
        self._circuit = Circuit(breaker or Breaker(), clock=clock or SystemClock(), on_change=self._report)

    @property
    def identity(self) -> ModelIdentity:
        return self._inner.identity

    @property
    def state(self) -> BreakerState:
        """For health and metrics; readable from any thread."""
        return self._circuit.state

    async def start(self) -> None:
        """Start the wrapped judge, once; its errors are the caller's to retry."""
        await self._inner.start()

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        timeout = asyncio.timeout(self._contest_after_seconds)
        try:
            async with timeout:
                return await self._until_answered(window)
        except TimeoutError:
            if not timeout.expired():
                raise
            return Abstention(AbstentionReason.UNAVAILABLE, self.identity)

    async def close(self) -> None:
        await self._inner.close()

    async def _until_answered(self, window: ContextWindow) -> Judgment | Abstention:
        failed_tries = 0
        while True:
            try:
                return await self._one_try(window)
            except JudgeUnavailable as error:
                failed_tries += 1
                delay_seconds = self._retry.delay_seconds(failed_tries, error=error, random=self._random)
            await asyncio.sleep(delay_seconds)

    async def _one_try(self, window: ContextWindow) -> Judgment | Abstention:
        async with self._slots:
            return await self._admitted_try(window)

    async def _admitted_try(self, window: ContextWindow) -> Judgment | Abstention:
        probe = await self._circuit.admission()
        try:
            answer = await self._in_time(window)
        except JudgeUnavailable:
            self._circuit.failed(probe=probe)
            raise
        except BaseException:  # cancelled, or a fault of another kind: it says nothing about the judge's health
            self._circuit.abandoned(probe=probe)
            raise
        self._circuit.succeeded(probe=probe)
        return answer

    async def _in_time(self, window: ContextWindow) -> Judgment | Abstention:
        timeout = asyncio.timeout(self._retry.attempt_seconds)
        try:
            async with timeout:
                return await self._inner.judge(window)
        except TimeoutError as error:
            if not timeout.expired():  # another timer's
                raise
            raise JudgeUnavailable("no answer within the time of one try") from error

    def _report(self, state: BreakerState) -> None:
        level = _log.info if state is BreakerState.CLOSED else _log.warning
        level("judge_breaker_changed", state=state.value)
        self._on_breaker(state)
