"""The byte-level BPE tokenizer and the chat template of the mini guard."""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from pipeline.evaluate.datasets import Row
from pipeline.training.rows import CATEGORY_WORDS, LABEL_WORDS, answer, chat, user_content

VOCABULARY_SIZE = 16_000
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
END_OF_TEXT, IM_START, IM_END = range(3)

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{{- '<|im_start|>assistant\\n' -}}"
)
"""ChatML; the assistant's header is always added, because nothing but an answer is ever asked of this model."""

# Qwen's own split: letters together, every digit alone, so that a number is read digit by digit.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(rows: Iterable[Row]) -> Tokenizer:
    """A tokenizer in which each label word after `Safety:` is one token. Raises ValueError where it is not."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((user_content(row) + "\nSafety:" + answer(row) for row in rows), trainer)
    label_ids(tokenizer)
    return tokenizer


def label_ids(tokenizer: Tokenizer) -> tuple[int, int, int]:
    """Ids of ` Safe`, ` Controversial`, ` Unsafe`, in this order.

    Raises ValueError if a label is more than one token, or two categories begin alike.
    """
    prompt = tokenizer.encode(chat("x"), add_special_tokens=False).ids
    ids = []
    for word in LABEL_WORDS.values():
        whole = tokenizer.encode(chat("x") + f" {word}\nCategories:", add_special_tokens=False).ids
        alone = tokenizer.encode(f" {word}", add_special_tokens=False).ids
        if len(alone) != 1 or whole[: len(prompt) + 1] != [*prompt, *alone]:
            raise ValueError(f"label {word} is not one token after the prompt")
        ids.append(alone[0])
    firsts = {tokenizer.encode(f" {word}", add_special_tokens=False).ids[0] for word in CATEGORY_WORDS.values()}
    if len(firsts) != len(CATEGORY_WORDS):
        raise ValueError("two categories begin with the same token")
    return ids[0], ids[1], ids[2]


def save_tokenizer(tokenizer: Tokenizer, folder: Path, *, max_tokens: int) -> None:
    """Write tokenizer.json, tokenizer_config.json with the chat template in it, and chat_template.jinja."""
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": max_tokens,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
