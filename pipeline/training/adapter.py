"""Fine-tunes a LoRA adapter for a guard model, and says in a manifest what it was made from and what it changed."""

import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, MissingExtra
from pipeline.evaluate.datasets import Row, read_rows
from pipeline.training.adapter_plan import AdapterPlan
from pipeline.training.adapter_rows import BasePrompt, Example, split
from pipeline.training.score import score

LIBRARIES = ("torch", "transformers", "peft")
_BASE_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
_PROGRESS_LINES = 20


def require_training() -> None:
    """Raises MissingExtra naming what to install."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"training needs the extra train ({', '.join(missing)} not installed): pip install 'consultguard[train]'"
        )


def train_adapter(base: Path, data: Path, *, out: Path, plan: AdapterPlan) -> dict[str, Any]:
    """Write adapter and manifest.json to `out`, and return the manifest; progress goes to stderr.

    `base` is a folder with safetensors and tokenizer, `data` JSON Lines in the evaluation format, where a row may hold
    `reason`. Raises MissingExtra, InputError, SettingsError, and JudgeMisconfigured for a base no judge could read.
    """
    require_training()
    _require_new(out)
    prompt = BasePrompt(base)
    learned, held_out = split(list(read_rows(data)), held_out_share=plan.held_out_share)
    lessons, tests = _examples(learned, prompt, plan), _examples(held_out, prompt, plan)
    if not lessons or not tests:
        raise InputError(f"{data}: no row of at most {plan.max_tokens} tokens on one side of the split")
    revision = base_revision(base)
    from pipeline.training.adapter_model import AdapterModel

    _say(f"{len(lessons)} rows to learn from, {len(tests)} held out")
    model = AdapterModel(base, plan)
    _say(f"{model.trained_parameters} parameters to train on {model.device}")
    asked, prompts = [row for row, _ in tests], [example for _, example in tests]
    before = score(asked, model.read(prompts, prompt.label_ids))
    model.fit([example for _, example in lessons], on_step=_progress)
    after = score(asked, model.read(prompts, prompt.label_ids))
    out.mkdir(parents=True, exist_ok=True)
    model.save(out)
    rows = {"learned": len(lessons), "held_out": len(tests)}
    manifest = {
        "adapter": {"files": _digests(out), "trained_parameters": model.trained_parameters},
        "base": {"name": base.resolve().name, "revision": revision, "prompt_version": prompt.version},
        "data": {
            "name": data.name,
            "sha256": _digest(data),
            **rows,
            "left_out_too_long": len(learned) + len(held_out) - sum(rows.values()),
        },
        "parameters": asdict(plan) | {"device": model.device, "dtype": str(model.dtype).rpartition(".")[2]},
        "libraries": {name: version(name) for name in (*LIBRARIES, "tokenizers")},
        "held_out": {"before": asdict(before), "after": asdict(after)},
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def base_revision(base: Path) -> str:
    """12 hexadecimal digits over the base's weights, configuration, tokenizer and template, each by name and content.

    The weights themselves are read: an index or a header is the same for every fine-tune of a model. Raises InputError
    for a folder that has none.
    """
    weights = sorted(path.name for path in base.glob("*.safetensors"))
    if not weights:
        raise InputError(f"no safetensors in {base}: name the folder of a model's weights")
    names = weights + [name for name in _BASE_FILES if (base / name).is_file()]
    return sha256("\n".join(f"{name} {_digest(base / name)}" for name in names).encode()).hexdigest()[:12]


def _require_new(out: Path) -> None:
    """An adapter and the manifest of another would contradict each other."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder: name a new one with --out")


def _examples(rows: Sequence[Row], prompt: BasePrompt, plan: AdapterPlan) -> list[tuple[Row, Example]]:
    pairs = [(row, prompt.example(row)) for row in rows]
    return [(row, example) for row, example in pairs if len(example.ids) <= plan.max_tokens]


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: _digest(path) for path in sorted(folder.iterdir()) if path.is_file()}


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _progress(step: int, total: int, loss: float) -> None:
    if step % max(1, total // _PROGRESS_LINES) == 0 or step == total:
        _say(f"step {step}/{total} loss {loss:.4f}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
