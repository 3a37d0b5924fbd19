"""A provider that tests break."""

from pipeline.domain.sealing import DATA_KEY_BYTES
from pipeline.errors import ConsultGuardError
from pipeline.keys.base import Wrapped
from pipeline.keys.ring import KeyRing, RingKey

SECRET = bytes(range(100, 100 + DATA_KEY_BYTES))
OTHER_SECRET = bytes(range(DATA_KEY_BYTES))


class BreakableKeys:
    """A ring of one key that counts what it is asked, and raises `fault` while one is set."""

    def __init__(self, secret: bytes = SECRET) -> None:
        self._ring = KeyRing([RingKey(secret)], source="the test")
        self.fault: ConsultGuardError | None = None
        self.wraps = 0
        self.unwraps = 0

    @property
    def key_id(self) -> str:
        return self._ring.key_id

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        self.wraps += 1
        if self.fault is not None:
            raise self.fault
        return self._ring.wrap(data_key, context=context)

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        self.unwraps += 1
        if self.fault is not None:
            raise self.fault
        return self._ring.unwrap(wrapped, context=context)
