"""Cases go through the real stages: what the worker would do with the chunk, the evaluation does."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.clock import SystemClock
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.taxonomy import Category
from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeUnavailable
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.session import Session
from pipeline.evaluate.systems import SilentJudge
from pipeline.judge.base import Judge
from pipeline.settings import Settings
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, ScriptedJudge, judgment
from tests.unit.evaluate.rows import CONTESTED, SAFE, UNSAFE, case

ASKED = (SpeakerRole.CLINICIAN, "um, And the last four?")
PHONE = "You can call me on (212) 555-0187."


def read(cases: Sequence[Case], judge: Judge, *, tripwires: bool = True, concurrency: int = 1) -> list[Judged]:
    settings = Settings(data_dir=Path("unused"))
    session = Session(settings, load_policy(BUILT_IN_POLICY), SystemClock())
    return asyncio.run(session.read(judge, cases, tripwires=tripwires, concurrency=concurrency))


def test_the_judge_reads_the_cleaned_chunk_with_its_cleaned_context_and_nothing_of_other_cases() -> None:
    judge = ScriptedJudge()
    read([case(text="Um, eight eight one two.", context=(ASKED,)), case(text="Fine.")], judge)
    first, second = judge.calls
    assert "um" not in first.chunk.text.lower()
    assert [(turn.role, "um" in turn.text.lower()) for turn in first.turns] == [(SpeakerRole.CLINICIAN, False)]
    assert second.turns == ()


def test_context_turns_are_never_judged() -> None:
    judge = ScriptedJudge()
    read([case(context=(ASKED, ASKED))], judge)
    assert len(judge.calls) == 1


def test_a_tripwire_raises_what_the_judge_calls_safe() -> None:
    [one] = read([case(text=PHONE)], SilentJudge())
    assert (one.level, one.decided_by) == (UNSAFE, "tripwire")
    assert one.categories == (Category.PHI,)


def test_without_tripwires_the_judge_has_the_word() -> None:
    [one] = read([case(text=PHONE)], SilentJudge(), tripwires=False)
    assert (one.level, one.decided_by) == (SAFE, "judge")


def test_a_chunk_with_nothing_to_judge_is_safe_and_counted_as_skipped() -> None:
    [one] = read([case(text="Um, uh.")], ScriptedJudge())
    assert (one.level, one.decided_by, one.scores) == (SAFE, "skipped", None)


def test_a_chunk_that_cannot_be_read_is_contested_and_counted_as_a_dead_letter() -> None:
    [one] = read([case(text="a " * 5000)], ScriptedJudge())
    assert (one.level, one.decided_by, one.reason) == (CONTESTED, "dead_lettered", "text_too_long")


def test_an_abstention_is_contested() -> None:
    [one] = read([case(text="Fine.")], ScriptedJudge({"Fine.": Abstention(AbstentionReason.REFUSED, SCRIPTED_MODEL)}))
    assert (one.level, one.decided_by) == (CONTESTED, "abstention")


class _EarlierIsSlower(SilentJudge):
    """Answers a later window sooner, and counts how many it holds."""

    def __init__(self) -> None:
        self.held = self.most = self.seen = 0

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        self.held += 1
        self.seen += 1
        self.most = max(self.most, self.held)
        for _ in range(3 * (10 - self.seen)):
            await asyncio.sleep(0)
        self.held -= 1
        return judgment(UNSAFE if "4" in window.chunk.text else SAFE)


def test_rows_come_in_order_and_as_many_are_judged_at_once_as_asked() -> None:
    cases = [case(identifier=f"r{number}", text=f"It hurts for {number} days.") for number in range(9)]
    judge = _EarlierIsSlower()
    found = read(cases, judge, concurrency=3)
    assert [one.case.id for one in found] == [one.id for one in cases]
    assert [one.case.id for one in found if one.level is UNSAFE] == ["r4"]
    assert judge.most == 3


def test_a_judge_that_fails_ends_the_evaluation() -> None:
    with pytest.raises(JudgeUnavailable):
        read([case(text="Fine."), case()], ScriptedJudge({"Fine.": JudgeUnavailable("refused")}), concurrency=2)
