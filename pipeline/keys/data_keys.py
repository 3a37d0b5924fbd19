"""Data keys: made, wrapped, unwrapped, wrapped anew; and text opened with one."""

import secrets
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.domain.sealing import DATA_KEY_BYTES, Sealed, WrappedKey, wrapping_context
from pipeline.errors import KeyRefused
from pipeline.keys.base import KeyProvider, Wrapped


def new_data_key() -> tuple[str, bytes]:
    """A random id (`dk_` and 128 bits, so that it tells nothing of the consultation) and a random key."""
    return f"dk_{secrets.token_hex(16)}", secrets.token_bytes(DATA_KEY_BYTES)


def wrap_data_key(
    provider: KeyProvider, data_key: bytes, *, consult_id: str, key_id: str, created_at_ms: int
) -> WrappedKey:
    """`data_key` under the provider's newest key, bound to its consultation and id. Raises as `KeyProvider.wrap`."""
    wrapped = provider.wrap(data_key, context=wrapping_context(consult_id, key_id))
    return WrappedKey(consult_id, key_id, wrapped.provider_key_id, wrapped.data, created_at_ms)


def unwrap_data_key(provider: KeyProvider, wrapped: WrappedKey) -> bytes:
    """The data key. Raises as `KeyProvider.unwrap`."""
    data_key = provider.unwrap(
        Wrapped(wrapped.provider_key_id, wrapped.wrapped),
        context=wrapping_context(wrapped.consult_id, wrapped.key_id),
    )
    if len(data_key) != DATA_KEY_BYTES:
        raise KeyRefused(f"what the key {wrapped.provider_key_id} unwrapped for {wrapped.key_id} is no data key")
    return data_key


def rewrap_data_key(provider: KeyProvider, wrapped: WrappedKey) -> WrappedKey:
    """The same data key under the provider's newest key; no sealed record changes. Raises as `KeyProvider` does."""
    data_key = unwrap_data_key(provider, wrapped)
    anew = provider.wrap(data_key, context=wrapping_context(wrapped.consult_id, wrapped.key_id))
    return replace(wrapped, provider_key_id=anew.provider_key_id, wrapped=anew.data)


def open_sealed(sealed: Sealed, data_key: bytes, *, bound_to: bytes) -> bytes:
    """The text. Raises KeyRefused where key, text and `bound_to` do not belong together."""
    try:
        return AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, bound_to)
    except (InvalidTag, ValueError):  # ValueError: a key or nonce of a length AES-GCM does not have
        pass
    raise KeyRefused(
        f"what is sealed under {sealed.key_id} does not open: another key, altered text, or text of another record"
    )
