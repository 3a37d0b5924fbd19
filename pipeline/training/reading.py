"""Reads labels from a model folder, as serving does: one forward pass, the three label tokens' probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from pipeline.domain.taxonomy import RiskLevel
from pipeline.evaluate.datasets import Row
from pipeline.training.rows import LABEL_WORDS, chat, user_content
from pipeline.training.vocabulary import label_ids

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """Probabilities of the three labels over the three, and their mass in the whole vocabulary."""

    scores: dict[RiskLevel, float]
    label_mass: float

    @property
    def label(self) -> RiskLevel:
        return max(self.scores, key=lambda level: self.scores[level])


class Reader(Protocol):
    """Reads rows in order."""

    def read(self, rows: list[Row]) -> list[Reading]:
        """One reading for each row."""


class TorchReader:
    """The safetensors folder, through transformers in float32."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import Qwen3ForCausalLM

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._model = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def read(self, rows: list[Row]) -> list[Reading]:
        import torch

        prompts = [
            e.ids for e in self._tokenizer.encode_batch([chat(user_content(r)) for r in rows], add_special_tokens=False)
        ]
        order = sorted(range(len(rows)), key=lambda index: len(prompts[index]))
        logits = np.zeros((len(rows), self._model.config.vocab_size), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            ids = torch.zeros((len(some), max(len(prompts[i]) for i in some)), dtype=torch.long)
            for number, index in enumerate(some):
                ids[number, : len(prompts[index])] = torch.tensor(prompts[index])
            with torch.no_grad():
                hidden = self._model.model(input_ids=ids, use_cache=False).last_hidden_state
                last = hidden[torch.arange(len(some)), torch.tensor([len(prompts[i]) - 1 for i in some])]
                logits[some] = self._model.lm_head(last).float().numpy()
        return list(_readings(logits, label_ids(self._tokenizer)))


class OnnxReader:
    """The ONNX folder, through ONNX Runtime GenAI."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime_genai

        self._genai = onnxruntime_genai
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._model = onnxruntime_genai.Model(str(folder))

    def read(self, rows: list[Row]) -> list[Reading]:
        ids = label_ids(self._tokenizer)
        return [next(_readings(self._logits(row)[None, :], ids)) for row in rows]

    def _logits(self, row: Row) -> npt.NDArray[np.float32]:
        prompt = self._tokenizer.encode(chat(user_content(row)), add_special_tokens=False).ids
        parameters = self._genai.GeneratorParams(self._model)
        parameters.set_search_options(max_length=len(prompt) + 1)
        generator = self._genai.Generator(self._model, parameters)
        generator.append_tokens(np.array([prompt], dtype=np.int32))
        logits: npt.NDArray[np.float32] = np.asarray(generator.get_logits(), dtype=np.float32)
        last: npt.NDArray[np.float32] = logits.reshape(-1, self._tokenizer.get_vocab_size())[-1]
        return last


def _readings(logits: np.ndarray, ids: tuple[int, int, int]) -> Iterator[Reading]:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    probabilities = np.exp(wide)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    for row in probabilities[:, list(ids)]:
        mass = float(row.sum())
        yield Reading({level: float(p) / mass for level, p in zip(LABEL_WORDS, row, strict=True)}, mass)
