"""The judge's thread answers each window once, hands faults over, and always ends."""

import threading
import time

import pytest

from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.runtime.judging import Answer, Ask, JudgeThread
from pipeline.testing.scripted_judge import ScriptedJudge, judgment
from tests.unit.judge.windows import window


def _until_ready(thread: JudgeThread) -> None:
    end = time.monotonic() + 10
    while not thread.ready:
        assert time.monotonic() < end
        time.sleep(0.001)


def _answers(thread: JudgeThread, count: int) -> list[Answer]:
    end = time.monotonic() + 10
    found: list[Answer] = []
    while len(found) < count:
        assert time.monotonic() < end
        found += thread.answers()
        time.sleep(0.001)
    return found


def test_each_window_is_answered_once_under_its_ticket() -> None:
    judge = ScriptedJudge({"two": judgment(RiskLevel.UNSAFE)})
    thread = JudgeThread(judge)
    thread.start()
    _until_ready(thread)
    thread.ask([Ask(1, window("one")), Ask(2, window("two"))])
    thread.ask([])
    thread.ask([Ask(3, window("three"))])

    answers = {answer.ticket: answer for answer in _answers(thread, 3)}
    thread.close(timeout_seconds=5)

    found = {ticket: answer.finding for ticket, answer in answers.items()}
    assert found == {1: judgment(), 2: judgment(RiskLevel.UNSAFE), 3: judgment()}
    assert thread.answers() == []


def test_a_cancelled_window_is_not_answered_and_the_others_are() -> None:
    judge = ScriptedJudge()
    judge.hold()
    thread = JudgeThread(judge)
    thread.start()
    _until_ready(thread)
    thread.ask([Ask(1, window("one")), Ask(2, window("two"))])
    thread.cancel([1, 17])
    while judge.waiting != ("two",):
        time.sleep(0.001)
    judge.release_all()

    assert [answer.ticket for answer in _answers(thread, 1)] == [2]
    thread.close(timeout_seconds=5)


@pytest.mark.parametrize("error", [JudgeMisconfigured("wrong model"), JudgeUnavailable("down")])
def test_what_breaks_a_judgment_is_handed_over_as_a_fault(error: JudgeMisconfigured | JudgeUnavailable) -> None:
    thread = JudgeThread(ScriptedJudge({"one": error}))
    thread.start()
    _until_ready(thread)
    thread.ask([Ask(1, window("one"))])

    (answer,) = _answers(thread, 1)
    thread.close(timeout_seconds=5)

    assert (answer.finding, answer.fault) == (None, error)


def test_a_judge_that_cannot_start_says_so_when_asked_whether_it_is_ready() -> None:
    thread = JudgeThread(ScriptedJudge(start_error=JudgeMisconfigured("no such model")))
    thread.start()
    with pytest.raises(JudgeMisconfigured, match="no such model"):
        _until_ready(thread)
    thread.close(timeout_seconds=5)


def test_closing_twice_or_without_a_start_does_nothing() -> None:
    judge = ScriptedJudge()
    never = JudgeThread(judge)
    never.close(timeout_seconds=1)
    thread = JudgeThread(judge)
    thread.start()
    _until_ready(thread)
    thread.close(timeout_seconds=5)
    thread.close(timeout_seconds=5)

    assert judge.closed == 1


def test_closing_cancels_what_waits_and_leaves_no_thread() -> None:
    judge = ScriptedJudge()
    judge.hold()
    thread = JudgeThread(judge)
    thread.start()
    _until_ready(thread)
    thread.ask([Ask(1, window("one"))])
    while not judge.waiting:
        time.sleep(0.001)

    thread.close(timeout_seconds=5)

    assert judge.closed == 1
    assert judge.waiting == ()
    assert not [running for running in threading.enumerate() if running.name == "judging" and running.is_alive()]


class Blocking(ScriptedJudge):
    """Breaks the rule that a judge must not block its loop."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        self.let_go.wait(20)
        return await super().judge(window)


def test_a_judge_that_blocks_its_loop_does_not_hold_up_closing_beyond_the_time_given() -> None:
    judge = Blocking()
    thread = JudgeThread(judge)
    thread.start()
    _until_ready(thread)
    thread.ask([Ask(1, window("one"))])
    time.sleep(0.05)

    began = time.monotonic()
    thread.close(timeout_seconds=0.2)
    assert time.monotonic() - began < 5

    thread.close(timeout_seconds=5)
    judge.let_go.set()
