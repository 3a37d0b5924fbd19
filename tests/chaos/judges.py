"""The judge's server, as a process that can be killed: the hostile fake, or the real vLLM.

python -m tests.chaos.judges --port 8123 --seed 1
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol
from urllib.error import URLError
from urllib.request import urlopen

from aiohttp import web

from pipeline.testing import hostilities
from pipeline.testing.hostile_server import Asked, HostileServer, Hostility
from pipeline.trial.ports import lasting_ports
from pipeline.trial.vllm_server import VllmServer
from tests.chaos.talk import SCRIPT

_READY_SECONDS = 60.0
_MISDEEDS = 0.02
"""The share of requests that are answered badly while the server is up."""


class JudgeServer(Protocol):
    """At a fixed address, whether it runs or not."""

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def environment(self) -> dict[str, str]:
        """The settings of a worker that asks it."""


class HostileJudge:
    """`pipeline.testing.hostile_server` in a process of its own."""

    def __init__(self, *, seed: int, log: Path) -> None:
        self._seed, self._log = seed, log
        (self._port,) = lasting_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.judges", "--port", str(self._port), "--seed", str(self._seed)],
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip
        self._seed += 1
        until = time.monotonic() + _READY_SECONDS
        while not _answers(f"http://127.0.0.1:{self._port}/v1/models"):
            if self._process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the fake judge did not come up; its log: {self._log}")
            time.sleep(0.1)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def environment(self) -> dict[str, str]:
        return _environment(f"http://127.0.0.1:{self._port}", "guard")


class RealJudge:
    """vLLM on this machine's CPU with the mini guard."""

    def __init__(self, *, log: Path) -> None:
        self._server = VllmServer(log_file=log, port=lasting_ports(1)[0])

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        self._server.kill()

    def environment(self) -> dict[str, str]:
        return _environment(self._server.url, self._server.name)


def _environment(url: str, model: str) -> dict[str, str]:
    return {
        "CONSULTGUARD_JUDGE": "vllm",
        "CONSULTGUARD_VLLM_ENDPOINTS": url,
        "CONSULTGUARD_VLLM_MODEL": model,
        "CONSULTGUARD_VLLM_PROFILE": "consultguard",
        "CONSULTGUARD_VLLM_TIMEOUT_SECONDS": "3",
    }


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def moody(rng: Random) -> Hostility:
    """Answers as it should, but for a few requests, which get one misdeed or another."""
    misdeeds: tuple[Hostility, ...] = (
        hostilities.status(500), hostilities.status(503), hostilities.status(429, retry_after="1"),
        hostilities.hangs_up, hostilities.cuts_the_connection, hostilities.never_answers,
        hostilities.says("{}"), hostilities.says("not json"),
    )  # fmt: skip

    async def answer(asked: Asked) -> web.StreamResponse:
        if rng.random() < _MISDEEDS:
            return await rng.choice(misdeeds)(asked)
        asked.server.requests.clear()  # a day's bodies would fill the memory
        asked.server.paths.clear()
        return web.json_response(asked.server.completion(asked.body))

    return answer


async def _serve(port: int, seed: int) -> None:
    server = HostileServer(SCRIPT, port=port)
    server.misbehave(moody(Random(seed)))
    async with server:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        _at_end_of_input(loop, ended.set)
        await ended.wait()


def _at_end_of_input(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Who started this is gone, however it went."""

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 64):
            loop.remove_reader(sys.stdin)
            call()

    loop.add_reader(sys.stdin, read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.seed))


if __name__ == "__main__":
    main()
