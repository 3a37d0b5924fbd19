"""What each language's data file says, compiled once."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from pipeline.clean.patterns import (
    answers_pattern,
    any_of,
    clause_start_pattern,
    filler_pattern,
    needle_pattern,
    repeat_pattern,
)
from pipeline.clean.scripts import is_unspaced

UNDETERMINED = "und"
# ISO 639-2 codes and Mandarin's own, as some recognisers write them.
_CODES = (
    "cmn zh chi zh zho zh eng en spa es fra fr fre fr deu de ger de por pt ita it jpn ja kor ko ara ar rus ru hin hi"
)
_ALIASES = dict(zip(_CODES.split()[::2], _CODES.split()[1::2], strict=True))
# Speech tagged so may be Cantonese, where 呃 is the verb "to cheat": it passes unchanged.
_CANTONESE = frozenset({"yue", "hk", "mo"})
_MARKERS = ("inaudible", "crosstalk", "music", "noise")
_FIELDS = {
    "fillers": ("anywhere", "one_pause", "fenced", "two_pauses", "protected"),
    "answers": ("sounds",),
    "repeats": ("across_comma", "adjacent", "clause_start", "numeral_heads", "letter_words", "never", "never_inside"),
}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's rules. A pattern that is None has nothing to find.

    `fillers` matches a run of fillers in group `run`, or a protected phrase outside it. `needles` finds cheaply where
    one may be: every filler contains one; in a script without spaces a protected phrase begins up to `reach` characters
    earlier. `repeats` matches a word in its last group and its immediate repetitions; `repeat_sizes` are the numbers of
    words its entries have, `repeat_heads` their first words. `never` finds what keeps a repeated sentence. `answers`
    matches a whole text of yes/no sounds. `words` are the file's entries by field, with those it includes.
    """

    fillers: re.Pattern[str] | None
    needles: re.Pattern[str]
    reach: int
    repeats: re.Pattern[str] | None
    repeat_sizes: tuple[int, ...]
    repeat_heads: frozenset[str]
    clause_start: re.Pattern[str] | None
    numeral_heads: frozenset[str]
    letter_words: frozenset[str]
    never: re.Pattern[str] | None
    answers: re.Pattern[str] | None
    words: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Lexicons:
    """Every language, the bracketed markers, and a digest over the files' bytes (12 hex digits)."""

    by_language: Mapping[str, Lexicon]
    markers: Mapping[str, Sequence[str]]
    digest: str

    def of(self, language: str | None) -> Lexicon | None:
        """The lexicon of a BCP 47 tag's primary subtag; None where that language passes unchanged."""
        if not language:
            return self.by_language[UNDETERMINED]
        primary, *others = language.replace("_", "-").lower().split("-")
        if not _CANTONESE.isdisjoint(others):
            return None
        return self.by_language.get(_ALIASES.get(primary, primary))


@cache
def load_lexicons() -> Lexicons:
    """Read and compile the package's own data files."""
    digest = sha256()
    tables: dict[str, dict[str, Any]] = {}
    for entry in sorted(files("pipeline.clean").joinpath("lexicons").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            content = entry.read_bytes()
            digest.update(entry.name.encode() + b"\0" + content + b"\0")
            tables[entry.name.removesuffix(".toml")] = tomllib.loads(content.decode())
    compiled = {language: _compiled(_merged(language, tables)) for language in tables}
    # Transcribers write English markers into any language, and the other way round: one list for all.
    markers = {
        name: [word for table in tables.values() for word in table.get("markers", {}).get(name, ())]
        for name in _MARKERS
    }
    return Lexicons(compiled, markers, digest.hexdigest()[:12])


def _merged(language: str, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {field: [] for fields in _FIELDS.values() for field in fields}
    for source in (language, *tables[language].get("includes", ())):
        for section, fields in _FIELDS.items():
            for field in fields:
                entries = tables[source].get(section, {}).get(field, ())
                merged[field] += [unicodedata.normalize("NFC", entry) for entry in entries]
    if not tables[language].get("repeats", {}).get("never"):
        # What negates and counts in it is not known, whatever is known of those it includes.
        merged["never"] = []
    return merged


def _compiled(words: Mapping[str, list[str]]) -> Lexicon:
    sounds = [*words["anywhere"], *words["one_pause"], *words["fenced"], *words["two_pauses"]]
    repeated = [*words["across_comma"], *words["adjacent"]]
    needles = needle_pattern(sounds)
    answers = [answer for answer in words["sounds"] if not _is_left_to_pauses(answer, sounds)]
    # A phrase that no needle leads to cannot be touched; only those that can cost time.
    protected = [phrase for phrase in (*words["protected"], *answers) if needles.search(phrase)]
    return Lexicon(
        fillers=filler_pattern({**words, "protected": protected}),
        needles=needles,
        reach=max((len(phrase) - 1 for phrase in protected if is_unspaced(phrase)), default=0),
        repeats=repeat_pattern(words["across_comma"], words["adjacent"]),
        repeat_sizes=tuple(sorted({len(word.split()) for word in repeated})),
        repeat_heads=frozenset(word.split()[0] for word in repeated),
        clause_start=clause_start_pattern(words["clause_start"]),
        numeral_heads=frozenset(words["numeral_heads"]),
        letter_words=frozenset(words["letter_words"]),
        never=any_of(words["never"], inside=words["never_inside"]),
        answers=answers_pattern(words["sounds"]),
        words=words,
    )


def _is_left_to_pauses(answer: str, fillers: Sequence[str]) -> bool:
    """Whether an answer is also a filler (嗯) or, where no spaces part them, the start of one (ええ, ええと)."""
    return any(filler == answer or (is_unspaced(answer) and filler.startswith(answer)) for filler in fillers)
