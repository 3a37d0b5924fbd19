"""Runs a command so that nothing of it outlives its starter: `supervise.py follow|stay COMMAND…`.

Runs by path, on the standard library alone. The starter puts this process at the head of a process group of its own
and, with `follow`, holds the other end of its standard input: when the starter dies, however it dies, that end closes.
(The kernel's death signal would follow the starting thread, not the process.) Then, or on SIGTERM, the command gets
SIGTERM and ten seconds; after that the whole group is killed, because a server's own children do not all notice that
it is gone. `stay` follows nobody.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

_GRACE_SECONDS = 10.0


def main(arguments: list[str]) -> None:
    follow, command = arguments[0] == "follow", arguments[1:]
    if os.getpgrp() != os.getpid():  # never kill a group that is not ours
        os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, _interrupt)
    child = None
    try:
        if follow:
            threading.Thread(target=_interrupt_at_end_of_input, daemon=True).start()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        child.wait()
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if child is not None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_GRACE_SECONDS)
    finally:
        os.killpg(0, signal.SIGKILL)  # this process included: it is the last act


def _interrupt_at_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1:])
