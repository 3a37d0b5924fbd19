"""LoRA adapters a trial server loads beside its model."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import JudgeUnavailable

_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What --max-lora-rank takes (`MaxLoRARanks` in vllm/config/lora.py, 0.32)."""


def adapter_options(adapters: Mapping[str, Path]) -> list[str]:
    """What vLLM is told, so that it serves each folder under its name.

    Raises JudgeUnavailable for a folder that holds no adapter, or one of a higher rank than vLLM takes.
    """
    if not adapters:
        return []
    rank = max(map(_rank, adapters.values()))
    largest = next((size for size in _RANKS if size >= rank), None)
    if largest is None:
        raise JudgeUnavailable(f"vLLM serves adapters up to rank {_RANKS[-1]}, and one is of {rank}: train it lower")
    served = [f"{name}={folder.resolve()}" for name, folder in adapters.items()]
    return [
        "--enable-lora",
        "--max-lora-rank",
        str(largest),
        "--max-loras",
        str(len(served)),
        "--lora-modules",
        *served,
    ]


def named_folder(text: str) -> tuple[str, Path]:
    """`NAME=DIR`, of a command line."""
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError("it is NAME=DIR")
    return name, Path(folder)


def _rank(folder: Path) -> int:
    try:
        return int(json.loads((folder / "adapter_config.json").read_text("utf-8"))["r"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JudgeUnavailable(
            f"no LoRA adapter at {folder}: make one with `consultguard train adapter`, or name another folder"
        ) from error
