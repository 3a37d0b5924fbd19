"""Opens what was sealed, with whatever data keys there still are."""

from collections.abc import Iterable

from pipeline.domain.sealing import Sealed, WrappedKey
from pipeline.errors import KeyMissing
from pipeline.keys.base import KeyProvider
from pipeline.keys.data_keys import open_sealed, unwrap_data_key


class Opener:
    """`keys` as the topic of keys has them, in order: of several with one id the last counts."""

    def __init__(self, provider: KeyProvider, keys: Iterable[WrappedKey]) -> None:
        self._provider = provider
        self._wrapped = {key.key_id: key for key in keys}
        self._opened: dict[str, bytes] = {}

    def open(self, sealed: Sealed, *, bound_to: bytes) -> bytes:
        """The text. Raises KeyMissing where its data key is not there (erased), and as `KeyProvider.unwrap` and
        `open_sealed` do."""
        if sealed.key_id not in self._opened:
            wrapped = self._wrapped.get(sealed.key_id)
            if wrapped is None:
                raise KeyMissing(
                    f"the data key {sealed.key_id} is not on the topic of keys: its consultation was erased"
                )
            self._opened[sealed.key_id] = unwrap_data_key(self._provider, wrapped)
        return open_sealed(sealed, self._opened[sealed.key_id], bound_to=bound_to)
