"""The trained weights in the two forms that serve them: safetensors for vLLM, ONNX for the embedded engine.

Both hold the same numbers: the weights are rounded to bfloat16 once, stored as bfloat16 for vLLM (half the bytes) and
as the float32 of those values for ONNX Runtime GenAI.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from pipeline.training.train import MAX_TOKENS
from pipeline.training.vocabulary import IM_END, IM_START, save_tokenizer

_GENERATION = {"bos_token_id": IM_START, "eos_token_id": IM_END, "pad_token_id": 0, "do_sample": False}
_ONNX_FILES = ("model.onnx", "model.onnx.data", "genai_config.json", "tokenizer.json", "tokenizer_config.json")


def round_weights(model: Qwen3ForCausalLM) -> Qwen3ForCausalLM:
    """The model with every weight rounded to the nearest bfloat16, computing in float32."""
    return model.to(torch.bfloat16).to(torch.float32).eval()


def export(model: Qwen3ForCausalLM, tokenizer: Tokenizer, out_dir: Path) -> None:
    """Write `out_dir`/hf and `out_dir`/onnx from a model of rounded weights, replacing what is there.

    Raises CalledProcessError when ONNX Runtime GenAI's model builder fails.
    """
    hf, onnx = out_dir / "hf", out_dir / "onnx"
    for folder in (hf, onnx):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    _save_hf(model, tokenizer, hf, torch.bfloat16)
    with tempfile.TemporaryDirectory() as scratch:
        wide, built = Path(scratch, "wide"), Path(scratch, "built")
        wide.mkdir()
        _save_hf(model, tokenizer, wide, torch.float32)
        _build_onnx(wide, built, Path(scratch, "cache"))
        for name in _ONNX_FILES:
            if (built / name).is_file():
                shutil.copyfile(built / name, onnx / name)
    save_tokenizer(tokenizer, onnx, max_tokens=MAX_TOKENS)


def _save_hf(model: Qwen3ForCausalLM, tokenizer: Tokenizer, folder: Path, dtype: torch.dtype) -> None:
    copy = Qwen3ForCausalLM(model.config).to(dtype)
    copy.load_state_dict(model.state_dict())
    copy.tie_weights()
    copy.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    save_tokenizer(tokenizer, folder, max_tokens=MAX_TOKENS)
    (folder / "generation_config.json").write_text(json.dumps(_GENERATION, indent=2) + "\n", encoding="utf-8")


def _build_onnx(source: Path, target: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    command += ["-m", str(source), "-o", str(target), "-p", "fp32", "-e", "cpu", "-c", str(cache)]
    command += ["--extra_options", "shared_embeddings=true", "prune_lm_head=true"]
    subprocess.run(command, check=True, stdout=sys.stderr)
