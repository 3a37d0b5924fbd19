"""The guard in this process keeps the judge's contract."""

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.transcript import SpeakerRole
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.embedded import EmbeddedConfig, EmbeddedJudge
from pipeline.judge.prompt import PROFILES
from tests.unit.judge.windows import window

T = TypeVar("T")


def _with(config: EmbeddedConfig, use: Callable[[EmbeddedJudge], Awaitable[T]]) -> T:
    async def main() -> T:
        judge = EmbeddedJudge(config, PROFILES["consultguard"])
        await judge.start()
        try:
            return await use(judge)
        finally:
            await judge.close()

    return asyncio.run(main())


def test_a_window_gets_a_judgment_that_names_the_model(guard_dir: Path) -> None:
    async def use(judge: EmbeddedJudge) -> None:
        found = await judge.judge(window("my knee aches since monday"))
        assert isinstance(found, Judgment)
        assert found.model == judge.identity
        assert found.model.revision.startswith("sha256:")
        assert found.model.prompt_version.startswith("consultguard/1+")
        assert 0.5 <= found.label_mass <= 1

    _with(EmbeddedConfig(guard_dir), use)


def test_the_same_window_gives_the_same_answer_alone_and_among_many(guard_dir: Path) -> None:
    texts = [f"the pain is sharp after {number} tablets" for number in range(12)]

    async def use(judge: EmbeddedJudge) -> None:
        alone = [await judge.judge(window(text, (SpeakerRole.CLINICIAN, "how is your sleep"))) for text in texts]
        windows = [window(text, (SpeakerRole.CLINICIAN, "how is your sleep")) for text in texts]
        assert await asyncio.gather(*map(judge.judge, windows)) == alone

    _with(EmbeddedConfig(guard_dir, threads=4), use)


def test_judging_leaves_the_event_loop_and_other_threads_running(guard_dir: Path) -> None:
    """Every one of 40 passes would be a stall of the broker's thread if the runtime kept Python's lock."""
    turned = threading.Event()

    async def use(judge: EmbeddedJudge) -> int:
        judging = asyncio.gather(*(judge.judge(window("the pain is sharp")) for _ in range(40)))
        turns = 0
        while not judging.done():
            await asyncio.sleep(0)
            turns += 1
            turned.set()
        await judging
        return turns

    assert _with(EmbeddedConfig(guard_dir, threads=1), use) > 40
    assert turned.is_set()


def test_a_prompt_longer_than_the_model_reads_is_an_abstention(guard_dir: Path) -> None:
    async def use(judge: EmbeddedJudge) -> None:
        found = await judge.judge(window("the pain is sharp " * 2_000))
        assert found == Abstention(AbstentionReason.PROMPT_TOO_LONG, judge.identity)

    _with(EmbeddedConfig(guard_dir), use)


def test_a_label_mass_under_the_configured_floor_is_an_abstention(guard_dir: Path) -> None:
    async def use(judge: EmbeddedJudge) -> None:
        found = await judge.judge(window("hello can you hear me"))
        assert isinstance(found, Abstention)
        assert found.reason is AbstentionReason.LOW_LABEL_MASS
        assert found.label_mass is not None

    _with(EmbeddedConfig(guard_dir, min_label_mass=1.0), use)


def test_the_revision_changes_with_the_weights(guard_dir: Path, tmp_path: Path) -> None:
    async def revision(judge: EmbeddedJudge) -> str:
        return judge.identity.revision

    copy = tmp_path / "copy"
    shutil.copytree(guard_dir, copy)
    first = _with(EmbeddedConfig(guard_dir), revision)
    assert _with(EmbeddedConfig(copy), revision) == first
    with (copy / "model.onnx.data").open("r+b") as weights:
        weights.seek(-1, 2)
        last = weights.read(1)[0]
        weights.seek(-1, 2)
        weights.write(bytes([last ^ 1]))
    assert _with(EmbeddedConfig(copy), revision) != first


@pytest.mark.parametrize("missing", ["model.onnx", "genai_config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_folder_with_a_file_missing_is_refused(guard_dir: Path, tmp_path: Path, missing: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(guard_dir, copy)
    (copy / missing).unlink()
    with pytest.raises(JudgeMisconfigured):
        asyncio.run(EmbeddedJudge(EmbeddedConfig(copy), PROFILES["consultguard"]).start())


def test_no_folder_is_refused_naming_it(tmp_path: Path) -> None:
    config = replace(EmbeddedConfig(), model_dir=tmp_path / "nowhere")
    with pytest.raises(JudgeMisconfigured, match="nowhere"):
        asyncio.run(EmbeddedJudge(config, PROFILES["consultguard"]).start())


def test_a_judge_that_is_not_started_or_already_closed_is_unavailable(guard_dir: Path) -> None:
    async def main() -> None:
        judge = EmbeddedJudge(EmbeddedConfig(guard_dir), PROFILES["consultguard"])
        with pytest.raises(JudgeUnavailable):
            await judge.judge(window("hello"))
        await judge.start()
        await judge.close()
        await judge.close()
        with pytest.raises(JudgeUnavailable):
            await judge.judge(window("hello"))

    asyncio.run(main())
