"""What a process uses, and whether it grows."""

import os
import subprocess
import sys

import pytest

from pipeline.bench.samples import growth, usage_of


def test_this_process_uses_memory_descriptors_and_a_thread() -> None:
    before = usage_of(os.getpid())
    assert before is not None
    with open(os.devnull), open(os.devnull):
        during = usage_of(os.getpid())
    assert during is not None
    assert during.fds == before.fds + 2
    assert before.rss_mb > 1
    assert before.threads >= 1
    assert during.cpu_seconds >= before.cpu_seconds > 0


def test_a_process_that_is_gone_uses_nothing() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert usage_of(done.pid) is None


def test_growth_leaves_the_warming_up_out() -> None:
    warming = [10, 50, 90, 100, 100, 100, 100, 100, 100, 100]
    assert growth(warming) == pytest.approx(5, abs=5)
    assert growth([float(number) for number in range(100)]) == 60
    assert growth([70.0] * 50) == 0


def test_of_too_few_values_no_growth_is_told() -> None:
    assert growth([1.0] * 9) is None
