"""Several servers of the same model: in turn, and around the one that fails."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from pipeline.clock import Clock

T = TypeVar("T")


class Rotation(Generic[T]):
    """Hands out endpoints in turn; one that failed is left out for `left_out_seconds`, unless all of them failed."""

    def __init__(self, endpoints: Sequence[T], *, clock: Clock, left_out_seconds: float) -> None:
        if not endpoints:
            raise ValueError("no endpoint")
        self._endpoints = tuple(endpoints)
        self._clock = clock
        self._left_out_seconds = left_out_seconds
        self._back_at = [0.0] * len(endpoints)
        self._next = 0

    def once_each(self) -> Iterator[T]:
        """Those to try for one request: in turn, those left out last and only if no other is there."""
        first = self._next
        self._next = (first + 1) % len(self._endpoints)
        order = [(first + step) % len(self._endpoints) for step in range(len(self._endpoints))]
        now = self._clock.monotonic()
        present = [index for index in order if self._back_at[index] <= now]
        for index in present or [min(order, key=lambda index: self._back_at[index])]:
            yield self._endpoints[index]

    def failed(self, endpoint: T) -> None:
        """Leave it out from now on for a while."""
        self._back_at[self._endpoints.index(endpoint)] = self._clock.monotonic() + self._left_out_seconds

    def succeeded(self, endpoint: T) -> None:
        self._back_at[self._endpoints.index(endpoint)] = 0.0
