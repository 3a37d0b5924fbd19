"""`python -m pipeline.training.make --data DIR --out DIR`: rows, training, export, scores, manifest."""

import os

# Set before torch loads its thread pool: waiting threads give the processor away, which a shared machine needs.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")

import argparse
import json
import sys
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from tokenizers import Tokenizer

from pipeline.evaluate.datasets import Row, read_rows
from pipeline.training.batches import mean_tokens
from pipeline.training.export import export, round_weights
from pipeline.training.reading import OnnxReader, TorchReader
from pipeline.training.rows import write_rows
from pipeline.training.score import agreement, score
from pipeline.training.synthesize import Synthesizer
from pipeline.training.teachers import TEACHERS, load_teachers
from pipeline.training.train import MAX_TOKENS, TrainingPlan, train
from pipeline.training.vocabulary import save_tokenizer, train_tokenizer

_HELD_OUT_ROWS = 3000
_NATURAL_ROWS = 3000
_AGREEMENT_ROWS = 300
_TOKENIZER_ROWS = 40_000
_ROWS_PER_STEP = 51
_LIBRARIES = ("torch", "transformers", "tokenizers", "onnxruntime-genai", "faker")


def main(arguments: list[str] | None = None) -> None:
    options = _options().parse_args(arguments)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    plan = TrainingPlan(steps=options.steps, seed=options.seed, learning_rate=options.learning_rate)
    before: Path | None = options.continue_from
    phrases = _hashes(Path(__file__).parent / "phrases", "*/*.txt")
    synthesizer = Synthesizer(options.data, seed=options.seed)
    rows = list(synthesizer.rows(options.rows or options.steps * _ROWS_PER_STEP, held_out=False))
    sets = {
        "held_out": list(synthesizer.rows(_HELD_OUT_ROWS, held_out=True)),
        "natural": list(synthesizer.natural_rows(_NATURAL_ROWS)),
    }
    for name, some in (("train", rows), *sets.items()):
        write_rows(out / f"{name}.jsonl", some)
    for path in options.policy or []:
        sets[f"policy_{path.stem}"] = list(read_rows(path))
    if before:
        tokenizer, teachers = Tokenizer.from_file(str(before / "tokenizer.json")), {}
    else:
        tokenizer, teachers = train_tokenizer(rows[:_TOKENIZER_ROWS]), load_teachers()
    save_tokenizer(tokenizer, out, max_tokens=MAX_TOKENS)
    start = before / "checkpoint.pt" if before else None
    model = round_weights(train(rows, tokenizer, teachers, plan, out, start=start))
    export(model, tokenizer, out)
    manifest = {
        "plan": asdict(plan),
        "rows": len(rows),
        "tokens_per_row": mean_tokens(rows[:2000], tokenizer),
        "parameters": sum(p.numel() for p in model.parameters()),
        "data_sha256": _hashes(options.data, "*/*.jsonl"),
        "phrases_sha256": phrases,
        "continued_from": _hashes(before, "checkpoint.pt") if before else None,
        "teachers": {lang: model.artifact for lang, model in TEACHERS.items()},
        "libraries": {name: version(name) for name in _LIBRARIES},
        **_scores(out, sets),
        "weights_sha256": _hashes(out, "hf/model.safetensors") | _hashes(out, "onnx/model.onnx*"),
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stderr.write(json.dumps(manifest["scores"], indent=2) + "\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline.training.make", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with dialogues/ and guard/ (JSON lines)")
    parser.add_argument("--out", type=Path, required=True, help="where hf/, onnx/, the rows and manifest.json go")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=6000, help="batches of about 4,000 tokens")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="the highest; it falls to a fiftieth")
    parser.add_argument("--continue-from", type=Path, help="the --out of a run whose checkpoint.pt to go on from")
    parser.add_argument("--rows", type=int, help="rows to synthesize; by default about what the steps read once")
    parser.add_argument("--policy", type=Path, nargs="*", help="hand-written evaluation sets, JSON lines")
    return parser


def _scores(out: Path, sets: dict[str, list[Row]]) -> dict[str, object]:
    reader = TorchReader(out / "hf")
    readings = {name: reader.read(rows) for name, rows in sets.items()}
    some = sets["held_out"][:_AGREEMENT_ROWS]
    same, apart = agreement(readings["held_out"][: len(some)], OnnxReader(out / "onnx").read(some))
    return {
        "scores": {name: asdict(score(rows, readings[name])) for name, rows in sets.items()},
        "hf_and_onnx": {"rows": len(some), "same_label": same, "largest_score_difference": apart},
    }


def _hashes(folder: Path, pattern: str) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob(pattern))
    }


if __name__ == "__main__":
    main()
