"""A base model with LoRA matrices beside its projections: trained, read and saved. The only importer of peft."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import InputError, SettingsError
from pipeline.training.adapter_plan import AdapterPlan
from pipeline.training.adapter_rows import Example
from pipeline.training.reading import Reading

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Every matrix of attention and of the feed-forward layers, as Qwen3, Llama and Mistral name them."""

_IGNORED = -100


class AdapterModel:
    """On one device. The same base, rows, plan and library versions give the same adapter on a CPU.

    Raises InputError for a base that cannot be loaded or has other projections, SettingsError where the device is not
    there or too small.
    """

    def __init__(self, base: Path, plan: AdapterPlan) -> None:
        self._plan = plan
        self.device = _device(plan)
        self.dtype = torch.bfloat16 if self.device == "cuda" else torch.float32
        torch.manual_seed(plan.seed)
        inner = _load(base, self.dtype)
        _require_projections(inner, base)
        self._inner = inner
        checkpointing = self.device == "cuda" if plan.gradient_checkpointing is None else plan.gradient_checkpointing
        if checkpointing:
            inner.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        config = LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=plan.dropout,
            target_modules=list(PROJECTIONS),
            bias="none",
            task_type="CAUSAL_LM",
        )
        with _memory():
            self._model = get_peft_model(inner.to(self.device), config)

    @property
    def trained_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self._trained())

    def fit(self, examples: Sequence[Example], *, on_step: Callable[[int, int, float], None]) -> None:
        """Train as the plan says; `on_step` is told the step, of how many, and its loss."""
        plan = self._plan
        per_step = plan.batch_rows * plan.accumulate
        total = plan.epochs * math.ceil(len(examples) / per_step)
        optimizer = torch.optim.AdamW(self._trained(), lr=plan.learning_rate, weight_decay=0.0)
        chance = random.Random(plan.seed)  # noqa: S311 - the order of rows, not secrets
        self._model.train()
        with _memory():
            for step, rows in enumerate(_steps(examples, chance, epochs=plan.epochs, rows=per_step), start=1):
                for group in optimizer.param_groups:
                    group["lr"] = plan.learning_rate * _schedule(step, total, plan.warmup_share)
                loss = sum(self._backward(batch, share=1 / len(rows)) for batch in _cut(rows, plan.batch_rows))
                torch.nn.utils.clip_grad_norm_(self._trained(), 1.0)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                on_step(step, total, loss)
        self._model.eval()

    def read(self, examples: Sequence[Example], label_ids: Mapping[RiskLevel, int]) -> list[Reading]:
        """What the model says after each prompt: one forward pass, as serving reads it."""
        self._model.eval()
        found = []
        with _memory(), torch.no_grad():
            for batch in _cut(examples, self._plan.batch_rows):
                ids, places = self._padded(batch), torch.tensor([[e.answer_at - 1] for e in batch], device=self.device)
                probabilities = self._logits(ids, places)[:, 0].softmax(dim=-1).cpu()
                found += [_reading(row, label_ids) for row in probabilities]
        return found

    def save(self, out: Path) -> None:
        """adapter_model.safetensors and adapter_config.json, as PEFT and vLLM read them."""
        # The embedding is not trained; without this, peft asks a model hub whether it was resized.
        self._model.save_pretrained(str(out), save_embedding_layers=False)
        (out / "README.md").unlink(missing_ok=True)  # a model card with every field empty
        (out / "adapter_model.safetensors").chmod(0o644)  # safetensors writes it for this user alone

    def _trained(self) -> list[torch.Tensor]:
        return [parameter for parameter in self._model.parameters() if parameter.requires_grad]

    def _backward(self, batch: Sequence[Example], *, share: float) -> float:
        longest = max(len(example.ids) - example.answer_at for example in batch)
        places = torch.zeros((len(batch), longest), dtype=torch.long)
        targets = torch.full((len(batch), longest), _IGNORED)
        weights = torch.full((len(batch), longest), self._plan.rest_weight)
        weights[:, 0] = 1.0
        for number, example in enumerate(batch):
            count = len(example.ids) - example.answer_at
            places[number, :count] = torch.arange(example.answer_at - 1, len(example.ids) - 1)
            targets[number, :count] = torch.tensor(example.ids[example.answer_at :])
        logits = self._logits(self._padded(batch), places.to(self.device))
        losses = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten().to(self.device), ignore_index=_IGNORED, reduction="none"
        )
        loss = (losses * weights.flatten().to(self.device)).sum() * share
        loss.backward()
        return float(loss.item())

    def _padded(self, batch: Sequence[Example]) -> torch.Tensor:
        """Padded on the right; attention is causal, so nothing that is read sees the padding."""
        ids = torch.zeros((len(batch), max(len(example.ids) for example in batch)), dtype=torch.long)
        for number, example in enumerate(batch):
            ids[number, : len(example.ids)] = torch.tensor(example.ids)
        return ids.to(self.device)

    def _logits(self, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """(rows, places, vocabulary), float32. Only where asked: a vocabulary of 150,000 at every token fills a GPU."""
        hidden = self._inner.model(input_ids=ids, use_cache=False).last_hidden_state
        picked = torch.gather(hidden, 1, places.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))
        return self._inner.lm_head(picked).float()


@contextmanager
def _memory() -> Iterator[None]:
    """Names the options that save memory where the device has too little."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise SettingsError(
            "too little memory on the device: lower --batch-rows or --max-tokens, and keep --gradient-checkpointing"
        ) from error


def _device(plan: AdapterPlan) -> str:
    if plan.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("--device cuda: torch sees no CUDA device here; use --device cpu for a small base")
    return "cuda" if plan.device != "cpu" and torch.cuda.is_available() else "cpu"


def _load(base: Path, dtype: torch.dtype) -> torch.nn.Module:
    transformers_logging.disable_progress_bar()
    try:
        return AutoModelForCausalLM.from_pretrained(str(base), dtype=dtype, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{base} cannot be loaded as a causal language model of transformers") from error


def _require_projections(model: torch.nn.Module, base: Path) -> None:
    names = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    missing = [name for name in PROJECTIONS if name not in names]
    if missing or not hasattr(model, "lm_head") or not hasattr(model, "model"):
        raise InputError(f"{base} is not built as Qwen3 is: no {', '.join(missing) or 'separate head'}")


def _steps(examples: Sequence[Example], chance: random.Random, *, epochs: int, rows: int) -> Iterator[list[Example]]:
    for _ in range(epochs):
        order = list(examples)
        chance.shuffle(order)
        for step in _cut(order, rows):
            yield sorted(step, key=lambda example: len(example.ids))  # rows of like length share a batch


def _cut(examples: Sequence[Example], size: int) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), size):
        yield examples[start : start + size]


def _schedule(step: int, total: int, warmup_share: float) -> float:
    """Up in a line, then down along half a cosine."""
    warmup = max(1, round(total * warmup_share))
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup + 1)))


def _reading(probabilities: torch.Tensor, label_ids: Mapping[RiskLevel, int]) -> Reading:
    values = {level: float(probabilities[token_id]) for level, token_id in label_ids.items()}
    mass = sum(values.values())
    return Reading({level: value / mass for level, value in values.items()}, mass)
