"""Binds a program to the one that starts it: it ends with it, however that ends."""

import os
import sys
from collections.abc import Sequence

# The kernel kills the program when its parent dies; the check after it covers a parent already gone. `exec` keeps the
# process id, so that signals and /proc reach the program itself.
_BOUND = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def bound(command: Sequence[str]) -> list[str]:
    """`command`, bound to this process; elsewhere than on Linux it runs unbound. Start it from a thread that lives as
    long as it should: it is the death of the starting thread that counts."""
    return [sys.executable, "-c", _BOUND, str(os.getpid()), *command]
