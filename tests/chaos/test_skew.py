"""A skewed clock is off in the process that runs under it, while it runs, and nowhere else."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.skew import SkewedClock, build_skew_library

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
_TELL = "import time\nwhile input():\n    print(time.time(), time.time_ns() // 10**9, time.monotonic(), flush=True)"


def test_the_wall_clock_jumps_and_the_monotonic_one_does_not(tmp_path: Path) -> None:
    library = build_skew_library(tmp_path)
    assert library is not None
    clock = SkewedClock(library, tmp_path / "clock")
    with subprocess.Popen(
        [sys.executable, "-c", _TELL], env=os.environ | clock.environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as told:  # fmt: skip
        assert told.stdin is not None
        assert told.stdout is not None
        for skew in (0.0, 1500.0, -1500.0, 0.0):
            clock.set(skew)
            told.stdin.write("now\n")
            told.stdin.flush()
            seconds, whole_seconds, monotonic = map(float, told.stdout.readline().split())
            assert abs(seconds - time.time() - skew) < 60
            assert abs(whole_seconds - time.time() - skew) < 60
            assert abs(monotonic - time.monotonic()) < 60
        told.stdin.write("\n")
