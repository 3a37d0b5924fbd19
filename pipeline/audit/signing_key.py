"""The Ed25519 key that signs checkpoints, and the public half that a verifier is given.

The private key is PKCS #8 in PEM with mode 0600; the public one SubjectPublicKeyInfo in PEM. Both are what
`openssl pkey` reads and writes.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable

_LARGEST_BYTES = 1 << 16
_FINGERPRINT_DIGITS = 16


def make_signing_key() -> Ed25519PrivateKey:
    """A new key from the system's randomness."""
    return Ed25519PrivateKey.generate()


def fingerprint(public_key: Ed25519PublicKey) -> str:
    """What a checkpoint names its key by: the first 16 hex digits of the SHA-256 of the 32 raw bytes."""
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(raw).hexdigest()[:_FINGERPRINT_DIGITS]


def write_private_key(key: Ed25519PrivateKey, path: Path) -> None:
    """Write it with mode 0600, durable on return. Raises KeyRefused where a file is there already, KeyUnavailable."""
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)


def write_public_key(key: Ed25519PublicKey, path: Path) -> None:
    """Write it with mode 0644. Raises as `write_private_key` does."""
    _write_new(path, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), mode=0o644)


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Raises KeyMissing (no file), KeyRefused (open to others, no Ed25519 private key), KeyUnavailable."""
    content = _content(path, secret=True)
    # Neither chained nor quoted: a parser's error may hold what it read.
    key = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(content, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(
            f"{path} is not an Ed25519 private key without a passphrase, in PEM: "
            "restore it, or make one with openssl genpkey -algorithm ed25519"
        )
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Raises KeyMissing (no file), KeyRefused (no Ed25519 public key), KeyUnavailable."""
    content = _content(path, secret=False)
    key = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_public_key(content)
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused(
            f"{path} is not an Ed25519 public key in PEM: ask the deployment's operator for it, or take it out of the "
            "private key with openssl pkey -pubout"
        )
    return key


def _content(path: Path, *, secret: bool) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if secret and mode & 0o077:
                raise KeyRefused(f"{path} is open to others (mode {mode & 0o777:04o}): run chmod 600 {path}")
            return file.read(_LARGEST_BYTES)
    except FileNotFoundError as error:
        raise KeyMissing(f"there is no key file {path}: make one, restore it, or name another") from error
    except PermissionError as error:
        raise KeyRefused(f"{path} may not be read by this user: it must belong to the one who runs this") from error
    except OSError as error:
        raise KeyUnavailable(f"{path} cannot be read ({error.strerror})") from error


def _write_new(path: Path, content: bytes, *, mode: int) -> None:
    try:
        # O_EXCL follows no link and replaces nothing; the mode is set before a byte of the key is in the file.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError as error:
        raise KeyRefused(f"{path} exists already and is never overwritten: name another file") from error
    except OSError as error:
        raise KeyUnavailable(f"{path} cannot be written ({error.strerror})") from error
