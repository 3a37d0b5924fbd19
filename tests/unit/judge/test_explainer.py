"""An explanation comes after the label and in time, or not at all; nothing an explainer does changes the finding."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.errors import JudgeError, JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.explainer import ExplainedJudge
from pipeline.judge.instruct_grammar import EXPLANATION_SCHEMA
from pipeline.judge.vllm_explainer import VllmExplainer
from pipeline.judge.vllm_pool import VllmConfig
from pipeline.testing import hostilities
from pipeline.testing.fake_clock import FakeClock
from pipeline.testing.hostile_server import HostileServer, Hostility, Says
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, Scripted, ScriptedJudge, judgment
from tests.unit.judge.windows import window

UNSAFE = judgment(RiskLevel.UNSAFE, categories=(Category.PHI,))
SENTENCE = "It gives a way to reach someone."
LONG_SECONDS, SHORT_SECONDS = 30.0, 0.05


class Told:
    """An explainer that does what a test tells it to."""

    def __init__(self, does: Callable[[], Awaitable[str | None]]) -> None:
        self._does = does
        self.asked = 0
        self.closed = 0

    async def start(self) -> None:
        await self._does()

    async def explain(self, window: Any, finding: Judgment) -> str | None:
        self.asked += 1
        return await self._does()

    async def close(self) -> None:
        self.closed += 1


async def _says() -> str | None:
    return SENTENCE


async def _never() -> str | None:
    await asyncio.sleep(3600)
    return SENTENCE


async def _deaf() -> str | None:
    """Will not be cancelled for a while."""
    end = asyncio.get_running_loop().time() + 0.5
    while asyncio.get_running_loop().time() < end:
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            continue
    return SENTENCE


def _failing(error: Exception) -> Callable[[], Awaitable[str | None]]:
    async def fail() -> str | None:
        raise error

    return fail


def _judge(
    does: Callable[[], Awaitable[str | None]],
    *,
    answer: Scripted = UNSAFE,
    text: str = "call me",
    limit_seconds: float = LONG_SECONDS,
) -> tuple[Judgment | Abstention, Told]:
    explainer = Told(does)

    async def main() -> Judgment | Abstention:
        judge = ExplainedJudge(ScriptedJudge({text: answer}), explainer, limit_seconds=limit_seconds)
        try:
            return await judge.judge(window(text))
        finally:
            await judge.close()

    return asyncio.run(main()), explainer


def test_what_is_not_safe_gets_the_explainers_sentence_and_keeps_everything_else() -> None:
    found, _ = _judge(_says)
    assert found == replace(UNSAFE, reason=SENTENCE)


@pytest.mark.parametrize(
    "answer",
    [
        judgment(),
        Abstention(AbstentionReason.UNREADABLE, SCRIPTED_MODEL),
        judgment(RiskLevel.CONTESTED, reason="It leans away from care."),
    ],
    ids=["safe", "abstained", "explained already"],
)
def test_nobody_is_asked_about_anything_else(answer: Judgment | Abstention) -> None:
    found, explainer = _judge(_says, answer=answer)
    assert (found, explainer.asked) == (answer, 0)


@pytest.mark.parametrize(
    "does",
    [_never, _deaf, *map(_failing, (JudgeUnavailable("x"), JudgeMisconfigured("x"), ValueError("x"), TimeoutError()))],
    ids=["never answers", "will not be cancelled", "away", "misconfigured", "broken", "its own time-out"],
)
def test_an_explainer_that_fails_or_is_late_changes_nothing_but_the_reason(
    does: Callable[[], Awaitable[str | None]],
) -> None:
    found, explainer = _judge(does, limit_seconds=SHORT_SECONDS)
    assert (found, explainer.asked) == (UNSAFE, 1)


@pytest.mark.parametrize(
    "said", [None, "", "It says call me maybe.", "x" * 401, "Two. Sentences.", "Dial 5550.", "a\x00b"]
)
def test_a_sentence_that_may_not_be_published_is_left_out(said: str | None) -> None:
    async def says() -> str | None:
        return said

    found, _ = _judge(says, text="call me maybe")
    assert found == UNSAFE


def test_the_time_of_an_explanation_is_told_apart_from_the_labels() -> None:
    found, _ = _judge(_never, limit_seconds=SHORT_SECONDS)
    assert isinstance(found, Judgment)
    assert found.reason_seconds >= SHORT_SECONDS * 0.9
    safe, _ = _judge(_never, answer=judgment(), limit_seconds=SHORT_SECONDS)
    assert isinstance(safe, Judgment)
    assert safe.reason_seconds == 0.0


def test_after_three_failures_in_a_row_nobody_is_asked_for_half_a_minute() -> None:
    explainer, clock = Told(_failing(JudgeUnavailable("x"))), FakeClock()

    async def main() -> list[int]:
        judge = ExplainedJudge(ScriptedJudge(lambda _: UNSAFE), explainer, clock=clock)
        asked = []
        for wait_seconds in (0, 0, 0, 0, 29.0, 2.0):
            clock.advance(wait_seconds)
            await judge.judge(window("call me"))
            asked.append(explainer.asked)
        return asked

    assert asyncio.run(main()) == [1, 2, 3, 3, 3, 4]


def test_the_judges_own_faults_are_passed_on() -> None:
    with pytest.raises(JudgeUnavailable):
        _judge(_says, answer=JudgeUnavailable("down"))


def test_the_judge_starts_whatever_its_explainer_does_and_both_are_closed() -> None:
    for does in (_never, _failing(JudgeMisconfigured("x")), _says):
        inner, explainer = ScriptedJudge(), Told(does)

        async def main(judge: ExplainedJudge) -> None:
            await judge.start()
            await judge.close()

        asyncio.run(main(ExplainedJudge(inner, explainer, limit_seconds=SHORT_SECONDS)))
        assert (inner.started, inner.closed, explainer.closed) == (1, 1, 1)


def test_a_judge_that_does_not_start_says_so() -> None:
    judge = ExplainedJudge(ScriptedJudge(start_error=JudgeMisconfigured("another model")), Told(_says))
    with pytest.raises(JudgeMisconfigured):
        asyncio.run(judge.start())


def test_cancelling_a_call_cancels_its_explanation() -> None:
    cancelled: list[bool] = []

    async def waits() -> str | None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return None

    async def main() -> None:
        judge = ExplainedJudge(ScriptedJudge(lambda _: UNSAFE), Told(waits), limit_seconds=LONG_SECONDS)
        call = asyncio.create_task(judge.judge(window("call me")))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await judge.close()

    asyncio.run(main())
    assert cancelled == [True]


# Over HTTP

SCRIPT = {
    "FINDING unsafe: phi": Says(answer=f'{{"reason": "{SENTENCE}"}}'),
    "FINDING contested": Says(answer='{"reason": "It is.", "risk_level": "safe"}'),
}


def _ask(finding: Judgment = UNSAFE, *, hostility: Hostility | None = None) -> tuple[str | None, HostileServer]:
    async def main() -> tuple[str | None, HostileServer]:
        async with HostileServer(SCRIPT) as server:
            explainer = VllmExplainer(VllmConfig((server.url,), "guard", total_seconds=2))
            await explainer.start()
            if hostility is not None:
                server.misbehave(hostility)
            try:
                return await explainer.explain(window("call me"), finding), server
            finally:
                await explainer.close()

    return asyncio.run(main())


def test_the_explainer_is_asked_once_held_to_its_schema_with_our_own_words_of_the_finding() -> None:
    said, server = _ask()
    assert said == SENTENCE
    (request,) = server.requests
    assert request["structured_outputs"] == {"json": EXPLANATION_SCHEMA}
    assert request["messages"][1]["content"] == ("JUDGE patient: call me\nFINDING unsafe: phi\nREASON IN English")
    assert "logprobs" not in request


@pytest.mark.parametrize(
    "hostility",
    [
        hostilities.status(400),
        hostilities.says("null"),
        hostilities.changes("choices.0.finish_reason", "length"),
        hostilities.changes("choices.0.message.content", SENTENCE),
        hostilities.changes("choices.0.message.content", '{"reason": "one", "reason": "two"}'),
        hostilities.changes("choices.0.message.content", '{"reason": 1}'),
        hostilities.changes("choices.0.message.content", "[" * 3000),
    ],
)
def test_an_answer_of_another_form_is_no_sentence(hostility: Hostility) -> None:
    assert _ask(hostility=hostility)[0] is None


def test_an_answer_that_says_more_than_a_reason_is_no_sentence() -> None:
    assert _ask(judgment(RiskLevel.CONTESTED))[0] is None


@pytest.mark.parametrize("hostility", [hostilities.status(500), hostilities.status(401), hostilities.hangs_up])
def test_a_server_that_fails_is_an_error_of_a_judge(hostility: Hostility) -> None:
    with pytest.raises(JudgeError):
        _ask(hostility=hostility)
