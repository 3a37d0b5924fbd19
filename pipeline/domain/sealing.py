"""Values of sealing: text under a data key, a data key under a key-encryption key. None of them holds a bare key."""

from dataclasses import dataclass, field

DATA_KEY_BYTES = 32
"""AES-256."""

NONCE_BYTES = 12
"""96 bits, the length NIST SP 800-38D (5.2.1.1) recommends for GCM."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Text under AES-256-GCM: the data key's id, the nonce (12 bytes), the ciphertext with its tag (16 bytes) at the
    end."""

    key_id: str
    nonce: bytes
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The data key `key_id` of a consultation, wrapped by the key-encryption key `provider_key_id`.

    A consultation may have several; all of them must be destroyed to erase it.
    """

    consult_id: str
    key_id: str
    provider_key_id: str
    wrapped: bytes = field(repr=False)
    created_at_ms: int


def wrapping_context(consult_id: str, key_id: str) -> bytes:
    """What a wrapped data key is bound to: it opens for no other consultation and under no other id.

    The length makes two different pairs give two different contexts, whatever characters the ids hold.
    """
    return f"consult.key/1 {len(key_id)} {key_id} {consult_id}".encode()
