"""Whether a line of a transcript begins with a name, and which."""

import re
from collections import Counter
from collections.abc import Iterable

# Not between digits: `10: 30` is a time.
_SEPARATOR = re.compile(r"(?<!\d):(?=\s|\Z)|(?<=\d):(?=\s(?!\s*\d)|\Z)|：")
# Zoom's display names are at most 64 characters; a clause before a colon is usually longer or no name at all.
_LONGEST_NAME = 64
_MOST_WORDS = 6
# Shares of the cues that begin with something like a name.
_USUAL = 0.5
_NEARLY_ALWAYS = 0.8
# A sentence ended before the colon, so what stands there is talk.
_SENTENCE_END = re.compile(r"[.!?。！？;；](?:\s|\Z)")
_ABBREVIATION = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|Jr|Sr|St|[A-Z])\.")
_LETTER = re.compile(r"[^\W\d_]")


class NameSplitter:
    """Tells `Name: text` from text with a colon in it.

    It is shown every cue first. In a file where cues begin with names, a prefix seen twice is one, and one seen once is
    if it is written like one. Elsewhere (`BP: 120 over 80`) it takes both. A colon inside a display name is kept
    (`Lee: Ward 3`), and `10: 30` never splits.
    """

    def __init__(self, cues: Iterable[str]) -> None:
        found = [_prefixes(cue) for cue in cues]
        self._seen = Counter(prefix for prefixes in found for prefix in prefixes)
        # The last cue may be cut off in the middle of its name; it has no say in what is usual.
        telling = found[:-1] or found
        named = sum(any(self._seen[name] > 1 or _looks_like_a_name(name) for name in names) for names in telling)
        self._named_share = named / len(telling) if telling else 0.0

    def split(self, cue: str) -> tuple[str | None, str]:
        """The name and the text after it; None and the whole cue if there is no name."""
        prefixes = _prefixes(cue)
        if not prefixes:
            return None, cue
        # The longest prefix that is as frequent as the shortest is the whole name: `Lee` never comes without `Ward 3`.
        first = self._seen[prefixes[0]]
        name = max((prefix for prefix in prefixes if self._seen[prefix] == first > 1), key=len, default=prefixes[0])
        if not self._is_a_name(name):
            return None, cue
        return name, cue[len(name) :].lstrip()[1:].strip()

    def _is_a_name(self, prefix: str) -> bool:
        if self._seen[prefix] > 1:
            return self._named_share >= _USUAL or _looks_like_a_name(prefix)
        return self._named_share >= _NEARLY_ALWAYS and _looks_like_a_name(prefix)


def _prefixes(cue: str) -> list[str]:
    """Everything before a separator that could be a name, shortest first."""
    prefixes = []
    for match in _SEPARATOR.finditer(cue[: _LONGEST_NAME + 2]):
        name = cue[: match.start()].rstrip()
        if _could_be_a_name(name):
            prefixes.append(name)
    return prefixes


def _could_be_a_name(name: str) -> bool:
    return (
        0 < len(name) <= _LONGEST_NAME
        and len(name.split()) <= _MOST_WORDS
        and _LETTER.search(name) is not None
        and _SENTENCE_END.search(_ABBREVIATION.sub("", name)) is None
    )


def _looks_like_a_name(name: str) -> bool:
    """Every word capitalised, or in a script without capitals and short."""
    words = [word for word in re.split(r"[\s(),/&-]+", name) if word]
    if name.isascii() or any(character.lower() != character.upper() for character in name):
        return all(not word[0].islower() for word in words)
    return len(name) <= 8
