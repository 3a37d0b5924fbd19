"""Runs the installed command as a user would."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

CONSULTGUARD = Path(sys.executable).with_name("consultguard")


def consultguard(
    *arguments: str, home: Path, timeout_seconds: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run in `home`, with its data there and no setting of the caller's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTGUARD_")}
    return subprocess.run(
        [str(CONSULTGUARD), *arguments],
        cwd=home,
        env={**clean, "CONSULTGUARD_DATA_DIR": str(home / "data"), **environment},
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


def only_json(output: str) -> dict[str, Any]:
    """The one JSON object that standard output must be."""
    [line] = output.splitlines()
    body: dict[str, Any] = orjson.loads(line)
    return body
