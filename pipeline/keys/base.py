"""What a provider of key-encryption keys does. It wraps data keys; it never sees what they seal."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as a provider wrapped it; `data` is opaque to everybody else."""

    provider_key_id: str
    data: bytes = field(repr=False)


class KeyProvider(Protocol):
    """Wraps under its newest key, unwraps under every key it still has. May block on the network."""

    @property
    def key_id(self) -> str:
        """The id of the key that wraps now. Raises as `wrap` does."""

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        """`data_key` under the newest key, bound to `context`: it unwraps with the same context only.

        Raises KeyUnavailable, KeyMissing, KeyRefused.
        """

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        """The data key again. Raises KeyMissing, naming the id, where the key that wrapped it is gone; KeyRefused
        where key, context and bytes do not belong together or the key may not be used; KeyUnavailable."""


def context_digest(context: bytes) -> bytes:
    """What a service outside is given in place of the context (32 bytes): ids of consultations stay here.

    The context holds the random id of a data key, so that nobody can guess it from the digest.
    """
    return sha256(b"consultguard wrapping context\0" + context).digest()
