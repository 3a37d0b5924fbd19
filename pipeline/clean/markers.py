"""What transcribers write in brackets, as one of four words. A gap in the audio is never silence."""

import re
from collections.abc import Iterator, Mapping, Sequence

from pipeline.clean.trace import Edit, Traced

_OPENING = re.compile(r"[\[(<（【［♩-♬🎵🎶]")
# Subtitles and some recognisers put notes instead of a word, also around what is sung.
_NOTES = re.compile(r"[♩-♬🎵🎶](?: ?[♩-♬🎵🎶])*")
_BRACKETED = re.compile(r"[\[(<（【［]([^\[\]()<>（）【】［］]{1,40})[\])>）】］]")
_TIME = re.compile(r" +\d{1,2}:\d{2}(?::\d{2})?\Z")


class Markers:
    """Finds bracketed markers and writes each as `[inaudible]`, `[crosstalk]`, `[music]` or `[noise]`."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._canonical = {word.lower(): f"[{name}]" for name, group in words.items() for word in group}
        written = "|".join(re.escape(f"[{name}]") for name in words)
        self._written = re.compile(written)

    def unify(self, traced: Traced) -> Traced:
        """Every marker in its canonical form; the only step that can lengthen a text."""
        if not _OPENING.search(traced.text):
            return traced
        traced = traced.apply(self._edits(traced.text))
        return traced.apply(Edit(notes.start(), notes.end(), "[music]") for notes in _NOTES.finditer(traced.text))

    def without(self, text: str) -> str:
        """The text with its canonical markers taken out."""
        return self._written.sub("", text) if "[" in text else text

    def _edits(self, text: str) -> Iterator[Edit]:
        for match in _BRACKETED.finditer(text):
            canonical = self._canonical.get(_TIME.sub("", match[1].strip()).lower())
            if canonical is not None and match[0] != canonical:
                yield Edit(match.start(), match.end(), canonical)
