"""`consultguard train`: a model made to follow a site's own labels."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.output import JsonOption, print_json, print_table
from pipeline.training.adapter import train_adapter
from pipeline.training.adapter_plan import AdapterPlan, Device

app = typer.Typer(no_args_is_help=True, help="Train.", rich_markup_mode=None)

_DEFAULT = AdapterPlan()
_SCORES = (
    "accuracy",
    "phi_called_safe",
    "unsafe_called_safe",
    "safe_called_unsafe",
    "safe_called_contested",
    "lowest_label_mass",
)


@app.callback()
def _group() -> None:
    """Keeps `adapter` a sub-command."""


@app.command(
    "adapter",
    epilog="Examples:\n\n"
    "  consultguard train adapter --base models/Qwen3Guard-Gen-8B --data site.jsonl --out adapters/site\n\n"
    "  vllm serve models/Qwen3Guard-Gen-8B --enable-lora --max-lora-rank 16 --lora-modules site=adapters/site\n\n"
    "Judge with it: CONSULTGUARD_VLLM_MODEL=site CONSULTGUARD_VLLM_PROFILE=consultguard.\n\n"
    "Memory for the 8B: about 20 GB of GPU memory, so a card of 24 GB. That is an estimate and not measured: 16.4 GB "
    "for 8.2 billion weights in bfloat16, 0.7 GB for the 44 million trained at rank 16 with their gradients and Adam's "
    "two moments in float32, and 1 to 3 GB for activations of 4 rows with gradient checkpointing.",
)
def adapter(
    *,
    base: Annotated[
        Path, typer.Option(help="Folder of the base model: safetensors, tokenizer.json.", exists=True, file_okay=False)
    ],
    data: Annotated[
        Path, typer.Option(help="JSON Lines: labelled rows as for `eval`; a row may hold `reason`.", dir_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="A new folder for adapter and manifest.json.")],
    rank: Annotated[int, typer.Option(min=1, max=512, help="LoRA's r.")] = _DEFAULT.rank,
    alpha: Annotated[
        int, typer.Option(min=1, help="LoRA's alpha; the update is scaled by alpha / r.")
    ] = _DEFAULT.alpha,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.9, help="LoRA's dropout.")] = _DEFAULT.dropout,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="At its highest.")] = _DEFAULT.learning_rate,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the rows.")] = _DEFAULT.epochs,
    batch_rows: Annotated[int, typer.Option(min=1, help="Rows in memory at once.")] = _DEFAULT.batch_rows,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches a step.")] = _DEFAULT.accumulate,
    held_out: Annotated[
        float, typer.Option(min=0.01, max=0.9, help="Share of the rows only measured on, chosen by a hash of the id.")
    ] = _DEFAULT.held_out_share,
    max_tokens: Annotated[int, typer.Option(min=32, help="Longer rows are left out.")] = _DEFAULT.max_tokens,
    seed: Annotated[int, typer.Option(help="Of the new weights, of dropout and of the order.")] = _DEFAULT.seed,
    device: Annotated[Device, typer.Option(help="bfloat16 on cuda, float32 on cpu.")] = _DEFAULT.device,
    gradient_checkpointing: Annotated[
        bool | None,
        typer.Option("--gradient-checkpointing/--no-gradient-checkpointing", help="Default: on cuda only."),
    ] = _DEFAULT.gradient_checkpointing,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a LoRA adapter for a guard model on labelled rows; needs the extra train."""
    plan = AdapterPlan(
        rank=rank,
        alpha=alpha,
        dropout=dropout,
        learning_rate=learning_rate,
        epochs=epochs,
        batch_rows=batch_rows,
        accumulate=accumulate,
        held_out_share=held_out,
        max_tokens=max_tokens,
        seed=seed,
        device=device,
        gradient_checkpointing=gradient_checkpointing,
    )
    manifest = train_adapter(base, data, out=out, plan=plan)
    if as_json:
        print_json(manifest)
    else:
        _print_scores(manifest["held_out"])


def _print_scores(held_out: dict[str, dict[str, Any]]) -> None:
    before, after = held_out["before"], held_out["after"]
    rows = [(name.replace("_", " "), _number(before[name]), _number(after[name])) for name in _SCORES]
    print_table((f"{after['rows']} held-out rows", "base", "with the adapter"), rows)


def _number(value: float | None) -> str:
    return "no such row" if value is None else f"{value:.3f}"
