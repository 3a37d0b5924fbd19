"""A disk of a fixed size that an ordinary user can make and fill: a tmpfs in a user and mount namespace of its own.

Linux only, and only where user namespaces are allowed. What runs on it is launched through `LimitedDisk.launcher`; from
outside its files are seen under /proc. The disk outlives what runs on it and ends with this process, or by `close`.
"""

import errno
import os
import shutil
import subprocess
from pathlib import Path

from pipeline.errors import BrokerUnavailable

_BLOCK = b"\0" * 65_536
_BALLAST = "ballast"
_CLOSE_SECONDS = 10.0
# `cat` ends when its input does, which is when this process ends, however it ends; the namespace goes with it.
_HOLD = 'mount -t tmpfs -o size="$1"m limited "$2" && echo mounted && exec cat'


class LimitedDisk:
    """Mounted at `folder`, which must exist. Raises BrokerUnavailable where this machine does not allow it."""

    def __init__(self, folder: Path, *, size_mb: int) -> None:
        self._folder = folder.resolve()
        if reason := _missing():
            raise BrokerUnavailable(f"no disk of a fixed size can be made: {reason}")
        hold = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _HOLD, "sh", str(size_mb)]
        self._holder = subprocess.Popen(
            [*hold, str(self._folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"mounted\n":
            _, said = self._holder.communicate()
            raise BrokerUnavailable(f"no disk of a fixed size can be made: {said.decode('utf-8', 'replace').strip()}")

    @property
    def launcher(self) -> list[str]:
        """Runs the command that follows it where the disk is seen."""
        return ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", str(self._holder.pid)]

    @property
    def seen_at(self) -> Path:
        """The mounted folder as processes outside the namespace reach it."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")

    def fill(self) -> int:
        """Write until not a byte more fits; the bytes written."""
        written = 0
        with (self.seen_at / _BALLAST).open("ab", buffering=0) as ballast:
            size = len(_BLOCK)
            while size:
                try:
                    written += ballast.write(_BLOCK[:size])
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2
        return written

    def free(self) -> None:
        """Take away what `fill` wrote."""
        (self.seen_at / _BALLAST).unlink(missing_ok=True)

    def close(self) -> None:
        """The disk and all on it are gone once nothing runs there any more. A second call does nothing."""
        if self._holder.poll() is None:
            assert self._holder.stdin is not None
            self._holder.stdin.close()
            self._holder.wait(_CLOSE_SECONDS)
        for stream in (self._holder.stdin, self._holder.stdout, self._holder.stderr):
            if stream is not None:
                stream.close()


def _missing() -> str | None:
    if not os.path.isdir("/proc/self/ns"):
        return "this is not Linux"
    absent = [tool for tool in ("unshare", "nsenter") if shutil.which(tool) is None]
    return f"{' and '.join(absent)} not found (util-linux)" if absent else None
