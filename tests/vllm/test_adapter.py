"""An adapter trained on a new rule of a site changes the labels of that rule, in training's own reading and served."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.judgment import Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.datasets import Row, read_rows
from pipeline.judge.prompt import PROFILES
from pipeline.judge.vllm import VllmJudge
from pipeline.judge.vllm_pool import VllmConfig
from pipeline.training.adapter_rows import split
from pipeline.trial.vllm_server import VllmServer
from tests.unit.judge.windows import window
from tests.vllm.adapters import HELD_OUT_SHARE, LANTERN, train_adapter

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

SITE = "lantern-clinic"


@pytest.fixture(scope="module")
def base(guard_dir: Path) -> Path:
    return guard_dir.parent / "hf"


@pytest.fixture(scope="module")
def adapter(base: Path, vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapter") / "lantern"
    done = train_adapter(python=vllm_python, base=base, out=out)
    assert done.returncode == 0, done.stderr
    assert "step " in done.stderr
    return out


@pytest.fixture(scope="module")
def server(base: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    with VllmServer(base, lora={SITE: adapter}, log_file=tmp_path_factory.mktemp("vllm") / "vllm.log") as running:
        yield running


def _manifest(adapter: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((adapter / "manifest.json").read_text("utf-8"))
    return manifest


def _held_out() -> list[Row]:
    _, held_out = split(list(read_rows(LANTERN)), held_out_share=HELD_OUT_SHARE)
    return held_out


def test_the_rule_is_learned_where_the_base_does_not_know_it(adapter: Path) -> None:
    before, after = (_manifest(adapter)["held_out"][when]["by_category"] for when in ("before", "after"))
    assert before["contested/phi"] <= 0.5
    assert after["contested/phi"] >= 0.8


def test_talk_beside_the_rule_stays_safe(adapter: Path) -> None:
    assert _manifest(adapter)["held_out"]["after"]["by_category"]["safe/none"] >= 0.8


def test_the_manifest_says_what_the_adapter_was_made_from(adapter: Path, base: Path) -> None:
    manifest = _manifest(adapter)
    rows = list(read_rows(LANTERN))
    assert manifest["data"]["learned"] + manifest["data"]["held_out"] == len(rows)
    assert manifest["data"]["held_out"] == len(_held_out())
    assert manifest["parameters"]["learning_rate"] == 2e-3
    assert set(manifest["adapter"]["files"]) == {"adapter_config.json", "adapter_model.safetensors"}


def test_a_base_whose_labels_begin_alike_is_refused_before_it_is_loaded(
    base: Path, vllm_python: Path, tmp_path: Path
) -> None:
    """Without merges every letter is a token, and every label word begins with a space."""
    other = tmp_path / "letters"
    shutil.copytree(base, other)
    tokenizer = json.loads((other / "tokenizer.json").read_text("utf-8"))
    tokenizer["model"]["merges"] = []
    (other / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    done = train_adapter(python=vllm_python, base=other, out=tmp_path / "out")
    assert done.returncode != 0
    assert "two labels begin with the same token" in done.stderr
    assert not (tmp_path / "out").exists()


def test_served_beside_its_base_the_adapter_gives_its_own_labels(server: VllmServer, adapter: Path) -> None:
    rows = _held_out()

    async def judged(model: str) -> tuple[str, list[Judgment]]:
        judge = VllmJudge(VllmConfig((server.url,), model), PROFILES["consultguard"])
        try:
            await judge.start()
            found = [await judge.judge(window(row.text, *row.context, role=row.role)) for row in rows]
            return judge.identity.revision, [one for one in found if isinstance(one, Judgment)]
        finally:
            await judge.close()

    async def both() -> tuple[tuple[str, list[Judgment]], tuple[str, list[Judgment]]]:
        return await judged(server.name), await judged(SITE)

    (base_revision, by_base), (site_revision, by_site) = asyncio.run(both())
    assert len(by_base) == len(by_site) == len(rows)
    assert base_revision != site_revision
    held_out = _manifest(adapter)["held_out"]
    for when, found in (("before", by_base), ("after", by_site)):
        assert _confusion(rows, found) == held_out[when]["confusion"]
    ruled = [(ours, theirs) for row, ours, theirs in zip(rows, by_site, by_base, strict=True) if row.category]
    changed = [ours for ours, theirs in ruled if theirs.label is not RiskLevel.CONTESTED]
    assert changed
    assert sum(one.label is RiskLevel.CONTESTED for one in changed) >= 0.8 * len(changed)
    assert all(one.categories == (Category.PHI,) for one in changed if one.label is RiskLevel.CONTESTED)


def _confusion(rows: list[Row], found: list[Judgment]) -> dict[str, int]:
    pairs = [f"{row.label}>{one.label}" for row, one in zip(rows, found, strict=True)]
    return {pair: pairs.count(pair) for pair in set(pairs)}
