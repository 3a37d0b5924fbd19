"""Checkpoints as files in a directory: another machine's disk, a write-once mount, or a drive that is taken away."""

import errno
import os
import secrets
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.audit.anchor_names import checkpoint_name, checkpoint_seq
from pipeline.errors import AnchorRefused, AnchorUnavailable

_MODE = 0o444
_LARGEST_BYTES = 1 << 24
"""A checkpoint of 4,000 chains of a million records is about 6 MB; what is longer is read as cut, and refused."""


class DirectoryAnchor:
    """Keeps the `Anchor` contract. The directory must be there: an empty one in place of a lost mount is no anchor."""

    readable = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, seq: int, value: bytes) -> None:
        name = checkpoint_name(seq)
        with self._mapped():
            if self._linked(name, value) or (self._path / name).read_bytes() == value:
                return
        raise AnchorRefused(
            f"the anchor {self._path} holds another {name}: verify the audit trail before anything else is written"
        )

    def read(self, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
        with self._mapped():
            found = sorted(seq for name in os.listdir(self._path) if (seq := checkpoint_seq(name)) is not None)
        for seq in found[bisect_left(found, start) :]:
            with self._mapped(), (self._path / checkpoint_name(seq)).open("rb") as file:
                value = file.read(_LARGEST_BYTES)
            yield seq, value

    def _linked(self, name: str, value: bytes) -> bool:
        """Written beside, flushed, then linked: a link never replaces, and a crash leaves the whole file or none."""
        beside = self._path / f".{name}.{secrets.token_hex(8)}"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, _MODE)
                file.write(value)
                file.flush()
                os.fsync(descriptor)
            return self._link(beside, self._path / name)
        finally:
            with suppress(OSError):
                beside.unlink()

    def _link(self, beside: Path, path: Path) -> bool:
        try:
            os.link(beside, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
                raise AnchorRefused(
                    f"the file system of the anchor {self._path} has no hard links, so a file in it could be replaced: "
                    "put the anchor on another"
                ) from error
            raise
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise AnchorRefused(
                f"the anchor {self._path} is no directory: make or mount it, it is not made for you"
            ) from error
        except PermissionError as error:
            raise AnchorRefused(
                f"the anchor {self._path} may not be used by this user ({error.strerror}): give the checkpointer the "
                "right to add files, and readers to read them"
            ) from error
        except OSError as error:
            raise AnchorUnavailable(f"the anchor {self._path} does not answer ({error.strerror})") from error
