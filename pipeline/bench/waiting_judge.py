"""A judge that takes a known time and a known number of chunks at once, and tells how many it had."""

import asyncio
import time

from pipeline.bench.instant_judge import InstantJudge
from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity
from pipeline.domain.window import ContextWindow


class WaitingJudge:
    """Keeps the `Judge` contract; finds everything safe after `milliseconds`, for `slots` windows at a time."""

    def __init__(self, *, milliseconds: float, slots: int) -> None:
        self._seconds = milliseconds / 1000
        self._slots = asyncio.Semaphore(slots)
        self._answers = InstantJudge()
        self._busy = 0
        self._judging_seconds = 0.0
        self._busy_since = self._busy_seconds = 0.0
        self.peak = 0
        """The most windows that were here at once, waiting for a slot included."""

    @property
    def identity(self) -> ModelIdentity:
        return self._answers.identity

    @property
    def mean(self) -> float:
        """Windows that were here at a time, while there were any; 0.0 before the first was answered."""
        return self._judging_seconds / self._busy_seconds if self._busy_seconds else 0.0

    async def start(self) -> None:
        return None

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        began = time.monotonic()
        if not self._busy:
            self._busy_since = began
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        try:
            async with self._slots:
                if self._seconds:
                    await asyncio.sleep(self._seconds)
                return await self._answers.judge(window)
        finally:
            self._busy -= 1
            ended = time.monotonic()
            self._judging_seconds += ended - began
            if not self._busy:
                self._busy_seconds += ended - self._busy_since

    async def close(self) -> None:
        return None
