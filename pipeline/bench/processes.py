"""Worker processes of a run: real ones, started as an operator would, and watched through their own log lines."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from pipeline.keys.providers import key_file_of
from pipeline.settings import Settings, variable
from pipeline.trial.bound import bound

RUN_WORKER = (sys.executable, "-m", "pipeline.cli.main", "run", "worker", "--json")
"""The worker as users start it."""


class WorkerProcess:
    """One worker. `stop` twice, or before `start`, is fine."""

    def __init__(self, name: str, command: tuple[str, ...], *, environment: Mapping[str, str], home: Path) -> None:
        self.name = name
        self.log_file = home / f"{name}.log"
        self._told_file = home / f"{name}.json"
        self._command = (*command, "--instance-id", name)
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._read_to = 0
        self._ready: set[int] = set()

    def start(self) -> None:
        with self.log_file.open("ab") as log, self._told_file.open("wb") as told:
            self._process = subprocess.Popen(
                bound(self._command), env=self._environment, stdin=subprocess.DEVNULL, stdout=told, stderr=log
            )

    @property
    def pid(self) -> int | None:
        """None before it was started."""
        return None if self._process is None else self._process.pid

    @property
    def died(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def ready_partitions(self) -> frozenset[int]:
        """The input partitions it delivers from, by what it has logged so far."""
        for event in self._new_events():
            match event.get("event"):
                case "partition_ready":
                    self._ready.update(event["partitions"])
                case "partitions_revoked" | "partitions_lost":
                    self._ready.difference_update(event["partitions"])
                case "partitions_assigned" | "recovered":
                    self._ready.difference_update(event["partitions"])
                case _:
                    pass
        return frozenset(self._ready)

    def stop(self, *, timeout_seconds: float = 60.0) -> int | None:
        """SIGTERM, and its exit code; killed when the time is up. None if it never ran."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def told(self) -> dict[str, Any]:
        """The JSON object it printed at its end; empty where it printed none."""
        lines = self._told_file.read_bytes().splitlines() if self._told_file.exists() else []
        return dict(orjson.loads(lines[-1])) if lines else {}

    def last_words(self) -> str:
        """The last line of its log, or what says that there is none."""
        lines = self.log_file.read_text("utf-8", "replace").splitlines() if self.log_file.exists() else []
        return lines[-1] if lines else "it logged nothing"

    def _new_events(self) -> Iterator[dict[str, Any]]:
        if not self.log_file.exists():
            return
        with self.log_file.open("rb") as log:
            log.seek(self._read_to)
            for line in log:
                if not line.endswith(b"\n"):
                    return  # it is being written
                self._read_to += len(line)
                try:
                    event = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue  # a warning of a library
                if isinstance(event, dict):
                    yield event


def worker_environment(settings: Settings) -> dict[str, str]:
    """The variables that give a worker process these settings: broker, topics, group, keys and judge."""
    chosen: dict[tuple[str, ...], object] = {
        ("broker",): settings.broker,
        ("judge",): settings.judge,
        ("data_dir",): settings.data_dir,
        ("kafka", "bootstrap_servers"): settings.kafka.bootstrap_servers,
        ("topics", "prefix"): settings.topics.prefix,
        ("topics", "partitions"): settings.topics.partitions,
        ("worker", "group"): settings.worker.group,
        ("worker", "max_in_flight"): settings.worker.max_in_flight,
        ("keys", "provider"): settings.keys.provider,
        ("keys", "file"): key_file_of(settings),
        ("embedded", "threads"): settings.embedded.threads,
        ("vllm", "endpoints"): settings.vllm.endpoints,
        ("vllm", "model"): settings.vllm.model,
        ("vllm", "profile"): settings.vllm.profile,
        ("vllm", "max_concurrency"): settings.vllm.max_concurrency,
        ("log_level",): "info",
        ("log_format",): "json",
    }
    if settings.vllm.cache_salt is not None:
        chosen[("vllm", "cache_salt")] = settings.vllm.cache_salt.get_secret_value()
    return {variable(*path): str(value) for path, value in chosen.items()}
