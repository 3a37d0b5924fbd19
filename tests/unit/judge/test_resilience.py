"""A judge that is down holds the stream, or after a while sends the chunk to a person; never more than one answer."""

import asyncio
from random import Random

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.base import Judge
from pipeline.judge.breaker import Breaker, BreakerState
from pipeline.judge.resilience import ResilientJudge, RetryPolicy
from pipeline.testing.fake_clock import FakeClock, run_in_fake_time
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, Scripted, ScriptedJudge, judgment
from tests.unit.judge.windows import window


class _Outage:
    """A script: down until the clock says otherwise."""

    def __init__(self, clock: FakeClock, *, until_seconds: float) -> None:
        self._clock = clock
        self._until_seconds = until_seconds

    def __call__(self, window: ContextWindow) -> Scripted:
        return JudgeUnavailable("down") if self._clock.monotonic() < self._until_seconds else judgment()


def _answers(judge: Judge, clock: FakeClock, *, chunks: int = 1) -> list[Judgment | Abstention]:
    async def main() -> list[Judgment | Abstention]:
        return await asyncio.gather(*(judge.judge(window(f"chunk {number}")) for number in range(chunks)))

    return run_in_fake_time(main(), clock=clock)


def test_a_judge_that_answers_is_asked_once() -> None:
    clock = FakeClock()
    inner = ScriptedJudge()
    assert _answers(ResilientJudge(inner, clock=clock), clock) == [judgment()]
    assert (len(inner.calls), clock.monotonic()) == (1, 0.0)


def test_a_passing_fault_is_retried_with_growing_pauses() -> None:
    clock = FakeClock()
    inner = ScriptedJudge(_Outage(clock, until_seconds=3))
    judge = ResilientJudge(inner, clock=clock, breaker=Breaker(failures=1_000), random=Random(7))
    assert _answers(judge, clock) == [judgment()]
    assert 3 <= clock.monotonic() < 10
    assert 3 <= len(inner.calls) < 30


def test_a_judge_that_is_down_for_hours_holds_every_chunk_and_answers_each_once() -> None:
    clock = FakeClock()
    hours = 5 * 3600.0
    inner = ScriptedJudge(_Outage(clock, until_seconds=hours))
    states: list[BreakerState] = []
    judge = ResilientJudge(inner, clock=clock, breaker=Breaker(3, 30.0), on_breaker=states.append, random=Random(1))
    assert _answers(judge, clock, chunks=40) == [judgment()] * 40
    assert hours <= clock.monotonic() < hours + 120
    assert judge.state is BreakerState.CLOSED
    assert states[0] is BreakerState.OPEN
    assert states[-1] is BreakerState.CLOSED
    asked_while_down = len(inner.calls) - 40
    # One probe a cool-down, beside the tries that were under way when it opened: waiting is not a busy loop.
    assert asked_while_down <= hours / 30 + 50


def test_with_contest_a_chunk_becomes_an_abstention_after_its_time() -> None:
    clock = FakeClock()
    inner = ScriptedJudge(_Outage(clock, until_seconds=1e9))
    judge = ResilientJudge(inner, clock=clock, on_unavailable="contest", contest_after_seconds=30)
    assert _answers(judge, clock, chunks=3) == [Abstention(AbstentionReason.UNAVAILABLE, SCRIPTED_MODEL)] * 3
    assert clock.monotonic() == pytest.approx(30)


def test_with_contest_an_outage_shorter_than_that_is_waited_out() -> None:
    clock = FakeClock()
    inner = ScriptedJudge(_Outage(clock, until_seconds=8))
    judge = ResilientJudge(inner, clock=clock, on_unavailable="contest", contest_after_seconds=60)
    assert _answers(judge, clock) == [judgment()]


def test_what_a_judge_asks_to_wait_is_waited() -> None:
    clock = FakeClock()
    told = [JudgeUnavailable("busy", retry_after_seconds=20.0)]
    inner = ScriptedJudge(lambda _: told.pop() if told else judgment())
    assert _answers(ResilientJudge(inner, clock=clock), clock) == [judgment()]
    assert 20 <= clock.monotonic() <= 21


