"""Runs a command so that nothing of it outlives its starter: `supervise.py STARTER_PID COMMAND…`.

Runs by path, on the standard library alone. The starter puts this process at the head of a process group of its own.
On SIGTERM, or when the starter dies however it dies (Linux), the command gets SIGTERM and ten seconds; then the whole
group is killed, because a server's own children do not all notice that it is gone. STARTER_PID 0 follows nobody.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10.0


def main(arguments: list[str]) -> None:
    starter, command = int(arguments[0]), arguments[1:]
    signal.signal(signal.SIGTERM, _interrupt)
    if starter and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != starter:  # it died before the line above
            return
    if os.getpgrp() != os.getpid():  # never kill a group that is not ours
        os.setpgid(0, 0)
    child = None
    try:
        child = subprocess.Popen(command)
        child.wait()
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if child is not None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_GRACE_SECONDS)
    finally:
        os.killpg(0, signal.SIGKILL)  # this process included: it is the last act


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1:])
