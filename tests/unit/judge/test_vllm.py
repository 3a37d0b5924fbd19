"""The vLLM engine against a server that behaves, and one that does everything else."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.breaker import Breaker
from pipeline.judge.prompt import PROFILES, ProfileName
from pipeline.judge.resilience import ResilientJudge, RetryPolicy
from pipeline.judge.vllm import VllmJudge
from pipeline.judge.vllm_pool import VllmConfig
from pipeline.testing import hostilities
from pipeline.testing.hostile_server import HostileServer, Hostility, Says, chatml
from tests.unit.judge.windows import window

T = TypeVar("T")

SCRIPT = {
    "five five five": Says(0.01, 0.02, 0.96, " PII"),
    "this morning": Says(0.1, 0.8, 0.05, " PII\nReason: a particular other person"),
    "odd findings": Says(0.01, 0.02, 0.96, " Weather"),
    "strange talk": Says(0.1, 0.05, 0.05),
}


def _config(*servers: HostileServer) -> VllmConfig:
    return VllmConfig(tuple(server.url for server in servers), "guard", connect_seconds=30, total_seconds=30)


def _impatient(config: VllmConfig) -> VllmConfig:
    """For a server that never answers; the others have time enough on any machine."""
    return replace(config, total_seconds=2)


def _run(
    use: Callable[[HostileServer, VllmJudge], Awaitable[T]],
    *,
    server: HostileServer | None = None,
    profile: ProfileName = "consultguard",
    change: Callable[[VllmConfig], VllmConfig] = lambda config: config,
) -> T:
    async def main() -> T:
        async with server or HostileServer(SCRIPT) as running:
            judge = VllmJudge(change(_config(running)), PROFILES[profile])
            try:
                await judge.start()
                return await use(running, judge)
            finally:
                await judge.close()

    return asyncio.run(main())


def _judge(text: str, *, hostility: Hostility | None = None, **options: Any) -> Judgment | Abstention:
    async def use(server: HostileServer, judge: VllmJudge) -> Judgment | Abstention:
        if hostility is not None:
            server.misbehave(hostility)
        return await judge.judge(window(text))

    return _run(use, **options)


def test_a_safe_chunk_costs_one_request_of_one_token() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> None:
        found = await judge.judge(window("my knee aches", (SpeakerRole.CLINICIAN, "how are you")))
        assert isinstance(found, Judgment)
        assert found.label is RiskLevel.SAFE
        assert found.scores.safe == pytest.approx(0.98 / 0.995)
        assert found.label_mass == pytest.approx(0.995)
        assert found.model == judge.identity
        (request,) = server.requests
        assert request["prompt"] == (
            "<|im_start|>user\nclinician: how are you\nJUDGE patient: my knee aches<|im_end|>\n"
            "<|im_start|>assistant\nSafety:"
        )
        labels = [server.encode(word)[0] for word in (" Safe", " Controversial", " Unsafe")]
        assert request["logprob_token_ids"] == labels
        assert (request["max_tokens"], request["temperature"], request["add_special_tokens"]) == (1, 0, False)
        assert "truncate_prompt_tokens" not in request

    _run(use)


@pytest.mark.parametrize(
    ("text", "label", "categories", "reason"),
    [
        ("call five five five", RiskLevel.UNSAFE, (Category.PHI,), None),
        ("the one from this morning", RiskLevel.CONTESTED, (Category.PHI,), "a particular other person"),
        ("odd findings", RiskLevel.UNSAFE, (), None),
    ],
    ids=["unsafe", "contested", "unreadable findings do not undo the label"],
)
def test_a_chunk_that_is_not_safe_is_asked_for_its_categories(
    text: str, label: RiskLevel, categories: tuple[Category, ...], reason: str | None
) -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> None:
        found = await judge.judge(window(text))
        assert isinstance(found, Judgment)
        assert (found.label, found.categories, found.reason) == (label, categories, reason)
        first, second = server.requests
        assert second["prompt"].startswith(first["prompt"] + " ")
        assert second["prompt"].endswith("\nCategories:")

    _run(use)


def test_the_stock_model_is_asked_with_its_own_shape_of_messages() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> None:
        await judge.judge(
            window("my knee aches", (SpeakerRole.CLINICIAN, "how are you"), (SpeakerRole.PATIENT, "well"))
        )
        (request,) = server.requests
        assert request["prompt"].count("<|im_start|>user\n") == 3

    _run(use, profile="qwen3guard")


def test_low_label_mass_is_an_abstention() -> None:
    found = _judge("strange talk")
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.LOW_LABEL_MASS


@pytest.mark.parametrize(
    "hostility",
    [
        hostilities.status(408),
        hostilities.status(429),
        hostilities.status(500),
        hostilities.status(503, body="<html>busy</html>"),
        hostilities.never_answers,
        hostilities.answers_drop_by_drop,
        hostilities.cuts_the_connection,
        hostilities.hangs_up,
        hostilities.floods,
        hostilities.says(""),
        hostilities.says("<html>a proxy's page</html>"),
        hostilities.says('{"choices": [{"text": " Sa'),
        hostilities.says('{"choices": NaN}'),
    ],
    ids=[
        "408",
        "429",
        "500",
        "503 with a page",
        "never answers",
        "drop by drop",
        "cut in the body",
        "hangs up",
        "floods",
        "nothing",
        "a page",
        "cut JSON",
        "NaN",
    ],
)
def test_no_answer_is_unavailable(hostility: Hostility) -> None:
    with pytest.raises(JudgeUnavailable):
        _judge("my knee aches", hostility=hostility, change=_impatient)


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("soon", None), ("-3", None), (None, None)])
def test_what_a_busy_server_asks_to_wait_is_passed_on(value: str | None, seconds: float | None) -> None:
    with pytest.raises(JudgeUnavailable) as caught:
        _judge("my knee aches", hostility=hostilities.status(429, retry_after=value))
    assert caught.value.retry_after_seconds == seconds


def test_a_date_to_wait_for_is_understood() -> None:
    with pytest.raises(JudgeUnavailable) as caught:
        _judge("x", hostility=hostilities.status(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"))
    assert caught.value.retry_after_seconds == 0.0


@pytest.mark.parametrize(
    "hostility",
    [
        hostilities.status(401),
        hostilities.status(403),
        hostilities.status(404),
        hostilities.status(405),
        hostilities.redirect("http://127.0.0.1:1/elsewhere"),
    ],
    ids=["401", "403", "404", "405", "redirect"],
)
def test_an_answer_that_will_not_change_is_a_misconfiguration(hostility: Hostility) -> None:
    with pytest.raises(JudgeMisconfigured):
        _judge("my knee aches", hostility=hostility)


_TOP = "choices.0.logprobs.top_logprobs"


@pytest.mark.parametrize(
    "hostility",
    [
        hostilities.changes("choices.0.logprobs", None),
        hostilities.changes("choices.0.logprobs", ...),
        hostilities.changes("choices", []),
        hostilities.changes("choices", "none"),
        hostilities.changes("choices.0", None),
        hostilities.changes(_TOP, None),
        hostilities.changes(_TOP, []),
        hostilities.changes(_TOP, [{"token_id:1": -0.1, "token_id:2": -3.0, "token_id:3": -4.0}]),
        hostilities.changes(f"{_TOP}.0.token_id:77", -0.5),
        hostilities.changes(_TOP, [{" Safe": -0.1, " Unsafe": -3.0, " Cont": -4.0}]),
        hostilities.changes("choices.0.logprobs.tokens", []),
        hostilities.changes("usage", ...),
        hostilities.says("[]"),
        hostilities.says("null"),
        hostilities.says('"Safety: Safe"'),
        hostilities.says(
            '{"choices": [{"message": {"role": "assistant", "content": "Safe"}, "finish_reason": "stop"}]}'
        ),
    ],
    ids=[
        "no logprobs",
        "logprobs left out",
        "no choice",
        "choices of another type",
        "an empty choice",
        "no top",
        "an empty top",
        "other token ids",
        "one id more than asked",
        "words for ids",
        "no sampled token",
        "no usage",
        "a list",
        "null",
        "a string",
        "a chat completion",
    ],
)
def test_an_answer_of_another_shape_is_an_unreadable_abstention(hostility: Hostility) -> None:
    found = _judge("my knee aches", hostility=hostility)
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.UNREADABLE


def _with_logprobs(*values: float) -> Hostility:
    encode = HostileServer().encode
    names = [f"token_id:{encode(word)[0]}" for word in (" Safe", " Controversial", " Unsafe")]
    return hostilities.changes(_TOP, [dict(zip(names, values, strict=True))])


@pytest.mark.parametrize("values", [(0.5, -1.0, -2.0), (0.0, 0.0, 0.0)], ids=["above zero", "more than certain"])
def test_impossible_log_probabilities_are_unreadable(values: tuple[float, float, float]) -> None:
    found = _judge("my knee aches", hostility=_with_logprobs(*values))
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.UNREADABLE


def test_a_refusal_of_one_chunk_is_an_abstention() -> None:
    found = _judge("my knee aches", hostility=hostilities.status(400))
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.REFUSED


def test_a_prompt_the_server_finds_too_long_is_an_abstention() -> None:
    found = _judge("the pain " * 2_000)
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.PROMPT_TOO_LONG


def test_a_prompt_that_leaves_no_room_for_the_answer_is_an_abstention() -> None:
    server = HostileServer(max_model_len=100)
    found = _judge("the pain " * 25, server=server)
    assert isinstance(found, Abstention)
    assert found.reason is AbstentionReason.PROMPT_TOO_LONG


@pytest.mark.parametrize(
    "hostility",
    [hostilities.changes("choices.0.finish_reason", "length"), hostilities.says("{}"), hostilities.status(400)],
    ids=["cut off", "another shape", "refused"],
)
def test_a_second_answer_that_cannot_be_read_leaves_the_label_without_categories(hostility: Hostility) -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> Judgment | Abstention:
        server.misbehave(_honest, times=1)
        server.misbehave(hostility, times=1)
        return await judge.judge(window("call five five five"))

    found = _run(use)
    assert isinstance(found, Judgment)
    assert (found.label, found.categories) == (RiskLevel.UNSAFE, ())


_honest = hostilities.changes("id", "cmpl-2")


def test_a_second_request_that_gets_no_answer_is_unavailable_so_that_a_retry_gives_the_whole() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> None:
        server.misbehave(_honest, times=1)
        server.misbehave(hostilities.status(500), times=1)
        with pytest.raises(JudgeUnavailable):
            await judge.judge(window("call five five five"))
        server.behave()
        found = await judge.judge(window("call five five five"))
        assert isinstance(found, Judgment)
        assert found.categories == (Category.PHI,)

    _run(use)


def test_no_message_of_an_error_holds_what_was_said() -> None:
    words = "five five five"
    for hostility in (
        hostilities.status(500, body=words),
        hostilities.status(404, body=words),
        hostilities.says(words),
        hostilities.hangs_up,
        hostilities.cuts_the_connection,
        hostilities.never_answers,
    ):
        with pytest.raises((JudgeUnavailable, JudgeMisconfigured)) as caught:
            _judge(words, hostility=hostility, change=_impatient)
        fault: BaseException | None = caught.value
        while fault is not None:
            assert words not in str(fault)
            assert words not in repr(getattr(fault, "doc", ""))
            fault = fault.__cause__


# Start-up


def _start(server: HostileServer, change: Callable[[VllmConfig], VllmConfig] = lambda config: config) -> None:
    async def use(running: HostileServer, judge: VllmJudge) -> None:
        return None

    _run(use, server=server, change=change)


def test_a_model_that_is_not_served_is_refused_naming_what_is() -> None:
    with pytest.raises(JudgeMisconfigured, match="serves other"):
        _start(HostileServer(model="other"))


def test_a_template_that_drops_a_message_is_refused() -> None:
    with pytest.raises(JudgeMisconfigured, match="does not show message"):
        _start(HostileServer(template=lambda messages: "nothing of it"))


def test_a_template_that_rewrites_contents_is_refused_naming_the_first_difference() -> None:
    with pytest.raises(JudgeMisconfigured, match="first difference at index"):
        _start(HostileServer(template=lambda messages: chatml(messages).replace("38.5", "38,5")))


def test_a_missing_api_key_is_refused_and_the_right_one_is_sent() -> None:
    with pytest.raises(JudgeMisconfigured, match="API key"):
        _start(HostileServer(api_key="key-of-a-test"))
    _start(HostileServer(api_key="key-of-a-test"), lambda config: replace(config, api_key="key-of-a-test"))


def test_secrets_are_not_shown_with_the_configuration() -> None:
    shown = repr(VllmConfig(("http://a",), "m", api_key="key-of-a-test", cache_salt="salt-of-a-test"))
    assert "of-a-test" not in shown


def test_nobody_at_the_address_is_unavailable() -> None:
    async def main() -> None:
        server = HostileServer()
        async with server:
            pass
        judge = VllmJudge(_config(server), PROFILES["consultguard"])
        try:
            with pytest.raises(JudgeUnavailable):
                await judge.start()
        finally:
            await judge.close()

    asyncio.run(main())


@pytest.mark.parametrize("address", ["", "not an address", "ftp://guard", "http://"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    async def main() -> None:
        judge = VllmJudge(VllmConfig((address,), "guard"), PROFILES["consultguard"])
        try:
            with pytest.raises(JudgeMisconfigured):
                await judge.start()
        finally:
            await judge.close()

    asyncio.run(main())


def test_no_address_at_all_is_refused() -> None:
    with pytest.raises(JudgeMisconfigured, match="endpoint"):
        VllmJudge(VllmConfig((), "guard"), PROFILES["consultguard"])


def test_a_ca_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        (tmp_path / "empty.pem").touch()
        with pytest.raises(JudgeMisconfigured, match="certificates"):
            _start(HostileServer(), lambda config, path=path: replace(config, ca_file=path))  # type: ignore[misc]


def test_identity_follows_configuration_template_and_source_of_the_weights() -> None:
    def identity(server: HostileServer, revision: str | None = None) -> tuple[str, str]:
        async def use(running: HostileServer, judge: VllmJudge) -> tuple[str, str]:
            return judge.identity.revision, judge.identity.prompt_version

        return _run(use, server=server, change=lambda config: replace(config, revision=revision))

    plain = identity(HostileServer())
    assert identity(HostileServer()) == plain
    assert identity(HostileServer(), "abc123")[0] == "abc123"
    assert identity(HostileServer(root="/models/other"))[0] != plain[0]
    other = identity(HostileServer(template=lambda messages: "Guard.\n" + chatml(messages)))
    assert other[0] != plain[0]
    assert other[1] != plain[1]


def test_an_adapter_has_its_bases_longest_prompt_and_names_both_in_its_revision() -> None:
    def start(server: HostileServer) -> tuple[str, Judgment | Abstention]:
        async def use(running: HostileServer, judge: VllmJudge) -> tuple[str, Judgment | Abstention]:
            return judge.identity.revision, await judge.judge(window("my knee aches"))

        return _run(use, server=server)

    revision, found = start(HostileServer(adapter_of="base", root="/models/base"))
    assert isinstance(found, Judgment)
    assert start(HostileServer(adapter_of="base", root="/models/other"))[0] != revision
    found = start(HostileServer(adapter_of="base", max_model_len=70))[1]
    assert found.reason is AbstentionReason.PROMPT_TOO_LONG


def test_a_cache_salt_is_sent_where_there_is_one() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> list[object]:
        await judge.judge(window("call five five five"))
        return [request.get("cache_salt") for request in server.requests]

    assert _run(use) == [None, None]
    assert _run(use, change=lambda config: replace(config, cache_salt="tenant-1")) == ["tenant-1", "tenant-1"]


# Many at once, several servers


def test_no_more_requests_are_open_than_configured() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> int:
        await asyncio.gather(*(judge.judge(window(f"chunk {number}")) for number in range(60)))
        return server.most_in_flight

    assert _run(use, change=lambda config: replace(config, max_concurrency=4)) <= 4


def test_servers_share_the_work_and_one_that_fails_is_passed_over() -> None:
    async def main() -> tuple[int, int, int]:
        async with HostileServer() as one, HostileServer() as two:
            judge = VllmJudge(_config(one, two), PROFILES["consultguard"])
            await judge.start()
            try:
                for number in range(10):
                    await judge.judge(window(f"chunk {number}"))
                shared = len(one.requests), len(two.requests)
                assert shared == (5, 5)
                one.misbehave(hostilities.status(500))
                for number in range(10):
                    assert isinstance(await judge.judge(window(f"chunk {number}")), Judgment)
                return len(one.requests) - shared[0], len(two.requests) - shared[1], 10
            finally:
                await judge.close()

    failed_on_one, done_by_two, asked = asyncio.run(main())
    assert failed_on_one == 1
    assert done_by_two == asked


def test_a_judge_starts_while_one_of_its_servers_is_down_and_uses_it_when_it_comes() -> None:
    async def main() -> int:
        async with HostileServer() as one:
            late = HostileServer()
            async with late:
                pass
            judge = VllmJudge(replace(_config(one, late), left_out_seconds=0.01), PROFILES["consultguard"])
            await judge.start()
            try:
                await judge.judge(window("before"))
                await late.start()
                await asyncio.sleep(0.02)
                for number in range(6):
                    await judge.judge(window(f"chunk {number}"))
                return len(late.requests)
            finally:
                await judge.close()
                await late.stop()

    assert asyncio.run(main()) == 3


def test_two_servers_of_different_models_are_refused() -> None:
    async def main() -> None:
        async with HostileServer() as one, HostileServer(root="/models/other") as two:
            judge = VllmJudge(_config(one, two), PROFILES["consultguard"])
            try:
                with pytest.raises(JudgeMisconfigured, match="another"):
                    await judge.start()
            finally:
                await judge.close()

    asyncio.run(main())


def test_a_server_that_comes_back_with_another_model_is_refused_before_it_judges() -> None:
    async def main() -> int:
        server = HostileServer()
        await server.start()
        judge = VllmJudge(_config(server), PROFILES["consultguard"])
        await judge.start()
        try:
            await judge.judge(window("before"))
            await server.stop()
            with pytest.raises(JudgeUnavailable):
                await judge.judge(window("while it is away"))
            server.root = "/models/other"
            await server.start()
            with pytest.raises(JudgeMisconfigured, match="another"):
                await judge.judge(window("after"))
            return len(server.requests)
        finally:
            await judge.close()
            await server.stop()

    assert asyncio.run(main()) == 1


def test_through_an_outage_every_chunk_gets_exactly_one_answer() -> None:
    async def main() -> None:
        server = HostileServer(SCRIPT)
        await server.start()
        policy = RetryPolicy(first_delay_seconds=0.01, max_delay_seconds=0.05)
        judge = ResilientJudge(
            VllmJudge(_config(server), PROFILES["consultguard"]), retry=policy, breaker=Breaker(5, 0.05)
        )
        await judge.start()
        answers: dict[int, list[Judgment | Abstention]] = {number: [] for number in range(120)}

        async def ask(number: int) -> None:
            await asyncio.sleep(number / 400)
            answers[number].append(await judge.judge(window(f"chunk {number}", seq=number)))

        asking = [asyncio.create_task(ask(number)) for number in answers]
        await asyncio.sleep(0.1)
        await server.stop()
        await asyncio.sleep(0.1)
        await server.start()
        server.misbehave(hostilities.cuts_the_connection, times=3)
        server.misbehave(hostilities.status(429, retry_after="0"), times=3)
        try:
            await asyncio.gather(*asking)
        finally:
            await judge.close()
            await server.stop()
        assert all(len(found) == 1 and isinstance(found[0], Judgment) for found in answers.values())

    asyncio.run(main())


def test_cancelling_a_call_frees_its_slot() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> None:
        server.misbehave(hostilities.never_answers, times=1)
        stuck = asyncio.create_task(judge.judge(window("stuck")))
        await asyncio.sleep(0.05)
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        assert isinstance(await judge.judge(window("next")), Judgment)

    _run(use, change=lambda config: replace(config, max_concurrency=1))


def test_closing_twice_and_judging_afterwards_is_defined() -> None:
    async def use(server: HostileServer, judge: VllmJudge) -> None:
        await judge.close()
        await judge.close()
        with pytest.raises(JudgeUnavailable):
            await judge.judge(window("late"))

    _run(use)


def test_text_of_every_kind_reaches_the_server_as_it_is() -> None:
    text = '头疼 \\n "quoted" \x00 \u2028 🙂 ñ'

    async def use(server: HostileServer, judge: VllmJudge) -> str:
        await judge.judge(window(text))
        return str(json.loads(json.dumps(server.requests[0]))["prompt"])

    assert '头疼 \\n "quoted" \x00 🙂 ñ' in _run(use)
