"""Nothing a supervised command started outlives its starter."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.trial import supervise

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

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
command = [sys.executable, {SUPERVISE!r}, "follow", sys.executable, "-c", sys.argv[1]]
supervised = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
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
    command = [sys.executable, SUPERVISE, "stay", sys.executable, "-c", family]
    supervised = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert supervised.stdout is not None
    with supervised, supervised.stdout:
        server, grandchild = map(int, supervised.stdout.readline().split())
        assert _gone_within(30, server, grandchild, supervised.pid)


def test_the_end_of_the_thread_that_started_it_is_not_the_end_of_its_starter() -> None:
    server = "import time; print('up', flush=True); time.sleep(600)"
    started: list[subprocess.Popen[str]] = []

    def start() -> None:
        started.append(
            subprocess.Popen(
                [sys.executable, SUPERVISE, "follow", sys.executable, "-c", server],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    (supervised,) = started
    assert supervised.stdout is not None
    assert supervised.stdin is not None
    with supervised, supervised.stdout:
        assert supervised.stdout.readline() == "up\n"
        time.sleep(0.2)
        assert supervised.poll() is None
        supervised.stdin.close()
        assert _gone_within(30, supervised.pid)
