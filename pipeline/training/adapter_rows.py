"""Rows as a base model reads them: the served prompt in the base's own chat template, and the answer to learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tokenizers import Tokenizer

from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import InputError, JudgeMisconfigured
from pipeline.evaluate.datasets import Row
from pipeline.judge.grammar import MAX_FINDINGS_TOKENS, continuation_of
from pipeline.judge.label_tokens import label_tokens
from pipeline.judge.labels import LABEL_WORDS
from pipeline.judge.prompt import PREFILL, PROFILES, Message
from pipeline.judge.sentence import is_line
from pipeline.judge.template import PROBE_TEXTS, FolderTemplate, probe_messages, read_json
from pipeline.training.rows import CATEGORY_WORDS, answer, user_content


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids of prompt, answer and end mark; the answer starts at `answer_at`, with the label's token."""

    ids: tuple[int, ...]
    answer_at: int


class BasePrompt:
    """Profile `consultguard` in the words of one base model's folder.

    Raises JudgeMisconfigured where a judge would refuse the model too: no readable tokenizer or chat template, a
    template that rewrites what it is given, or label words that do not begin with three different tokens.
    """

    def __init__(self, base: Path) -> None:
        self._tokenizer = _load_tokenizer(base)
        self._end_id = _end_id(base, self._tokenizer)
        single = (Message("user", PROBE_TEXTS[0]),)
        self._skeleton = FolderTemplate.load(base).skeleton(single)
        prompt = self._skeleton.fill(probe_messages(single)) + PREFILL
        continued = {level: self._encode(f"{prompt} {word}") for word, level in LABEL_WORDS.items()}
        self.label_ids: dict[RiskLevel, int] = label_tokens(self._encode(prompt), continued=continued)

    @property
    def version(self) -> str:
        """As a judge of this base names its prompt in a verdict."""
        return f"{PROFILES['consultguard'].version}+{self._skeleton.digest}"

    def example(self, row: Row) -> Example:
        """Raises InputError, naming the row by its id, for a category or a reason that serving could not read."""
        if row.reason is not None and not is_line(row.reason):
            raise InputError(f"row {row.id}: `reason` is not one line of readable text")
        if row.category not in CATEGORY_WORDS:
            raise InputError(f"row {row.id}: a model has no word for `category` {row.category}")
        prompt = self._skeleton.fill((Message("user", user_content(row)),)) + PREFILL
        prompt_ids, ids = self._encode(prompt), (*self._encode(prompt + answer(row)), self._end_id)
        if ids[: len(prompt_ids)] != tuple(prompt_ids):
            raise JudgeMisconfigured("the base's tokenizer joins an answer to the prompt before it")
        findings = len(ids) - len(self._encode(prompt + continuation_of(row.label)))
        if findings > MAX_FINDINGS_TOKENS:
            raise InputError(
                f"row {row.id}: category and reason are {findings} tokens and serving reads at most "
                f"{MAX_FINDINGS_TOKENS}: shorten `reason`"
            )
        return Example(ids, len(prompt_ids))

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def split(rows: Sequence[Row], *, held_out_share: float) -> tuple[list[Row], list[Row]]:
    """Rows to learn from, and rows held out: by a hash of the id, so that a row stays on its side as a set grows.

    Raises InputError for two rows of one id, and where either side would be empty.
    """
    if len({row.id for row in rows}) < len(rows):
        raise InputError("two rows have the same `id`: one of them might be learned from and measured on")
    held_out = [row for row in rows if _place(row.id) < held_out_share]
    learned = [row for row in rows if _place(row.id) >= held_out_share]
    if not learned or not held_out:
        raise InputError(
            f"{len(learned)} rows to learn from and {len(held_out)} held out: give more rows, or another share"
        )
    return learned, held_out


def _place(row_id: str) -> float:
    """From 0 to below 1."""
    return int.from_bytes(sha256(row_id.encode()).digest()[:4]) / 2**32


def _load_tokenizer(base: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(base / "tokenizer.json"))
    except Exception as error:  # tokenizers raises no narrower type
        raise JudgeMisconfigured(f"{base / 'tokenizer.json'} cannot be read: is this a model folder?") from error


def _end_id(base: Path, tokenizer: Tokenizer) -> int:
    """The token a chat of this model ends a message with, which is where vLLM stops."""
    token = read_json(base / "tokenizer_config.json").get("eos_token")
    text = token.get("content") if isinstance(token, dict) else token
    found = tokenizer.token_to_id(text) if isinstance(text, str) else None
    if found is None:
        raise JudgeMisconfigured(f"{base / 'tokenizer_config.json'} names no `eos_token` of its tokenizer")
    return found
