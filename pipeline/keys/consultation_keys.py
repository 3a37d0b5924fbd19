"""The data keys a worker holds in memory, one a consultation, from first use to the loss of its partition.

A key is made on first use, without asking the provider: the hot path waits for no network. It is wrapped when its
record is asked for (`unpublished`), and counts as unpublished until the transaction that wrote the record is
committed; an aborted one needs no undoing.
"""

import os
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.clock import Clock
from pipeline.domain.sealing import NONCE_BYTES, Sealed, WrappedKey
from pipeline.errors import KeyMissing, KeyRefused
from pipeline.keys.base import KeyProvider
from pipeline.keys.data_keys import new_data_key, unwrap_data_key, wrap_data_key

_log = structlog.get_logger()


@dataclass(slots=True)
class _Held:
    """`secret` is kept only until it is wrapped; `cipher` is None until a restored key is first used."""

    key_id: str
    cipher: AESGCM | None = field(repr=False)
    secret: bytes | None = field(default=None, repr=False)
    created_at_ms: int = 0
    wrapped: WrappedKey | None = None
    committed: bool = False


class ConsultationKeys:
    """Used by one thread.

    At most `max_consults` keys are held, but none that is unpublished is dropped. A consultation whose key was dropped
    or forgotten, or that was erased and forgotten, gets a new one when it speaks again: a consultation may have
    several.
    """

    def __init__(self, provider: KeyProvider, *, clock: Clock, max_consults: int = 10_000) -> None:
        self._provider = provider
        self._clock = clock
        self._max_consults = max_consults
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def seal(self, consult_id: str, plaintext: bytes, *, bound_to: bytes) -> Sealed:
        """`plaintext` under the consultation's key, by AES-256-GCM with `bound_to` as associated data.

        The nonce is random, which bounds a key to 2^32 messages (NIST SP 800-38D, 8.3); a consultation speaks some
        thousands of chunks. Asks the provider only on the first use of a restored key, and then may raise
        KeyUnavailable; nothing has changed then, and the call can be repeated.
        """
        held = self._held.get(consult_id)
        if held is None:
            held = self._make(consult_id)
        else:
            self._held.move_to_end(consult_id)
        cipher = held.cipher
        if cipher is None:
            held, cipher = self._unwrapped(consult_id, held)
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(held.key_id, nonce, cipher.encrypt(nonce, plaintext, bound_to))

    def unpublished(self, consult_ids: Iterable[str]) -> list[WrappedKey]:
        """The keys of these consultations that must be written in the transaction that writes what they seal.

        In the order asked, each once. The same until `committed`. Raises KeyUnavailable, KeyMissing or KeyRefused
        where the provider does not wrap; nothing may be committed then.
        """
        keys = []
        for consult_id in dict.fromkeys(consult_ids):
            held = self._held.get(consult_id)
            if held is not None and not held.committed:
                keys.append(self._wrapped(consult_id, held))
        return keys

    def committed(self, keys: Iterable[WrappedKey]) -> None:
        """These are durable now."""
        for key in keys:
            held = self._held.get(key.consult_id)
            if held is not None and held.key_id == key.key_id:
                held.committed = True
        self._drop_oldest()

    def restore(self, wrapped: WrappedKey) -> None:
        """Go on with a committed key of a consultation whose partition this worker took over.

        The last one restored counts, but a key in use here is kept. It is unwrapped on first use. Where that shows
        that it cannot be opened (its key-encryption key is gone, or it was altered), the consultation gets a new key
        and the event `data_key_not_restored` is logged: what is sealed from now on is readable, and a lost key must
        not stop a consultation. What was sealed under the old key stays unreadable until that is mended.
        """
        held = self._held.get(wrapped.consult_id)
        if held is None or held.cipher is None:
            self._held[wrapped.consult_id] = _Held(wrapped.key_id, None, wrapped=wrapped, committed=True)
            self._held.move_to_end(wrapped.consult_id)
            self._drop_oldest()

    def forget(self, consult_ids: Iterable[str]) -> None:
        """Drop these keys, published or not: their partition belongs to another worker, or they were erased."""
        for consult_id in consult_ids:
            self._held.pop(consult_id, None)

    def _make(self, consult_id: str) -> _Held:
        key_id, secret = new_data_key()
        held = _Held(key_id, AESGCM(secret), secret, self._clock.now_ms())
        self._held[consult_id] = held
        self._drop_oldest()
        return held

    def _unwrapped(self, consult_id: str, held: _Held) -> tuple[_Held, AESGCM]:
        assert held.wrapped is not None  # only a restored key has no cipher
        try:
            held.cipher = AESGCM(unwrap_data_key(self._provider, held.wrapped))
        except (KeyMissing, KeyRefused) as fault:
            _log.warning(
                "data_key_not_restored",
                data_key_id=held.key_id,
                provider_key_id=held.wrapped.provider_key_id,
                fault=fault,
            )
            held = self._make(consult_id)
        assert held.cipher is not None
        return held, held.cipher

    def _wrapped(self, consult_id: str, held: _Held) -> WrappedKey:
        if held.wrapped is None:
            assert held.secret is not None
            held.wrapped = wrap_data_key(
                self._provider,
                held.secret,
                consult_id=consult_id,
                key_id=held.key_id,
                created_at_ms=held.created_at_ms,
            )
            held.secret = None
        return held.wrapped

    def _drop_oldest(self) -> None:
        """The least recently used go first. Unpublished ones are stepped over; they are as many as a batch at most."""
        surplus = len(self._held) - self._max_consults
        if surplus <= 0:
            return
        spare = (consult_id for consult_id, held in self._held.items() if held.committed)
        self.forget([consult_id for consult_id, _ in zip(spare, range(surplus), strict=False)])
