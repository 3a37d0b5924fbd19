"""How an adapter is trained: every number that changes it, in one value."""

from dataclasses import dataclass
from typing import Literal

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class AdapterPlan:
    """`epochs` passes over the rows that are not held out, `batch_rows` * `accumulate` rows a step.

    `rank`, `alpha` and `dropout` are LoRA's (arXiv 2106.09685): an update of two thin matrices beside each projection,
    scaled by alpha / rank. `held_out_share` of the rows, chosen by their ids, are only measured on. Rows of more than
    `max_tokens` are left out. `auto` takes a CUDA device where there is one; weights are bfloat16 there and float32 on
    the CPU. `gradient_checkpointing` computes each layer twice and keeps one layer's activations in memory instead of
    all; None asks for it on CUDA only.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    learning_rate: float = 2e-4
    warmup_share: float = 0.05
    epochs: int = 3
    batch_rows: int = 4
    accumulate: int = 4
    # Of the answer's tokens the label is what decides; the mini guard is trained with the same weight.
    rest_weight: float = 0.15
    held_out_share: float = 0.1
    max_tokens: int = 2048
    seed: int = 0
    device: Device = "auto"
    gradient_checkpointing: bool | None = None
