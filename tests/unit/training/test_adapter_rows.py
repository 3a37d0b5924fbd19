"""What a base reads of a row, and which rows it never learns from."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.errors import InputError, JudgeMisconfigured
from pipeline.evaluate.datasets import Row
from pipeline.judge.grammar import Answer, parse_answer
from pipeline.judge.prompt import Message
from pipeline.judge.template import FolderTemplate
from pipeline.training.adapter_rows import BasePrompt, split
from pipeline.training.rows import chat, user_content
from pipeline.trial.vllm_server import MINI_GUARD

QWEN3GUARD_TEMPLATE = Path(__file__).parents[2] / "data" / "qwen3guard" / "chat_template.jinja"
ASKED = ((SpeakerRole.CLINICIAN, "Which trial is it?"),)
ROW = Row(ASKED, SpeakerRole.PATIENT, "The Lantern study.", RiskLevel.CONTESTED, Category.PHI, "en", "t", id="one")
SAFE = replace(ROW, text="It helps.", label=RiskLevel.SAFE, category=None, id="two")


@pytest.fixture(scope="module")
def prompt() -> BasePrompt:
    return BasePrompt(MINI_GUARD)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(MINI_GUARD / "tokenizer.json"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    shutil.copytree(MINI_GUARD, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    return folder


def _change_tokenizer(base: Path, **model: object) -> None:
    body = json.loads((base / "tokenizer.json").read_text("utf-8"))
    body["model"].update(model)
    (base / "tokenizer.json").write_text(json.dumps(body), encoding="utf-8")


@pytest.mark.parametrize("row", [ROW, SAFE], ids=["contested", "safe"])
def test_a_row_is_the_served_prompt_then_an_answer_serving_reads_then_the_end(
    prompt: BasePrompt, tokenizer: Tokenizer, row: Row
) -> None:
    example = prompt.example(row)
    asked, learned = example.ids[: example.answer_at], example.ids[example.answer_at : -1]
    assert tokenizer.decode(asked, skip_special_tokens=False) == chat(user_content(row))
    assert learned[0] == prompt.label_ids[row.label]
    read = parse_answer("Safety:" + tokenizer.decode(learned, skip_special_tokens=False))
    assert isinstance(read, Answer)
    assert (read.label, read.findings.categories) == (row.label, (row.category,) if row.category else ())
    assert tokenizer.id_to_token(example.ids[-1]) == "<|im_end|>"


def test_a_base_with_a_template_of_its_own_learns_in_that_template(base: Path, tokenizer: Tokenizer) -> None:
    """Qwen3Guard's, which puts its own instructions around the conversation."""
    (base / "chat_template.jinja").write_bytes(QWEN3GUARD_TEMPLATE.read_bytes())
    example = BasePrompt(base).example(ROW)
    asked = tokenizer.decode(example.ids[: example.answer_at], skip_special_tokens=False)
    message = Message("user", user_content(ROW))
    assert asked == FolderTemplate.load(base).render([message]) + "Safety:"
    assert message.content in asked
    assert asked != chat(message.content)


def test_a_reason_is_learned_as_the_line_serving_reads(prompt: BasePrompt, tokenizer: Tokenizer) -> None:
    example = prompt.example(replace(ROW, reason="A small trial is named."))
    read = parse_answer("Safety:" + tokenizer.decode(example.ids[example.answer_at : -1], skip_special_tokens=False))
    assert isinstance(read, Answer)
    assert read.findings.reason == "A small trial is named."


@pytest.mark.parametrize("reason", ["One line.\nTwo lines.", "word " * 70], ids=["two lines", "too long to be served"])
def test_a_reason_that_serving_could_not_read_is_refused_by_the_rows_id(prompt: BasePrompt, reason: str) -> None:
    with pytest.raises(InputError, match="row one"):
        prompt.example(replace(ROW, reason=reason))


def test_a_category_no_model_has_a_word_for_is_refused(prompt: BasePrompt) -> None:
    with pytest.raises(InputError, match="other"):
        prompt.example(replace(ROW, category=Category.OTHER))


def test_a_base_whose_labels_begin_with_the_same_token_is_refused(base: Path) -> None:
    """Without merges every letter is a token, and every label word begins with a space."""
    _change_tokenizer(base, merges=[])
    with pytest.raises(JudgeMisconfigured, match="same token"):
        BasePrompt(base)


def test_a_base_without_a_readable_tokenizer_template_or_end_token_is_refused(base: Path) -> None:
    config = json.loads((base / "tokenizer_config.json").read_text("utf-8"))
    (base / "tokenizer_config.json").write_text(json.dumps(config | {"eos_token": "<|nowhere|>"}))
    with pytest.raises(JudgeMisconfigured, match="eos_token"):
        BasePrompt(base)
    (base / "tokenizer_config.json").write_text(json.dumps(config | {"chat_template": None}))
    (base / "chat_template.jinja").unlink()
    with pytest.raises(JudgeMisconfigured, match="chat template"):
        BasePrompt(base)
    (base / "tokenizer.json").write_text("{}")
    with pytest.raises(JudgeMisconfigured, match="model folder"):
        BasePrompt(base)


@given(st.sets(st.text(min_size=1), min_size=40, max_size=80), st.sets(st.text(min_size=1), max_size=40))
def test_a_row_stays_on_its_side_of_the_split_as_a_set_grows(ids: set[str], more: set[str]) -> None:
    def held_out(names: set[str]) -> set[str]:
        return {row.id for row in split([replace(ROW, id=name) for name in sorted(names)], held_out_share=0.5)[1]}

    assert held_out(ids | more) & ids == held_out(ids)


def test_the_share_held_out_is_about_what_was_asked() -> None:
    learned, held_out = split([replace(ROW, id=f"row-{number}") for number in range(4000)], held_out_share=0.1)
    assert len(learned) + len(held_out) == 4000
    assert 300 < len(held_out) < 500


def test_a_set_with_an_id_twice_or_nothing_on_one_side_is_refused() -> None:
    with pytest.raises(InputError, match="same `id`"):
        split([ROW, replace(SAFE, id=ROW.id)], held_out_share=0.5)
    with pytest.raises(InputError, match="give more rows"):
        split([ROW], held_out_share=0.5)
