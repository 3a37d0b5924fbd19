"""The stock model's own chat template, and the prompt we make of it."""

import os
import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.window import ContextWindow
from pipeline.judge.label_tokens import label_tokens
from pipeline.judge.labels import CATEGORY_WORDS, LABEL_WORDS
from pipeline.judge.prompt import PREFILL, PROFILES, Message
from pipeline.judge.template import FolderTemplate
from tests.unit.judge.windows import window

DATA = Path(__file__).parents[2] / "data" / "qwen3guard"
SOURCE = (DATA / "chat_template.jinja").read_text(encoding="utf-8")
PROMPT_MODE = (DATA / "prompt_mode.txt").read_text(encoding="utf-8")
TEMPLATE = FolderTemplate(SOURCE, special_tokens={})
QWEN_TOKENIZER = os.environ.get("CONSULTGUARD_TEST_QWEN_TOKENIZER", "")

WINDOWS = [
    (window("the cough is better"), "USER: (patient) the cough is better"),
    (
        window("eight eight one two", (SpeakerRole.CLINICIAN, "and the last four?")),
        "USER: (clinician) and the last four?\n\nUSER: (patient) eight eight one two",
    ),
    (
        window(
            "两片，饭后吃。",
            (SpeakerRole.PATIENT, "一次吃几片？"),
            (SpeakerRole.INTERPRETER, "How many tablets?"),
            (SpeakerRole.UNKNOWN, "hm"),
            role=SpeakerRole.CLINICIAN,
        ),
        "USER: (patient) 一次吃几片？\n\nUSER: (interpreter) How many tablets?\n\nUSER: (unknown) hm\n\n"
        "USER: (clinician) 两片，饭后吃。",
    ),
]


def _prompt(asked: ContextWindow) -> str:
    messages = PROFILES["qwen3guard"].messages(asked)
    return TEMPLATE.skeleton(messages).fill(messages) + PREFILL


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


@pytest.mark.parametrize(("asked", "conversation"), WINDOWS, ids=["alone", "one turn", "three turns"])
def test_the_whole_prompt_is_the_models_prompt_mode_around_the_conversation(
    asked: ContextWindow, conversation: str
) -> None:
    assert _prompt(asked) == PROMPT_MODE.replace("{{CONVERSATION}}", conversation) + PREFILL


@pytest.mark.parametrize(("asked", "conversation"), WINDOWS, ids=["alone", "one turn", "three turns"])
def test_the_interpolated_prompt_has_the_tokens_of_the_templates_own_rendering(
    asked: ContextWindow, conversation: str, guard_dir: Path
) -> None:
    tokenizer = Tokenizer.from_file(str(guard_dir / "tokenizer.json"))
    rendered = TEMPLATE.render(PROFILES["qwen3guard"].messages(asked)) + PREFILL
    assert _ids(tokenizer, _prompt(asked)) == _ids(tokenizer, rendered)
    assert _ids(tokenizer, rendered) == _ids(tokenizer, PROMPT_MODE.replace("{{CONVERSATION}}", conversation) + PREFILL)


@pytest.mark.skipif(not Path(QWEN_TOKENIZER).is_file(), reason="CONSULTGUARD_TEST_QWEN_TOKENIZER names no file")
def test_with_the_models_tokenizer_the_labels_and_the_templates_cost_are_those_published() -> None:
    tokenizer = Tokenizer.from_file(QWEN_TOKENIZER)
    prompt = _prompt(WINDOWS[0][0])
    continued = {level: _ids(tokenizer, f"{prompt} {word}") for word, level in LABEL_WORDS.items()}
    found = label_tokens(_ids(tokenizer, prompt), continued=continued)
    assert found == {RiskLevel.SAFE: 22291, RiskLevel.CONTESTED: 2093, RiskLevel.UNSAFE: 73067}
    assert len(_ids(tokenizer, TEMPLATE.render((Message("user", ""),)))) == 297


def test_every_category_that_the_template_names_has_a_meaning_and_ours_adds_medical_advice_alone() -> None:
    listed = re.search(r"<BEGIN UNSAFE CONTENT CATEGORIES>\n(.*?)\n<END", PROMPT_MODE, re.DOTALL)
    assert listed is not None
    words = {line.removesuffix(".") for line in listed[1].splitlines()}
    assert set(CATEGORY_WORDS) - words == {"Medical Advice"}
    assert words <= set(CATEGORY_WORDS)
    assert CATEGORY_WORDS["Medical Advice"] is Category.MEDICAL_ADVICE


@pytest.mark.parametrize("role", list(SpeakerRole))
def test_every_speaker_is_judged_in_prompt_mode(role: SpeakerRole) -> None:
    asked = window("hello", (SpeakerRole.CLINICIAN, "hi"), role=role)
    assert {message.role for message in PROFILES["qwen3guard"].messages(asked)} == {"user"}
    assert "THE LAST USER's query" in _prompt(asked)
    assert f"USER: ({role}) hello\n\n<END CONVERSATION>" in _prompt(asked)
