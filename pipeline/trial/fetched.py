"""What is fetched once and kept in the cache folder, outside every clone."""

import os
import subprocess
import tempfile
from importlib.resources import as_file
from importlib.resources.abc import Traversable
from pathlib import Path

from pipeline.errors import BrokerUnavailable

_FETCH_TIMEOUT_SECONDS = 600


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/consultguard`, `~/.cache/consultguard` without it."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "consultguard"


def fetched_by_maven(pom: Traversable, home: Path, *, what: str) -> Path:
    """`home`, holding the jars that `pom` names; filled by Maven where it is missing, and put in place in one rename.

    Raises BrokerUnavailable where Maven is missing or fails.
    """
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with as_file(pom) as path, tempfile.TemporaryDirectory(dir=home.parent, prefix="fetching-") as scratch:
        target = Path(scratch) / "jars"
        command = ["mvn", "-q", "-B", "-f", str(path), "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
        run_tool(command, timeout_seconds=_FETCH_TIMEOUT_SECONDS, what=f"fetch {what} with Maven")
        try:
            target.rename(home)
        except OSError:
            # Another process was first; its folder is the same.
            if not home.is_dir():
                raise
    return home


def run_tool(command: list[str], *, timeout_seconds: float, what: str) -> None:
    """Run it to its end. Raises BrokerUnavailable naming `what` and the cause."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout_seconds, check=False, text=True)
    except FileNotFoundError as error:
        raise BrokerUnavailable(f"cannot {what}: {command[0]} is not on the path; install it") from error
    except subprocess.TimeoutExpired as error:
        raise BrokerUnavailable(f"cannot {what}: no end after {timeout_seconds:.0f} s") from error
    if done.returncode != 0:
        raise BrokerUnavailable(f"cannot {what}: {(done.stdout + done.stderr).strip()[-600:]}")
