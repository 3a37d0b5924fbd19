"""The workers, as an orchestrator keeps them: whoever ends by itself is started again, and why it ended is kept."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.trial.kafka_runtime import ending_with_starter

_RESTART_SECONDS = 1.0
_STOP_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class End:
    """A process that ended without being told to. `started` tells whether it had come so far as to work, `rival`
    whether there was another with its id."""

    worker: str
    code: int
    started: bool
    rival: bool
    last_words: str

    @property
    def expected(self) -> bool:
        """Of two with one id the one that opened its producer first has to go; one that finds no cluster when it starts
        says so, and is started again."""
        return (self.rival and "Fenced" in self.last_words) or not self.started

    def body(self) -> dict[str, Any]:
        return asdict(self)


class _Life:
    """One process of a worker."""

    def __init__(self, name: str, *, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        self.rival = False
        command = [sys.executable, "-m", "pipeline.cli.main", "run", "worker", "--instance-id", name]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                ending_with_starter(command),
                env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    @property
    def started(self) -> bool:
        return '"worker_started"' in self.said()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class ChaosWorker:
    """One instance id. Not for two threads at a time, but for `tend`."""

    def __init__(self, name: str, *, environment: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.lives = 0
        self._logs = logs
        self.ends: list[End] = []
        self._environment = dict(environment)
        self._lock = threading.Lock()
        # A process ends with the thread that started it, so that one has to stay.
        self._starter = ThreadPoolExecutor(max_workers=1)
        self._life: _Life | None = None
        self._zombies: list[_Life] = []
        self._restart_at = 0.0

    def start(self) -> None:
        with self._lock:
            if self._life is None:
                self._start()

    def kill(self) -> None:
        """-9; it stays down until `start`."""
        with self._lock:
            life, self._life, self._restart_at = self._life, None, 0.0
        if life is not None:
            life.kill()

    def suspend(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def suspend_and_replace(self) -> None:
        """The one that works is frozen, and another starts under its id."""
        with self._lock:
            if self._life is not None:
                self._life.process.send_signal(signal.SIGSTOP)
                self._zombies.append(self._life)
            self._start()
            for life in self._lives() if self._zombies else ():
                life.rival = True

    def resume_replaced(self) -> None:
        for life in self._zombies:
            life.process.send_signal(signal.SIGCONT)

    def tend(self) -> None:
        """Note who ended by itself, and start it again after a moment."""
        with self._lock:
            for life in self._lives():
                if life.process.poll() is not None:
                    self._note(life)
            if self._life is None and self._restart_at and time.monotonic() >= self._restart_at:
                self._start()

    def stop(self) -> int:
        """SIGTERM; its exit code. That of a process which had not come so far as to catch the signal counts as 0."""
        self.tend()
        with self._lock:
            lives = self._lives()
            self._life, self._zombies, self._restart_at = None, [], 0.0
        codes = [_ended(life) for life in lives]
        return codes[0] if codes else 0

    def abandon(self) -> None:
        """Kill all of it, whatever state it is in."""
        with self._lock:
            for life in self._lives():
                life.kill()
            self._life, self._zombies, self._restart_at = None, [], 0.0
        self._starter.shutdown()

    def _lives(self) -> list[_Life]:
        """The one that counts first."""
        return [*([self._life] if self._life else []), *self._zombies]

    def _start(self) -> None:
        self._restart_at = 0.0
        self.lives += 1
        log = self._logs / f"{self.name}-life-{self.lives}.log"
        self._life = self._starter.submit(_Life, self.name, environment=self._environment, log=log).result()

    def _signal(self, number: int) -> None:
        with self._lock:
            if self._life is not None:
                self._life.process.send_signal(number)

    def _note(self, life: _Life) -> None:
        self.ends.append(End(self.name, life.process.returncode, life.started, life.rival, _last_words(life.said())))
        if life is not self._life:
            self._zombies.remove(life)
        elif self._zombies:
            self._life = self._zombies.pop()  # it won
        else:
            self._life = None
            self._restart_at = time.monotonic() + _RESTART_SECONDS


def _ended(life: _Life) -> int:
    life.process.send_signal(signal.SIGTERM)
    try:
        code = life.process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        life.kill()
        return -signal.SIGKILL
    return 0 if code == -signal.SIGTERM and not life.started else code


def _last_words(said: str) -> str:
    """The last line, without its times."""
    line = said.strip().rpartition("\n")[2]
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line[:300]
    return " ".join(str(event[name]) for name in ("event", "fault") if name in event)