def test_an_absurd_wait_is_cut_to_the_policys_limit() -> None:
    clock = FakeClock()
    told = [JudgeUnavailable("busy", retry_after_seconds=1e9)]
    inner = ScriptedJudge(lambda _: told.pop() if told else judgment())
    _answers(ResilientJudge(inner, clock=clock, retry=RetryPolicy(max_retry_after_seconds=60)), clock)
    assert clock.monotonic() <= 61


def test_a_try_that_hangs_is_given_up_and_counts_as_a_failure() -> None:
    clock = FakeClock()
    inner = ScriptedJudge()
    inner.hold()
    states: list[BreakerState] = []
    judge = ResilientJudge(
        inner,
        clock=clock,
        retry=RetryPolicy(attempt_seconds=5),
        breaker=Breaker(2, 10),
        on_unavailable="contest",
        contest_after_seconds=60,
        on_breaker=states.append,
    )
    (found,) = _answers(judge, clock)
    assert found == Abstention(AbstentionReason.UNAVAILABLE, SCRIPTED_MODEL)
    assert states[0] is BreakerState.OPEN
    assert inner.waiting == ()


def test_waiting_for_a_turn_is_not_a_judge_that_is_slow() -> None:
    """Ten chunks, two at a time, three seconds each: fifteen in all, though one try may take four."""
    clock = FakeClock()

    class Slow(ScriptedJudge):
        async def judge(self, window: ContextWindow) -> Judgment | Abstention:
            await asyncio.sleep(3)
            return await super().judge(window)

    inner = Slow()
    judge = ResilientJudge(inner, clock=clock, max_concurrency=2, retry=RetryPolicy(attempt_seconds=4))
    assert _answers(judge, clock, chunks=10) == [judgment()] * 10
    assert clock.monotonic() == pytest.approx(15)
    assert len(inner.calls) == 10


def test_an_abstention_is_an_answer_and_is_not_retried() -> None:
    clock = FakeClock()
    low = Abstention(AbstentionReason.LOW_LABEL_MASS, SCRIPTED_MODEL, label_mass=0.1)
    inner = ScriptedJudge(lambda _: low)
    assert _answers(ResilientJudge(inner, clock=clock), clock) == [low]
    assert len(inner.calls) == 1


def test_a_misconfigured_judge_is_not_waited_for() -> None:
    clock = FakeClock()
    judge = ResilientJudge(ScriptedJudge(lambda _: JudgeMisconfigured("another model")), clock=clock)
    with pytest.raises(JudgeMisconfigured):
        _answers(judge, clock)
    assert judge.state is BreakerState.CLOSED


def test_cancelling_a_held_call_ends_it_and_leaves_the_probe_to_others() -> None:
    clock = FakeClock()
    inner = ScriptedJudge(_Outage(clock, until_seconds=50))
    judge = ResilientJudge(inner, clock=clock, breaker=Breaker(1, 10))

    async def main() -> Judgment | Abstention:
        first = asyncio.create_task(judge.judge(window("first")))
        await asyncio.sleep(5)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await judge.judge(window("second"))

    assert run_in_fake_time(main(), clock=clock) == judgment()


def test_pauses_are_between_nothing_and_a_doubling_ceiling() -> None:
    policy = RetryPolicy(first_delay_seconds=0.5, max_delay_seconds=4)
    random = Random(3)
    error = JudgeUnavailable("down")
    for tries, ceiling in ((1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (9, 4.0), (10_000, 4.0)):
        pauses = [policy.delay_seconds(tries, error=error, random=random) for _ in range(200)]
        assert 0 <= min(pauses) < ceiling / 4
        assert ceiling * 3 / 4 < max(pauses) <= ceiling


def test_it_keeps_the_judge_contract() -> None:
    inner = ScriptedJudge()
    judge: Judge = ResilientJudge(inner)

    async def main() -> None:
        await judge.start()
        await judge.close()
        await judge.close()

    asyncio.run(main())
    assert judge.identity == inner.identity
    assert (inner.started, inner.closed) == (1, 2)
