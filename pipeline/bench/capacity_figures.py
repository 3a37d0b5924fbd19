"""The figures a capacity plan rests on, each with its unit and its source."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import InputError

_FILE = Path(__file__).with_name("capacity_figures.toml")
_GPU = "gpu"
_MAY_BE_NOTHING = frozenset({"spare_gpus", "not_safe_share", "second_read", "record_overhead_bytes"})


@dataclass(frozen=True, slots=True)
class Figure:
    """`source` says who found it and when, or that it is assumed."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Figures:
    """By name. An unknown name is a fault of ours, so it is a KeyError."""

    by_name: Mapping[str, Figure]

    def __getitem__(self, name: str) -> float:
        return self.by_name[name].value

    def replaced(self, changes: Mapping[str, Figure]) -> "Figures":
        """With these instead. Raises InputError for a name there is not, or a value that cannot be."""
        for name, figure in changes.items():
            if name not in self.by_name:
                raise InputError(f"no figure is called {name}; there are {', '.join(sorted(self.by_name))}")
            least = 0.0 if name in _MAY_BE_NOTHING else math.ulp(0.0)
            if not least <= figure.value < math.inf:
                raise InputError(f"{name} must be a number above zero")
        return Figures({**self.by_name, **changes})

    def given(self, changes: Mapping[str, float], *, source: str) -> "Figures":
        """With these values, whose units stay. Raises InputError as `replaced` does."""
        units = {name: figure.unit for name, figure in self.by_name.items()}
        return self.replaced({name: Figure(value, units.get(name, ""), source) for name, value in changes.items()})


def gpus() -> tuple[str, ...]:
    """The GPUs that the file knows."""
    return tuple(_read()[_GPU])


def figures_for(gpu: str) -> Figures:
    """The file's figures, with `gpu_tflops` and `judge_chunks_per_second` of one such GPU.

    Raises InputError for a GPU that the file does not know.
    """
    every = _read()
    if gpu not in every[_GPU]:
        raise InputError(f"no figures of the GPU {gpu}; there are those of {', '.join(gpus())}")
    named = {name: Figure(**body) for name, body in every.items() if name != _GPU}
    found = every[_GPU][gpu]
    named["gpu_tflops"] = Figure(found["tflops"], "TFLOP/s", found["source"])
    named["judge_chunks_per_second"] = _reckoned_rate(Figures(named))
    return Figures(named)


def _reckoned_rate(figures: Figures) -> Figure:
    """Two operations a parameter and token (a multiplication and an addition)."""
    operations = 2 * figures["model_parameters"] * figures["tokens_per_chunk"]
    rate = figures["gpu_tflops"] * 1e12 * figures["gpu_efficiency"] / operations
    return Figure(
        round(rate, 1),
        "chunks/s",
        "reckoned: gpu_tflops · gpu_efficiency / (2 · model_parameters · tokens_per_chunk), label reads of one GPU",
    )


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
