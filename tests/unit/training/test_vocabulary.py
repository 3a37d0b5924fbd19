import json
from pathlib import Path

import jinja2
import pytest
from tokenizers import Tokenizer

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row
from pipeline.training.rows import CATEGORY_WORDS, LABEL_WORDS, chat
from pipeline.training.vocabulary import CHAT_TEMPLATE, IM_END, label_ids, save_tokenizer, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    labels = list(LABEL_WORDS)
    categories = list(CATEGORY_WORDS)
    rows = [
        Row((), SpeakerRole.PATIENT, f"words {n} 世界", labels[n % 3], categories[n % len(categories)], "en", "t")
        for n in range(300)
    ]
    return train_tokenizer(rows)


def test_each_label_is_one_token_of_its_own(tokenizer: Tokenizer) -> None:
    assert len(set(label_ids(tokenizer))) == len(RiskLevel)


def test_every_digit_is_a_token(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.encode("20260").ids) == 5


def test_any_text_comes_back_from_its_tokens(tokenizer: Tokenizer) -> None:
    text = "Ünïcode 世界 😀 ok"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_the_template_renders_what_training_reads() -> None:
    rendered = jinja2.Template(CHAT_TEMPLATE).render(messages=[{"role": "user", "content": "a\nb"}])
    assert rendered + "Safety:" == chat("a\nb")


def test_several_messages_are_rendered_in_order() -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    rendered = jinja2.Template(CHAT_TEMPLATE).render(messages=messages)
    assert rendered == "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>assistant\n"


def test_the_saved_folder_carries_template_and_end_token(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path, max_tokens=64)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert config["chat_template"] == CHAT_TEMPLATE == (tmp_path / "chat_template.jinja").read_text()
    assert tokenizer.token_to_id(config["eos_token"]) == IM_END


def test_a_vocabulary_without_the_labels_is_refused() -> None:
    row = Row((), SpeakerRole.PATIENT, "words", RiskLevel.UNSAFE, Category.PHI, "en", "t")
    with pytest.raises(ValueError, match="not one token"):
        train_tokenizer([row] * 3)
