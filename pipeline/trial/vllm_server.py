"""The real vLLM, on this machine's CPU, for tests and for trying things out.

`python -m pipeline.trial.vllm_server up` starts one that stays, `down` stops it; `env` only makes the environment.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import ConsultGuardError, JudgeUnavailable
from pipeline.trial.fetched import cache_dir
from pipeline.trial.ports import free_port, free_port_near
from pipeline.trial.vllm_adapters import adapter_options, named_folder
from pipeline.trial.vllm_environment import ensure_vllm_environment

MINI_GUARD = Path(__file__).parents[1] / "judge" / "mini" / "hf"
"""The package's own guard, in the form vLLM loads."""

_ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
_DEFAULT_PORT = 8000
_NAME = "guard"
_READY_SECONDS = 600.0
_STOP_SECONDS = 20.0


class VllmServer:
    """One server at a fixed address: `start`, `stop`, `kill`, `start` again; also a context manager.

    Nothing of it survives this process. With `stays` it does, until somebody stops its process group. `lora` maps a
    model's name to the folder of an adapter, served under it beside the model itself.
    """

    def __init__(
        self,
        model: Path = MINI_GUARD,
        *,
        name: str = _NAME,
        port: int | None = None,
        dtype: str = "float32",
        max_model_len: int = 2048,
        lora: Mapping[str, Path] | None = None,
        log_file: Path | None = None,
        stays: bool = False,
    ) -> None:
        self.name = name
        self.port = port or free_port()
        self.log_file = log_file or Path(tempfile.gettempdir()) / f"consultguard-vllm-{self.port}.log"
        self._model = model
        self._dtype = dtype
        self._max_model_len = max_model_len
        self._lora = dict(lora or {})
        self._stays = stays
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Of its process group, None when it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, *, timeout_seconds: float = _READY_SECONDS) -> None:
        """Start, and return once a completion was answered. Raises JudgeUnavailable with cause and mend."""
        if self.pid is not None:
            return
        if not (self._model / "config.json").is_file():
            raise JudgeUnavailable(f"no model for vLLM at {self._model}: make the mini guard, or name another folder")
        adapters = adapter_options(self._lora)
        python = ensure_vllm_environment()
        follow = "stay" if self._stays else "follow"
        supervised = [sys.executable, str(Path(__file__).with_name("supervise.py")), follow]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*supervised, *self._command(python), *adapters],
                stdin=subprocess.DEVNULL if self._stays else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,
            )
        try:
            self._wait_until_ready(timeout_seconds)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """SIGTERM and a while; then as `kill`. A server that does not run is left alone."""
        self._end(signal.SIGTERM, _STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL to the server and everything it started."""
        self._end(signal.SIGKILL, _STOP_SECONDS)

    def __enter__(self) -> "VllmServer":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _command(self, python: Path) -> list[str]:
        return [
            *(str(python), "-m", "vllm.entrypoints.openai.api_server"),
            *("--model", str(self._model), "--served-model-name", self.name),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--dtype", self._dtype, "--max-model-len", str(self._max_model_len), "--enforce-eager"),
            # Its CPU default is 128 tokens, and only whole blocks are found again: 32 is the least that the CPU takes.
            *("--block-size", "32"),
            # A checkpoint's own sampling defaults must not reach a guard.
            *("--generation-config", "vllm", "--seed", "0"),
            # Requests are protected text.
            *("--no-enable-log-requests", "--uvicorn-log-level", "warning"),
        ]

    def _wait_until_ready(self, timeout_seconds: float) -> None:
        until = time.monotonic() + timeout_seconds
        while time.monotonic() < until:
            if self.pid is None:
                raise JudgeUnavailable(f"vLLM ended while starting; its log: {self.log_file}")
            if answers(self.url, self.name):
                return
            time.sleep(0.5)
        raise JudgeUnavailable(f"vLLM was not ready within {timeout_seconds:g} s; its log: {self.log_file}")

    def _end(self, number: signal.Signals, timeout_seconds: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            # SIGTERM is for the supervisor alone, which passes it on in order; SIGKILL must reach everybody.
            os.kill(process.pid, number) if number is signal.SIGTERM else os.killpg(process.pid, number)
            try:
                process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.stdin is not None:
            process.stdin.close()


def answers(url: str, name: str) -> bool:
    """Whether a real completion comes back."""
    body = json.dumps({"model": name, "prompt": "Safety:", "max_tokens": 1, "temperature": 0}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/v1/completions", data=body, headers=headers)  # noqa: S310  our own address
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return bool(json.load(response)["choices"])
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return False


def _up(model: Path, port: int | None, lora: Mapping[str, Path], state_file: Path) -> str:
    pid, running_port = _running(state_file)
    if pid is None:
        server = VllmServer(model, port=port or free_port_near(_DEFAULT_PORT), lora=lora, stays=True)
        server.start()
        state_file.parent.mkdir(parents=True, exist_ok=True)
        state_file.write_text(f"{server.pid} {server.port}")
        running_port = server.port
    return (
        f"vLLM answers on http://127.0.0.1:{running_port}\nUse it with:\n  export CONSULTGUARD_JUDGE=vllm "
        f"CONSULTGUARD_VLLM_ENDPOINTS=http://127.0.0.1:{running_port} CONSULTGUARD_VLLM_MODEL={_NAME} "
        "CONSULTGUARD_VLLM_PROFILE=consultguard" + "".join(f"\nor with CONSULTGUARD_VLLM_MODEL={name}" for name in lora)
    )


def _down(state_file: Path) -> str:
    pid, _port = _running(state_file)
    state_file.unlink(missing_ok=True)
    if pid is None:
        return "no trial vLLM is running"
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_SECONDS
    while _is_ours(pid) and time.monotonic() < until:
        time.sleep(0.1)
    return "stopped"


def _running(state_file: Path) -> tuple[int | None, int | None]:
    """Process and port of the server that `up` left running; None and None if there is none."""
    try:
        pid, port = map(int, state_file.read_text().split())
    except (OSError, ValueError):
        return None, None
    return (pid, port) if _is_ours(pid) else (None, None)


def _is_ours(pid: int) -> bool:
    """False for a process that took over the number of one that ended."""
    try:
        return b"supervise.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline.trial.vllm_server", description=__doc__)
    parser.add_argument("action", choices=["up", "down", "env"])
    parser.add_argument("--model", type=Path, default=MINI_GUARD)
    parser.add_argument("--port", type=int, help=f"default: {_DEFAULT_PORT}, or a free one where that is taken")
    parser.add_argument(
        "--lora",
        type=named_folder,
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="an adapter; repeat for more",
    )
    parser.add_argument("--print-python", action="store_true", help="with env: print its Python and nothing else")
    asked = parser.parse_args()
    state_file = cache_dir() / "run" / "vllm"
    try:
        match asked.action:
            case "up":
                print(_up(asked.model, asked.port, dict(asked.lora), state_file))
            case "down":
                print(_down(state_file))
            case _:
                python = ensure_vllm_environment()
                print(python if asked.print_python else f"the vLLM environment is ready: {python.parents[1]}")
    except ConsultGuardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
