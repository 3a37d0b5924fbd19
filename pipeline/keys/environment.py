"""Key-encryption keys from a setting, for sites whose secrets arrive in the environment."""

import base64
import binascii

from pipeline.errors import SettingsError
from pipeline.keys.base import Wrapped
from pipeline.keys.ring import KEY_BYTES, KeyRing, RingKey


class EnvironmentKeys:
    """A `KeyProvider`. `value` is a key of 32 bytes in base64; older keys that still unwrap follow after commas.

    `variable` names the setting in messages. Raises SettingsError where the value is not of that form.
    """

    def __init__(self, value: str, *, variable: str) -> None:
        newest_first = [_key(part.strip(), variable=variable) for part in value.split(",")]
        self._ring = KeyRing(newest_first[::-1], source=variable)

    @property
    def key_id(self) -> str:
        return self._ring.key_id

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        return self._ring.wrap(data_key, context=context)

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        return self._ring.unwrap(wrapped, context=context)


def _key(text: str, *, variable: str) -> RingKey:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:  # outside the except, so that no chained error quotes the value
        raise SettingsError(f"{variable}: must be 32 random bytes in base64, as `openssl rand -base64 32` prints")
    return RingKey(secret)
