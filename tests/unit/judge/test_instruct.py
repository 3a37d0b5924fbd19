"""The instruction profile against a server that behaves, and one that does everything else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.instruct import InstructJudge
from pipeline.judge.instruct_grammar import ANSWER_SCHEMA
from pipeline.judge.instructions import JUDGING
from pipeline.judge.prompt import PROFILES
from pipeline.judge.vllm_pool import VllmConfig
from pipeline.testing import hostilities
from pipeline.testing.hostile_server import HostileServer, Hostility, Says, chatml
from tests.unit.judge.windows import window

T = TypeVar("T")

PHONE = '{"risk_level": "unsafe", "categories": ["phi"], "reason": "It gives a way to reach someone."}'
SCRIPT = {
    "five five five": Says(0.1, 0.2, 0.6, answer=PHONE),
    "odalys": Says(0.0, 0.1, 0.9, answer=PHONE.replace("a way to reach someone", "the name Odalys Ferreira")),
    "in marks": Says(answer="【风险等级】有争议\n【理由】提到了另一个人。"),
    "in prose": Says(answer="I think this is safe."),
}


def _run(
    use: Callable[[HostileServer, InstructJudge], Awaitable[T]], *, server: HostileServer | None = None, **config: Any
) -> T:
    async def main() -> T:
        async with server or HostileServer(SCRIPT) as running:
            judge = InstructJudge(VllmConfig((running.url,), "guard", **config), PROFILES["instruct"])
            try:
                await judge.start()
                return await use(running, judge)
            finally:
                await judge.close()

    return asyncio.run(main())


def _judge(text: str, *, hostility: Hostility | None = None, **options: Any) -> Judgment | Abstention:
    async def use(server: HostileServer, judge: InstructJudge) -> Judgment | Abstention:
        if hostility is not None:
            server.misbehave(hostility)
        return await judge.judge(window(text))

    return _run(use, **options)


def test_a_chunk_costs_one_request_held_to_the_schema_and_decoded_greedily() -> None:
    async def use(server: HostileServer, judge: InstructJudge) -> None:
        await judge.judge(window("my knee aches", (SpeakerRole.CLINICIAN, "how are you")))
        (request,) = server.requests
        assert (request["temperature"], request["seed"]) == (0, 0)
        assert request["structured_outputs"] == {"json": ANSWER_SCHEMA}
        assert request["messages"] == [
            {"role": "system", "content": JUDGING},
            {
                "role": "user",
                "content": "clinician: how are you\nJUDGE patient: my knee aches\nREASON IN English",
            },
        ]
        assert server.paths[-1] == "/v1/chat/completions"

    _run(use)


def test_an_answer_gives_label_categories_reason_and_the_labels_scores_and_no_label_mass() -> None:
    found = _judge("call five five five")
    assert isinstance(found, Judgment)
    assert (found.label, found.categories) == (RiskLevel.UNSAFE, (Category.PHI,))
    assert found.reason == "It gives a way to reach someone."
    assert found.scores is not None
    assert found.scores.unsafe == pytest.approx(0.6 / 0.9)
    assert found.label_mass is None


def test_without_log_probabilities_nothing_is_claimed_to_be_measured() -> None:
    found = _judge("call five five five", hostility=hostilities.changes("choices.0.logprobs", None))
    assert isinstance(found, Judgment)
    assert (found.label, found.scores, found.label_mass) == (RiskLevel.UNSAFE, None, None)


def test_a_reason_that_quotes_is_left_out_and_the_label_stands() -> None:
    found = _judge("this is odalys ferreira")
    assert isinstance(found, Judgment)
    assert (found.label, found.reason) == (RiskLevel.UNSAFE, None)


def test_the_marked_form_is_understood() -> None:
    found = _judge("said in marks")
    assert isinstance(found, Judgment)
    assert (found.label, found.reason) == (RiskLevel.CONTESTED, "提到了另一个人。")


@pytest.mark.parametrize(
    "hostility",
    [
        None,
        hostilities.changes("choices.0.message.content", None),
        hostilities.changes("choices.0.message", ...),
        hostilities.changes("choices.0.finish_reason", "length"),
        hostilities.changes("choices.0.finish_reason", None),
        hostilities.changes("choices", []),
        hostilities.changes("choices.0.message.content", PHONE[:-1]),
        hostilities.says("null"),
        hostilities.says('{"choices": [{"text": "Safe", "finish_reason": "stop"}]}'),
    ],
    ids=["prose", "no content", "no message", "cut off", "not ended", "no choice", "cut JSON", "null", "a completion"],
)
def test_an_answer_of_another_form_is_an_unreadable_abstention(hostility: Hostility | None) -> None:
    found = _judge("said in prose", hostility=hostility)
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.UNREADABLE


@pytest.mark.parametrize(
    "logprobs",
    ["x", {"content": "x"}, {"content": [None]}, {"content": [{"token": "{", "bytes": [300], "logprob": 0.0}]}, []],
)
def test_log_probabilities_of_another_form_do_not_undo_the_answer(logprobs: object) -> None:
    found = _judge("call five five five", hostility=hostilities.changes("choices.0.logprobs", logprobs))
    assert isinstance(found, Judgment)
    assert found.scores is None


@pytest.mark.parametrize(
    "hostility",
    [
        hostilities.status(429),
        hostilities.status(500),
        hostilities.hangs_up,
        hostilities.cuts_the_connection,
        hostilities.never_answers,
        hostilities.floods,
        hostilities.says("<html>a proxy's page</html>"),
    ],
    ids=["429", "500", "hangs up", "cut", "never answers", "floods", "a page"],
)
def test_no_answer_is_unavailable_and_no_message_holds_what_was_said(hostility: Hostility) -> None:
    with pytest.raises(JudgeUnavailable) as caught:
        _judge("my knee aches", hostility=hostility, total_seconds=2)
    assert "knee" not in f"{caught.value} {caught.value.__cause__}"


def test_a_refusal_and_a_prompt_too_long_are_abstentions() -> None:
    refused = _judge("my knee aches", hostility=hostilities.status(400))
    long = _judge("the pain " * 3_000)
    assert isinstance(refused, Abstention)
    assert isinstance(long, Abstention)
    assert (refused.reason, long.reason) == (AbstentionReason.REFUSED, AbstentionReason.PROMPT_TOO_LONG)


def test_a_template_that_drops_the_instructions_is_refused_at_the_start() -> None:
    server = HostileServer(template=lambda messages: chatml(messages[-1:]))
    with pytest.raises(JudgeMisconfigured, match="does not show"):
        _judge("my knee aches", server=server)


def test_a_model_that_is_not_served_is_refused_at_the_start() -> None:
    with pytest.raises(JudgeMisconfigured, match="does not serve"):
        _judge("my knee aches", server=HostileServer(model="another"))


def test_the_identity_names_our_instructions_and_the_revision_or_the_source_of_the_weights() -> None:
    def identity(server: HostileServer, **config: Any) -> tuple[str, str]:
        async def use(_: HostileServer, judge: InstructJudge) -> tuple[str, str]:
            return judge.identity.revision, judge.identity.prompt_version

        return _run(use, server=server, **config)

    revision, prompt = identity(HostileServer())
    assert prompt.startswith("instruct/1+")
    assert revision.startswith("served:")
    assert identity(HostileServer(root="/models/other"))[0] != revision
    assert identity(HostileServer(), revision="abc") == ("abc", prompt)
