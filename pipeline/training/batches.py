"""Rows as token ids, in batches of about equal work."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.datasets import Row
from pipeline.judge.prompt import neutralise
from pipeline.training.rows import LABEL_WORDS, answer, chat, user_content
from pipeline.training.teachers import Teacher
from pipeline.training.vocabulary import END_OF_TEXT, IM_END

MAX_ROW_TOKENS = 768
_IGNORED = -100
_UNKNOWN = -1
_TAUGHT_EVERY = 3
_TAIL_CHARS = len(chat("")) - len("<|im_start|>user\n")
_CLASSES = list(LABEL_WORDS)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of prompt and answer; the answer, its end mark with it, starts at `answer_at`.

    `found` has one entry a prompt token: the label of what has been said of the chunk up to there, as its place in
    `LABEL_WORDS`, or -1 where the generator does not know. `meaning` is where the teacher of `lang` puts the chunk.
    """

    ids: npt.NDArray[np.uint16]
    answer_at: int
    found: npt.NDArray[np.int8]
    lang: str
    meaning: npt.NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Meanings:
    """`vectors` (some rows, size) of one teacher, for the chunks of `rows`, which end at `places`."""

    rows: torch.Tensor
    places: torch.Tensor
    vectors: torch.Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """`ids` (rows, tokens), padded on the right; `targets` and `weights` are zero-effect outside the answers."""

    ids: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    found: torch.Tensor
    meanings: dict[str, Meanings]


def encode(
    rows: Iterable[Row], tokenizer: Tokenizer, teachers: Mapping[str, Teacher] = MappingProxyType({})
) -> list[Encoded]:
    """Encode rows; one too long for `MAX_ROW_TOKENS` is left out."""
    encoded = []
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == 2048:
            encoded += _encode(chunk, tokenizer, teachers)
            chunk = []
    return encoded + _encode(chunk, tokenizer, teachers)


def _encode(rows: list[Row], tokenizer: Tokenizer, teachers: Mapping[str, Teacher]) -> list[Encoded]:
    meanings = _meanings(rows, teachers)
    texts = [chat(user_content(row)) for row in rows]
    prompts = tokenizer.encode_batch(texts, add_special_tokens=False)
    answers = tokenizer.encode_batch([answer(row) for row in rows], add_special_tokens=False)
    out = []
    for row, text, prompt, reply, meaning in zip(rows, texts, prompts, answers, meanings, strict=True):
        ids = [*prompt.ids, *reply.ids, IM_END]
        if len(ids) <= MAX_ROW_TOKENS:
            found = _found(row, len(text), prompt.offsets)
            out.append(Encoded(np.array(ids, dtype=np.uint16), len(prompt.ids), found, row.lang, meaning))
    return out


def _meanings(rows: list[Row], teachers: Mapping[str, Teacher]) -> list[npt.NDArray[np.float16] | None]:
    """Every third row of a teacher's language: for a row it takes about as long as training does."""
    out: list[npt.NDArray[np.float16] | None] = [None] * len(rows)
    for lang, teacher in teachers.items():
        chosen = [index for index, row in enumerate(rows) if row.lang == lang][::_TAUGHT_EVERY]
        if not chosen:
            continue
        vectors = teacher.embed([rows[index].text for index in chosen]).astype(np.float16)
        for index, vector in zip(chosen, vectors, strict=True):
            out[index] = vector
    return out


def _found(row: Row, prompt_chars: int, offsets: list[tuple[int, int]]) -> npt.NDArray[np.int8]:
    judged = neutralise(row.text)
    end = prompt_chars - _TAIL_CHARS
    start = end - len(judged)
    finding_start = finding_end = end
    if row.label is RiskLevel.SAFE:
        finding_start = finding_end = start
    elif row.span is not None:
        finding_start, finding_end = (start + len(neutralise(row.text[:at])) for at in row.span)
    answer_class, safe = _CLASSES.index(row.label), _CLASSES.index(RiskLevel.SAFE)
    found = np.full(len(offsets), _UNKNOWN, dtype=np.int8)
    for index, (_, stop) in enumerate(offsets):
        if stop >= finding_end and stop > start:
            found[index] = answer_class
        elif start < stop <= finding_start and row.span is not None:
            found[index] = safe
    return found


def batches(rows: list[Encoded], rng: random.Random, *, tokens_per_batch: int, rest_weight: float) -> Iterator[Batch]:
    """Every row once, in a seeded order, rows of like length together; a label weighs 1, other tokens `rest_weight`."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    pool = 4096
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda index: len(rows[index].ids))
        groups: list[list[int]] = [[]]
        for index in near:
            if groups[-1] and (len(groups[-1]) + 1) * len(rows[index].ids) > tokens_per_batch:
                groups.append([])
            groups[-1].append(index)
        rng.shuffle(groups)
        for group in groups:
            yield _batch([rows[index] for index in group], rest_weight)


def _batch(rows: list[Encoded], rest_weight: float) -> Batch:
    width = max(len(row.ids) for row in rows)
    longest = max(len(row.ids) - row.answer_at for row in rows)
    ids = np.full((len(rows), width), END_OF_TEXT, dtype=np.int64)
    positions = np.zeros((len(rows), longest), dtype=np.int64)
    targets = np.full((len(rows), longest), _IGNORED, dtype=np.int64)
    weights = np.zeros((len(rows), longest), dtype=np.float32)
    found = np.full((len(rows), width), _UNKNOWN, dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = row.ids
        count = len(row.ids) - row.answer_at
        positions[number, :count] = np.arange(row.answer_at - 1, len(row.ids) - 1)
        targets[number, :count] = row.ids[row.answer_at :]
        weights[number, :count] = rest_weight
        weights[number, 0] = 1.0
        found[number, : row.answer_at] = row.found
    tensors = [torch.from_numpy(array) for array in (ids, positions, targets, weights, found)]
    return Batch(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4], _taught(rows))


def _taught(rows: list[Encoded]) -> dict[str, Meanings]:
    taught = {}
    for lang in sorted({row.lang for row in rows if row.meaning is not None}):
        chosen = [number for number, row in enumerate(rows) if row.lang == lang and row.meaning is not None]
        ends = [int(np.flatnonzero(rows[number].ids[: rows[number].answer_at] == IM_END)[-1]) for number in chosen]
        vectors = np.stack([vector for number in chosen if (vector := rows[number].meaning) is not None])
        taught[lang] = Meanings(torch.tensor(chosen), torch.tensor(ends), torch.from_numpy(vectors.astype(np.float32)))
    return taught


def mean_tokens(rows: list[Row], tokenizer: Tokenizer) -> float:
    """The mean length of a row's prompt and answer, in tokens."""
    encoded = encode(rows, tokenizer)
    return sum(len(row.ids) for row in encoded) / max(1, len(encoded))
