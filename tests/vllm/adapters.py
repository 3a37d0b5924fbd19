"""Trains an adapter in the environment that has torch, with the command a user runs."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LANTERN = ROOT / "tests" / "data" / "adapter" / "lantern.jsonl"
"""A rule of an invented clinic: who is in its small Lantern study could be singled out by saying so."""

# As a large base is trained: in several batches a step, and with each layer computed twice.
_AS_LARGE = ("--batch-rows", "4", "--accumulate", "2", "--gradient-checkpointing")
PACE = ("--epochs", "15", "--learning-rate", "2e-3", *_AS_LARGE)
HELD_OUT_SHARE = 0.4
_COMMAND = "from pipeline.cli.train import app; app(prog_name='consultguard train')"
# Waiting threads give the processor away, which matters where other tests share it.
_QUIET = {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}


def train_adapter(*, python: Path, base: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = ["adapter", "--base", str(base), "--data", str(LANTERN), "--out", str(out)]
    return subprocess.run(
        [str(python), "-c", _COMMAND, *command, "--held-out", str(HELD_OUT_SHARE), *PACE],
        cwd=ROOT,
        env={**os.environ, **_QUIET},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
