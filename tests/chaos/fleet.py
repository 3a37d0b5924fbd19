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
    """A process that ended without being told to. `started` tells whether it had come so far as to work."""

    worker: str
    code: int
    started: bool
    replaced: bool
    last_event: str

    @property
    def expected(self) -> bool:
        """One whose place was taken has to go; one that finds no cluster says so and is started again."""
        return self.replaced or not self.started

    def body(self) -> dict[str, Any]:
        return asdict(self)


class _Life:
    """One process of a worker."""

    def __init__(self, name: str, *, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        self.replaced = False
        command = [sys.executable, "-m", "pipeline.cli.main", "run", "worker", "--instance-id", name]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                ending_with_starter(command),
                env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

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
                self._life.replaced = True
                self._zombies.append(self._life)
            self._start()

    def resume_replaced(self) -> None:
        for life in self._zombies:
            life.process.send_signal(signal.SIGCONT)

    def tend(self) -> None:
        """Note who ended by itself, and start it again after a moment."""
        with self._lock:
            for life in [*self._zombies, *([self._life] if self._life else [])]:
                if life.process.poll() is not None:
                    self._note(life)
            if self._life is None and self._restart_at and time.monotonic() >= self._restart_at:
                self._start()

    def stop(self) -> int:
        """SIGTERM; its exit code. A zombie that still lives by then is killed, and its code is counted as -9."""
        self.tend()
        with self._lock:
            for life in self._zombies:
                life.kill()
                self._note(life)
            life_or_none, self._life, self._restart_at = self._life, None, 0.0
        if life_or_none is None:
            return 0
        life_or_none.process.send_signal(signal.SIGTERM)
        try:
            return life_or_none.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            life_or_none.kill()
            return -9

    def abandon(self) -> None:
        """Kill all of it, whatever state it is in."""
        with self._lock:
            for life in [*self._zombies, *([self._life] if self._life else [])]:
                life.kill()
            self._life, self._zombies, self._restart_at = None, [], 0.0
        self._starter.shutdown()

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
        said = life.said()
        self.ends.append(
            End(self.name, life.process.returncode, '"worker_started"' in said, life.replaced, _last_event(said))
        )
        if life is self._life:
            self._life = None
            self._restart_at = time.monotonic() + _RESTART_SECONDS
        else:
            self._zombies.remove(life)


def _last_event(said: str) -> str:
    """The last line, without its times."""
    lines = said.strip().splitlines()
    for line in reversed(lines):
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(event, dict) and event.get("event") != "worker_stopped":
            return " ".join(str(event[name]) for name in ("event", "fault") if name in event)
    return lines[-1][:300] if lines else ""
