"""What a process uses, read from /proc: no library needed, and nothing to install on the machine that is measured."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process at one time: CPU seconds since its start, resident memory in units of 2**20 bytes, open file
    descriptors, threads."""

    cpu_seconds: float
    rss_mb: float
    fds: int
    threads: int


def usage_of(pid: int) -> Usage | None:
    """None where the process is gone."""
    folder = Path("/proc") / str(pid)
    try:
        # The command's name, in brackets, may hold spaces; what follows it is numbers.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        fds = sum(1 for _ in (folder / "fd").iterdir())
    except (OSError, ValueError):
        return None
    user, system, threads, pages = int(fields[11]), int(fields[12]), int(fields[17]), int(fields[21])
    return Usage((user + system) / _TICKS, round(pages * _PAGE / _MIB, 1), fds, threads)


def growth(values: Sequence[float]) -> float | None:
    """How much the last fifth of a run lies above the second fifth, by medians: the first fifth is a process that warms
    up. None of fewer than ten values."""
    if len(values) < 10:
        return None
    fifth = len(values) // 5
    return round(median(values[-fifth:]) - median(values[fifth : 2 * fifth]), 2)
