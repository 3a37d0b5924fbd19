"""Key-encryption keys in a file of ours: JSON, mode 0600, oldest key first.

    {"schema": "consultguard.key-file/1", "keys": [{"id": "kek_…", "created_at_ms": 0, "secret": "base64"}]}

The newest key wraps; older ones stay, because what they wrapped is unreadable without them.
"""

import base64
import binascii
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from pipeline.clock import Clock
from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable
from pipeline.keys.base import Wrapped
from pipeline.keys.ring import KEY_BYTES, KeyRing, RingKey

_SCHEMA = "consultguard.key-file/1"
_MODE = 0o600
_LARGEST_BYTES = 1 << 20
"""About 8,000 keys: a file beyond it is something else."""

_Version = tuple[int, int, int]


class FileKeys:
    """A `KeyProvider` over a key file. Reads it again whenever it was replaced, so that a rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: _Version | None = None
        self._ring: KeyRing | None = None

    @property
    def key_id(self) -> str:
        return self._current().key_id

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        return self._current().wrap(data_key, context=context)

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        return self._current().unwrap(wrapped, context=context)

    def _current(self) -> KeyRing:
        version = _version(self._path)
        if self._ring is None or version != self._version:
            self._ring, self._version = KeyRing(read_key_file(self._path), source=str(self._path)), version
        return self._ring


def read_key_file(path: Path) -> tuple[RingKey, ...]:
    """The keys, oldest first. Raises KeyMissing (no file), KeyRefused (permissions, form), KeyUnavailable."""
    keys = _decoded(_content(path))
    if keys is None:
        raise KeyRefused(f"{path} is not a key file, or was damaged: restore it from a backup")
    return keys


def init_key_file(path: Path, *, clock: Clock) -> RingKey:
    """Make the file with one new key. Raises KeyRefused where there is one already (it is never overwritten),
    KeyUnavailable where it cannot be written."""
    key = _new_key(clock)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyUnavailable(f"{path.parent} cannot be made ({error.strerror})") from error
    with _lock(path.parent):
        if path.exists() or path.is_symlink():
            raise KeyRefused(f"{path} exists already; `consultguard keys rotate` adds a key to it")
        _replace(path, [key])
    return key


def rotate_key_file(path: Path, *, clock: Clock) -> RingKey:
    """Add a new key, which wraps from now on, and keep the older ones. The file is replaced as a whole or not at all.

    Raises as `read_key_file` does.
    """
    target = path.resolve()  # a link stays a link
    key = _new_key(clock)
    if not target.parent.is_dir():
        raise _no_file(path)
    with _lock(target.parent):
        _replace(target, [*read_key_file(target), key])
    return key


def _new_key(clock: Clock) -> RingKey:
    return RingKey(secrets.token_bytes(KEY_BYTES), clock.now_ms())


def _version(path: Path) -> _Version | None:
    try:
        found = path.stat()
    except OSError:
        return None  # reading it says why
    return found.st_ino, found.st_mtime_ns, found.st_mode


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode  # of what is read, not of what the path may name by then
            content = file.read(_LARGEST_BYTES)
    except FileNotFoundError as error:
        raise _no_file(path) from error
    except PermissionError as error:
        raise KeyRefused(f"{path} may not be read by this user: it must belong to the one who runs this") from error
    except OSError as error:
        raise KeyUnavailable(f"{path} cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise KeyRefused(f"{path} is open to others (mode {mode & 0o777:04o}): run chmod 600 {path}")
    return content


def _no_file(path: Path) -> KeyMissing:
    return KeyMissing(f"there is no key file {path}: make one with `consultguard keys init`, or restore it")


def _decoded(content: bytes) -> tuple[RingKey, ...] | None:
    """None for what is no key file. Nothing is raised: a decoder's error would hold what it read."""
    try:
        body = orjson.loads(content)
        if body["schema"] != _SCHEMA or not body["keys"]:
            return None
        keys = tuple(_decoded_key(entry) for entry in body["keys"])
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError):
        return None
    well = all(
        key.id == entry["id"] and len(key.secret) == KEY_BYTES for key, entry in zip(keys, body["keys"], strict=True)
    )
    return keys if well else None


def _decoded_key(entry: Any) -> RingKey:
    return RingKey(base64.b64decode(entry["secret"], validate=True), int(entry["created_at_ms"]))


def _encoded(keys: Sequence[RingKey]) -> bytes:
    entries = [
        {"id": key.id, "created_at_ms": key.created_at_ms, "secret": base64.b64encode(key.secret).decode()}
        for key in keys
    ]
    return orjson.dumps({"schema": _SCHEMA, "keys": entries}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One writer at a time: two rotations at once would lose one of the new keys."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, keys: Sequence[RingKey]) -> None:
    """Written beside, flushed, then renamed over: a crash leaves the old file or the new one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_encoded(keys))
            file.flush()
            os.fsync(descriptor)
        os.replace(beside, path)
        _flush_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise KeyUnavailable(f"{path} cannot be written ({error.strerror})") from error


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
