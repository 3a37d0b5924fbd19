"""Trains the mini guard: a small Qwen3 that answers a rendered prompt with a label and a category.

Loss on the answer's tokens, most of it on the label, and on the label after each word of the chunk. The same seed,
data, library versions and number of threads give the same weights.
"""

import json
import math
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen3Config, Qwen3ForCausalLM

from pipeline.evaluate.datasets import Row
from pipeline.training.batches import Batch, Encoded, batches, encode
from pipeline.training.teachers import Teacher, word_vectors
from pipeline.training.vocabulary import END_OF_TEXT, IM_END, IM_START, VOCABULARY_SIZE, label_ids

MAX_TOKENS = 2048
# What stands between the chunk and the label (`<|im_end|>`, the assistant's header, `Safety:`) is never blanked.
_TAIL_TOKENS = 8
# One layer before the last, so that the label, a few tokens on, can still look at it.
_MEANING_LAYER = 3


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """`steps` batches of about `tokens_per_batch` padded tokens.

    `word_share` of the prompts' tokens are also predicted, at `word_weight`, which falls to zero over the run: what
    words stand near each other is learned from the same rows. `hidden_share` of the tokens are blanked, so that no
    single word carries a label. The chunk's meaning, as the teacher of its language has it, counts `meaning_weight`.
    """

    steps: int
    seed: int
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warmup_steps: int = 60
    tokens_per_batch: int = 4096
    rest_weight: float = 0.15
    found_weight: float = 0.6
    word_weight: float = 0.2
    word_share: float = 0.08
    hidden_share: float = 0.06
    meaning_weight: float = 1.0
    threads: int = 2
    checkpoint_every: int = 200


def new_model(seed: int) -> Qwen3ForCausalLM:
    """About 3.1 million parameters, half of them the embedding, which is also the head.

    Head size 32 is one that vLLM's CPU attention has.
    """
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=192,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,
        intermediate_size=512,
        tie_word_embeddings=True,
        max_position_embeddings=MAX_TOKENS,
        rope_theta=10000.0,
        bos_token_id=IM_START,
        eos_token_id=IM_END,
        pad_token_id=0,
    )
    return Qwen3ForCausalLM(config)


def new_readers(width: int, sizes: Mapping[str, int]) -> torch.nn.ModuleDict:
    """What reads from the third layer, at the chunk's end, where each teacher would put the chunk."""
    return torch.nn.ModuleDict(
        {
            lang: torch.nn.Sequential(torch.nn.RMSNorm(width), torch.nn.Linear(width, size))
            for lang, size in sizes.items()
        }
    )


def train(
    rows: list[Row],
    tokenizer: Tokenizer,
    teachers: Mapping[str, Teacher],
    plan: TrainingPlan,
    out_dir: Path,
    *,
    start: Path | None = None,
) -> Qwen3ForCausalLM:
    """Train for `plan.steps`; progress goes to stderr and train.log, checkpoints to checkpoint.pt, all in `out_dir`.

    `start` is the checkpoint.pt of a run to go on from; a new model begins where the teachers put its words.
    """
    torch.set_num_threads(plan.threads)
    rng = random.Random(plan.seed)  # noqa: S311 - seeded words, not secrets
    model = new_model(plan.seed)
    if start:
        model.load_state_dict(torch.load(start, weights_only=True)["model"])
    elif teachers:
        vectors = word_vectors(tokenizer, dict(teachers), size=model.config.hidden_size, seed=plan.seed)
        model.model.embed_tokens.weight.data.copy_(torch.from_numpy(vectors))
    readers = new_readers(model.config.hidden_size, {lang: one.model.size for lang, one in teachers.items()})
    learning = torch.nn.ModuleList([model, readers])
    encoded = encode(rows, tokenizer, teachers)
    labels = torch.tensor(label_ids(tokenizer))
    chance = torch.Generator().manual_seed(plan.seed)
    optimizers = _optimizers(model, readers, plan)
    learning.train()
    log = (out_dir / "train.log").open("a", encoding="utf-8")
    _say(log, f"plan {json.dumps(asdict(plan))}, parameters {sum(p.numel() for p in model.parameters())}")
    started, seen, running = time.monotonic(), 0, 0.0
    for step, batch in enumerate(_endless(encoded, rng, plan), start=1):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = plan.learning_rate * _schedule(step, plan)
        word_weight = plan.word_weight * (1 - step / plan.steps)
        loss = _loss(model, readers, batch, labels, plan, word_weight=word_weight, chance=chance)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        seen += batch.ids.numel()
        running = loss.item() if step == 1 else 0.95 * running + 0.05 * loss.item()
        if step % 25 == 0:
            rate = seen / (time.monotonic() - started)
            _say(log, f"step {step}/{plan.steps} loss {running:.4f} tokens {seen} ({rate:.0f}/s)")
        if step % plan.checkpoint_every == 0 or step == plan.steps:
            torch.save({"step": step, "model": model.state_dict()}, out_dir / "checkpoint.pt")
        if step == plan.steps:
            break
    log.close()
    return model.eval()


