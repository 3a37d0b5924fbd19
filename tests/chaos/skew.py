"""A wall clock that is wrong, for processes that are none of Python's business too: by a preloaded library.

libfaketime would do the same, but needs a system's package manager; this needs a C compiler, as `cc`.
"""

import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("skew.c")


def build_skew_library(folder: Path) -> Path | None:
    """The library, compiled into `folder`; None where there is no compiler."""
    if shutil.which("cc") is None:
        return None
    library = folder / "skew.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE)], check=True, capture_output=True)
    return library


class SkewedClock:
    """The wall clock of the processes that run in `environment`."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_SKEW_FILE": str(file)}

    def set(self, seconds: float) -> None:
        """Off by so much from this moment on; 0 puts it right."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", round(seconds * 1e9)))
