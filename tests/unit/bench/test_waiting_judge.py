"""The judge that waits takes only so many at once, and tells how many it had."""

import asyncio
from collections.abc import Sequence

from pipeline.bench.waiting_judge import WaitingJudge
from pipeline.clean.cleaner import Cleaner
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.window import ContextWindow
from pipeline.testing.builders import build_chunk

_CLEAN = Cleaner().clean(build_chunk())
assert isinstance(_CLEAN, CleanChunk)
WINDOW = ContextWindow(_CLEAN)


def test_everything_is_answered_safe_and_the_most_at_once_is_counted() -> None:
    judge = WaitingJudge(milliseconds=1, slots=2)

    async def ask() -> Sequence[Judgment | Abstention]:
        return await asyncio.gather(*(judge.judge(WINDOW) for _ in range(6)))

    findings = asyncio.run(ask())
    assert [isinstance(one, Judgment) and one.label for one in findings] == [RiskLevel.SAFE] * 6
    assert judge.peak == 6
    assert 1 < judge.mean <= 6


def test_before_it_was_asked_it_had_none() -> None:
    judge = WaitingJudge(milliseconds=0, slots=1)
    assert (judge.mean, judge.peak) == (0.0, 0)


def test_times_without_a_question_do_not_count_in_the_mean() -> None:
    judge = WaitingJudge(milliseconds=5, slots=1)

    async def ask() -> None:
        await judge.judge(WINDOW)
        await asyncio.sleep(0.3)
        await judge.judge(WINDOW)

    asyncio.run(ask())
    assert judge.mean > 0.9
