"""Nothing a supervised command started outlives its starter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.trial import supervise

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the death of a parent is signalled on Linux only")

SUPERVISE = str(Path(supervise.__file__))
# A server with a child of its own that ignores SIGTERM, as an engine process may.
FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", stubborn])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
STARTER = f"""
import os, subprocess, sys, time
command = [sys.executable, {SUPERVISE!r}, str(os.getpid()), sys.executable, "-c", sys.argv[1]]
subprocess.Popen(command, start_new_session=True)
time.sleep(600)
"""


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def _gone_within(seconds: float, *pids: int) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_a_starter_that_is_killed_takes_server_and_grandchild_with_it() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, FAMILY], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter, starter.stdout:
        server, grandchild = map(int, starter.stdout.readline().split())
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        assert _gone_within(30, server, grandchild)


def test_a_command_that_ends_leaves_no_child_behind() -> None:
    family = FAMILY.rpartition("time.sleep(600)")[0]
    command = [sys.executable, SUPERVISE, str(os.getpid()), sys.executable, "-c", family]
    supervised = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert supervised.stdout is not None
    with supervised, supervised.stdout:
        server, grandchild = map(int, supervised.stdout.readline().split())
        assert _gone_within(30, server, grandchild, supervised.pid)


def test_a_starter_that_is_already_gone_starts_nothing() -> None:
    command = [sys.executable, SUPERVISE, "1", sys.executable, "-c", "print('started')"]
    if os.getpid() == 1:
        pytest.skip("the test itself is process 1")
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True, check=False)
    assert done.stdout == ""
