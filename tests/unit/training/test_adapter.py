"""What is refused before an adapter is trained, and how its base is named; training itself: tests/vllm."""

import sys
from pathlib import Path

import pytest

from pipeline.errors import InputError, MissingExtra
from pipeline.training import adapter
from pipeline.training.adapter import base_revision, train_adapter
from pipeline.training.adapter_plan import AdapterPlan
from pipeline.trial.vllm_server import MINI_GUARD

ROW = '{"id": "a", "lang": "en", "speaker": "patient", "text": "It helps.", "label": "safe", "category": "none"}\n'


@pytest.mark.parametrize("name", adapter.LIBRARIES)
def test_a_library_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # Nothing is importable from nowhere, and what is loaded already is forgotten.
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(MissingExtra, match=rf"{name}.*pip install 'consultguard\[train\]'"):
        train_adapter(MINI_GUARD, tmp_path / "rows.jsonl", out=tmp_path / "out", plan=AdapterPlan())


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if torch, transformers and peft were there: what these tests see refused comes before they are used."""
    monkeypatch.setattr(adapter, "require_training", lambda: None)


@pytest.mark.usefixtures("_installed")
def test_a_folder_that_holds_something_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        train_adapter(MINI_GUARD, tmp_path / "rows.jsonl", out=tmp_path, plan=AdapterPlan())


@pytest.mark.usefixtures("_installed")
def test_rows_that_are_all_too_long_are_refused(tmp_path: Path) -> None:
    data, out = tmp_path / "rows.jsonl", tmp_path / "out"
    data.write_text("".join(ROW.replace('"a"', f'"{number}"') for number in range(20)))
    with pytest.raises(InputError, match="at most 3 tokens"):
        train_adapter(MINI_GUARD, data, out=out, plan=AdapterPlan(held_out_share=0.5, max_tokens=3))
    assert not out.exists()


def test_a_bases_revision_follows_its_weights_and_its_template(tmp_path: Path) -> None:
    def revision(weights: bytes = b"weights", template: str = "{{ messages }}") -> str:
        (tmp_path / "model.safetensors").write_bytes(weights)
        (tmp_path / "chat_template.jinja").write_text(template)
        return base_revision(tmp_path)

    plain = revision()
    assert revision() == plain
    assert revision(weights=b"Weights") != plain
    assert revision(template="{{ messages[0] }}") != plain


def test_a_base_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no safetensors"):
        base_revision(tmp_path)
