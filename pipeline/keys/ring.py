"""Key-encryption keys held in the process, as the file and the environment give them.

Wrapping is AES-256-GCM with a random 96-bit nonce and the context as associated data. AES key wrap (RFC 3394) would
need no nonce, but it binds no context. Random nonces allow 2^32 wraps a key (NIST SP 800-38D, 8.3), which is as many
consultations.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.domain.sealing import NONCE_BYTES
from pipeline.errors import KeyMissing, KeyRefused
from pipeline.keys.base import Wrapped

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key-encryption key. `created_at_ms` is None where its source does not tell."""

    secret: bytes = field(repr=False)
    created_at_ms: int | None = None

    @property
    def id(self) -> str:
        return fingerprint(self.secret)


def fingerprint(secret: bytes) -> str:
    """`kek_` and 128 bits of a digest: the same key has the same id in every source. It tells nothing of a random
    key of 256 bits."""
    return "kek_" + sha256(b"consultguard key-encryption key\0" + secret).hexdigest()[:32]


class KeyRing:
    """Several keys: the last wraps, all unwrap. `source` says in messages where they come from."""

    def __init__(self, keys: Sequence[RingKey], *, source: str) -> None:
        if not keys:
            raise KeyMissing(f"{source} holds no key")
        self._ciphers = {key.id: AESGCM(key.secret) for key in keys}
        self._newest = keys[-1].id
        self._source = source

    @property
    def key_id(self) -> str:
        return self._newest

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        nonce = os.urandom(NONCE_BYTES)
        return Wrapped(self._newest, nonce + self._ciphers[self._newest].encrypt(nonce, data_key, context))

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        cipher = self._ciphers.get(wrapped.provider_key_id)
        if cipher is None:
            raise KeyMissing(
                f"the key {wrapped.provider_key_id} is not in {self._source}: restore it from a backup; a key that was "
                "rotated out must be kept until every data key is wrapped anew"
            )
        nonce, ciphertext = wrapped.data[:NONCE_BYTES], wrapped.data[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, context)
        except (InvalidTag, ValueError):  # ValueError: too short to be anything
            pass
        raise KeyRefused(
            f"the wrapped data key does not open with the key {wrapped.provider_key_id}: it was altered, cut, or "
            "moved from another consultation; restore its record"
        )
