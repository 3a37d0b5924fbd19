"""A text that remembers where each of its characters came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Most chunks come out as they went in; a slice of one tuple is ten times cheaper than building another.
_IDENTITY = tuple(range(4097))


class Edit(NamedTuple):
    """Replace text[start:end], which is not empty, by `replacement`, which may be."""

    start: int
    end: int
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """`offsets[i]` is the raw position of character `i`; one more entry marks the end. Never decreasing."""

    text: str
    offsets: Sequence[int]

    @classmethod
    def of(cls, raw: str) -> "Traced":
        return cls(raw, range(len(raw) + 1))

    def apply(self, edits: Iterable[Edit]) -> "Traced":
        """The text with all edits made; they are in order and do not overlap. Without any, the same object.

        The first character of a replacement cites the first one replaced, the last cites the last.
        """
        pieces: list[str] = []
        offsets: list[int] = []
        done = 0
        for start, end, replacement in edits:
            pieces.append(self.text[done:start])
            offsets.extend(self.offsets[done:start])
            if replacement:
                pieces.append(replacement)
                last = len(replacement) - 1
                offsets.extend(self.offsets[min(start + i, end - 1)] for i in range(last))
                offsets.append(self.offsets[start if last == 0 else end - 1])
            done = end
        if done == 0:
            return self
        pieces.append(self.text[done:])
        offsets.extend(self.offsets[done:])
        return Traced("".join(pieces), offsets)

    def offset_tuple(self) -> tuple[int, ...]:
        """The offsets, the last one being the end of the raw text that was kept."""
        size = len(self.text)
        if isinstance(self.offsets, range):
            return _IDENTITY[: size + 1] if size < len(_IDENTITY) else tuple(self.offsets)
        end = self.offsets[size - 1] + 1 if size else self.offsets[0]
        return (*self.offsets[:size], end)