def _endless(encoded: list[Encoded], rng: random.Random, plan: TrainingPlan):  # type: ignore[no-untyped-def]
    while True:
        yield from batches(encoded, rng, tokens_per_batch=plan.tokens_per_batch, rest_weight=plan.rest_weight)


def _optimizers(model: Qwen3ForCausalLM, readers: torch.nn.Module, plan: TrainingPlan) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, which gets as low as AdamW in about three quarters of the steps here; AdamW for
    the embedding, the gains and the readers."""
    layers = [p for p in model.model.layers.parameters() if p.ndim > 1]
    rest = [p for p in (model.model.embed_tokens.weight, *readers.parameters()) if p.ndim > 1]
    gains = [p for module in (model, readers) for p in module.parameters() if p.ndim <= 1]
    decayed = {"params": rest, "weight_decay": plan.weight_decay}
    rate = plan.learning_rate
    return [
        torch.optim.Muon(layers, lr=rate, weight_decay=plan.weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW([decayed, {"params": gains, "weight_decay": 0.0}], lr=rate, betas=(0.9, 0.98)),
    ]


def _schedule(step: int, plan: TrainingPlan) -> float:
    if step < plan.warmup_steps:
        return step / plan.warmup_steps
    done = (step - plan.warmup_steps) / max(1, plan.steps - plan.warmup_steps)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def _loss(
    model: Qwen3ForCausalLM,
    readers: torch.nn.ModuleDict,
    batch: Batch,
    labels: torch.Tensor,
    plan: TrainingPlan,
    *,
    word_weight: float,
    chance: torch.Generator,
) -> torch.Tensor:
    # Padding stands on the right and attention is causal, so no mask is needed: no answer position sees it.
    places = torch.arange(batch.ids.shape[1])
    said = (batch.ids > IM_END) & (places < batch.positions[:, :1] - _TAIL_TOKENS)
    blank = said & (torch.rand(batch.ids.shape, generator=chance) < plan.hidden_share)
    given = batch.ids.masked_fill(blank, END_OF_TEXT)
    read = model.model(input_ids=given, use_cache=False, output_hidden_states=True)
    hidden = read.last_hidden_state
    picked = torch.gather(hidden, 1, batch.positions.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))
    logits = model.lm_head(picked)
    losses = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), batch.targets.flatten(), ignore_index=-100, reduction="none"
    )
    answered = (losses * batch.weights.flatten()).sum() / len(batch.ids)
    found = _found_loss(hidden @ model.lm_head.weight[labels].T, batch.found)
    asked = (batch.ids[:, 1:] != END_OF_TEXT) & (torch.rand(batch.ids[:, 1:].shape, generator=chance) < plan.word_share)
    words = torch.nn.functional.cross_entropy(model.lm_head(hidden[:, :-1][asked]), batch.ids[:, 1:][asked])
    meant = _meaning_loss(readers, read.hidden_states[_MEANING_LAYER], batch)
    return answered + plan.found_weight * found + word_weight * words + plan.meaning_weight * meant


def _meaning_loss(readers: torch.nn.ModuleDict, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
    """One minus the cosine, the mean over the rows that a teacher has read."""
    apart = [hidden.new_zeros(0)]
    for lang, some in batch.meanings.items():
        said = readers[lang](hidden[some.rows, some.places])
        apart.append(1 - torch.nn.functional.cosine_similarity(said, some.vectors))
    return torch.cat(apart).sum() / max(1, sum(map(len, apart)))


def _found_loss(logits: torch.Tensor, found: torch.Tensor) -> torch.Tensor:
    """After each word of the chunk, the label of what was said so far: it tells a small model where to look."""
    losses = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), found.flatten(), ignore_index=-1, reduction="none"
    ).view(found.shape)
    known = (found >= 0).sum(dim=1).clamp(min=1)
    return (losses.sum(dim=1) / known).mean()


def _say(log, line: str) -> None:  # type: ignore[no-untyped-def]
    sys.stderr.write(line + "\n")
    log.write(line + "\n")
    log.flush()
