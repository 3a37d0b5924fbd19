"""The scripted judge answers from its script, when it is let."""

import asyncio
import threading

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.base import Judge
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, ScriptedJudge, judgment
from tests.unit.judge.windows import window


def test_it_keeps_the_judge_contract_and_is_safe_by_default() -> None:
    judge: Judge = ScriptedJudge()

    async def main() -> None:
        await judge.start()
        found = await judge.judge(window("my knee aches"))
        assert isinstance(found, Judgment)
        assert found.label is RiskLevel.SAFE
        assert found.model == judge.identity
        await judge.close()
        await judge.close()

    asyncio.run(main())


def test_it_says_what_the_script_says_for_a_text() -> None:
    low = Abstention(AbstentionReason.LOW_LABEL_MASS, SCRIPTED_MODEL, label_mass=0.2)
    judge = ScriptedJudge({"one": judgment(RiskLevel.UNSAFE), "two": low, "three": JudgeUnavailable("down")})

    async def main() -> None:
        assert await judge.judge(window("one")) == judgment(RiskLevel.UNSAFE)
        assert await judge.judge(window("two")) == low
        with pytest.raises(JudgeUnavailable):
            await judge.judge(window("three"))

    asyncio.run(main())


def test_held_calls_are_answered_in_the_order_they_are_released() -> None:
    judge = ScriptedJudge()
    judge.hold()

    async def main() -> list[str]:
        done: list[str] = []

        async def ask(text: str) -> None:
            await judge.judge(window(text))
            done.append(text)

        asking = [asyncio.create_task(ask(text)) for text in ("a", "b", "c")]
        await asyncio.sleep(0)
        assert judge.waiting == ("a", "b", "c")
        assert judge.release("b")
        assert not judge.release("b")
        await asking[1]
        judge.release_all()
        await asyncio.gather(*asking)
        return done

    assert asyncio.run(main()) == ["b", "a", "c"]
    assert judge.most_in_flight == 3


def test_another_thread_may_release() -> None:
    judge = ScriptedJudge()
    judge.hold()

    async def main() -> None:
        task = asyncio.create_task(judge.judge(window("a")))
        await asyncio.sleep(0)
        thread = threading.Thread(target=judge.release_all)
        thread.start()
        await task
        thread.join()

    asyncio.run(main())
    assert judge.waiting == ()


def test_a_cancelled_call_no_longer_waits() -> None:
    judge = ScriptedJudge()
    judge.hold()

    async def main() -> None:
        task = asyncio.create_task(judge.judge(window("a")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert judge.waiting == ()


def test_a_start_that_must_fail_fails() -> None:
    judge = ScriptedJudge(start_error=JudgeMisconfigured("another tokenizer"))
    with pytest.raises(JudgeMisconfigured):
        asyncio.run(judge.start())
