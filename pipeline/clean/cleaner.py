"""Text made fit for judging: the ordered steps, and why a chunk may need no judge."""

import re
import unicodedata

from pipeline.clean.answers import is_only_answer_sounds
from pipeline.clean.fillers import remove_fillers
from pipeline.clean.lexicon import Lexicon, load_lexicons
from pipeline.clean.markers import Markers
from pipeline.clean.normalize import normalize
from pipeline.clean.repeats import collapse_repeats
from pipeline.clean.sentences import collapse_sentences
from pipeline.clean.trace import Traced
from pipeline.domain.transcript import CleanChunk, Skipped, SkipReason, TranscriptChunk

# Raised when a step's rules change; the lexicons' content enters the version by its digest.
_RULES = 2
_WORD = re.compile(r"[^\W_]")
# Removing a sound can bring two halves of another together; real text settles in two passes.
_MAX_PASSES = 8


class Cleaner:
    """Cleans chunks. Holds no state between calls; safe to share between threads."""

    def __init__(self) -> None:
        self._lexicons = load_lexicons()
        self._markers = Markers(self._lexicons.markers)
        self.version = f"clean-{_RULES}-{self._lexicons.digest}"

    def clean(self, chunk: TranscriptChunk) -> CleanChunk | Skipped:
        """The chunk with cleaned text and its offsets into `chunk.text`; or the reason it needs no judge."""
        lexicon = self._lexicons.of(chunk.language)
        traced = Traced.of(chunk.text)
        for _ in range(_MAX_PASSES):
            before = traced
            traced = self._steps(before, lexicon)
            if traced is before or traced.text == before.text:
                break
        reason = self._skip_reason(chunk.text, traced.text)
        if reason is not None:
            return Skipped(chunk, reason)
        only_sounds = is_only_answer_sounds(self._markers.without(traced.text), lexicon)
        return CleanChunk(chunk, traced.text, traced.offset_tuple(), self.version, only_sounds)

    def _steps(self, traced: Traced, lexicon: Lexicon | None) -> Traced:
        traced = normalize(traced)
        traced = self._markers.unify(traced)
        if lexicon is None:
            return traced
        return collapse_sentences(collapse_repeats(remove_fillers(traced, lexicon), lexicon), lexicon)

    def _skip_reason(self, raw: str, cleaned: str) -> SkipReason | None:
        words = self._markers.without(cleaned)
        if _says_something(words):
            return None
        if len(words) < len(cleaned):
            return SkipReason.MARKER_ONLY
        return SkipReason.FILLER_ONLY if _says_something(raw) else SkipReason.EMPTY


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit or a symbol: an emoji can be an answer."""
    return _WORD.search(text) is not None or any(unicodedata.category(character)[0] == "S" for character in text)
