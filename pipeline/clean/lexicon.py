"""What each language's data file says, compiled once."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

UNDETERMINED = "und"
_ALIASES = {"cmn": "zh", "yue": "zh", "chi": "zh", "zho": "zh", "eng": "en", "spa": "es", "fra": "fr", "deu": "de"}
_FIELDS = {
    "fillers": ("anywhere", "one_pause", "two_pauses", "protected"),
    "repeats": ("across_comma", "adjacent", "clause_start", "numeral_heads"),
}

# A sound may stand beside these and still be its own word.
_PAUSE = r"\s,，、;；:：。.!！?？…—–"
_INNER_PAUSE = r",，、…—–"
_LEFT_WORD = r"(?<![\w'’])(?<!\w-)(?<!\d )"
_RIGHT_WORD = r"(?!-?\w)(?!['’])"
_BETWEEN_FILLERS = r"[ ,，、….]{1,6}"
_STUTTER_COMMA = r"(?: ?[,，…]| ?\.{3}| ?[-–—])?"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's rules. A pattern that is None has nothing to find.

    `fillers` matches a run of fillers in group `run`, or a protected phrase outside it. `needles` finds cheaply where
    one may be: every filler contains one. `repeats` matches a word in group 1 and its immediate repetitions.
    """

    fillers: re.Pattern[str] | None
    needles: re.Pattern[str]
    repeats: re.Pattern[str] | None
    clause_start: re.Pattern[str] | None
    numeral_heads: frozenset[str]


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
        primary = language.replace("_", "-").partition("-")[0].lower()
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
    markers = tables.pop("markers")
    compiled = {language: _compiled(_merged(language, tables)) for language in tables}
    return Lexicons(compiled, markers, digest.hexdigest()[:12])


def _merged(language: str, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {field: [] for fields in _FIELDS.values() for field in fields}
    for source in (language, *tables[language].get("includes", ())):
        for section, fields in _FIELDS.items():
            for field in fields:
                merged[field] += tables[source].get(section, {}).get(field, ())
    return merged


def _compiled(words: Mapping[str, list[str]]) -> Lexicon:
    return Lexicon(
        fillers=_filler_pattern(words),
        needles=_needles([*words["anywhere"], *words["one_pause"], *words["two_pauses"]]),
        repeats=_repeat_pattern(words["across_comma"], words["adjacent"]),
        clause_start=_clause_start_pattern(words["clause_start"]),
        numeral_heads=frozenset(words["numeral_heads"]),
    )


def _filler_pattern(words: Mapping[str, list[str]]) -> re.Pattern[str] | None:
    protected = "|".join(_protected(phrase) for phrase in _longest_first(words["protected"])) or r"(?!)"
    sounds = [_sound(word) for word in _longest_first(words["anywhere"])]
    for word in _longest_first(words["one_pause"]):
        sound = _sound(word)
        sounds.append(rf"(?:(?<![^{_PAUSE}]){sound}|{sound}(?=[{_PAUSE}]|\Z))")
    for word in _longest_first(words["two_pauses"]):
        sounds.append(rf"(?:(?<=[{_INNER_PAUSE}])|(?<=[{_INNER_PAUSE}] )){_sound(word)}(?= ?[{_INNER_PAUSE}])")
    if not sounds:
        return None
    one = rf"(?!{protected})(?:{'|'.join(sounds)})"
    return re.compile(rf"(?:{protected})|(?P<run>{one}(?:{_BETWEEN_FILLERS}{one})*)")


def _sound(word: str) -> str:
    """A word that may be drawn out; all capitals is an abbreviation (UM, UH), so only the first letter varies."""
    head, tail = word[0], word[1:]
    first = f"[{head}{head.upper()}]" if head.upper() != head else re.escape(head)
    drawn = "".join(f"{re.escape(letter)}+" for letter in tail)
    sound = f"{first}+{drawn}"
    return f"{_LEFT_WORD}{sound}{_RIGHT_WORD}" if head.upper() != head else sound


def _protected(phrase: str) -> str:
    parts = [re.escape(part) for part in phrase.split()]
    if len(parts) == 1:
        return parts[0]
    drawn = [rf"{part}{part[-1]}*" for part in parts]
    return rf"(?i:(?<!\w){'[ ,-]{0,2}'.join(drawn)}(?!\w))"


def _needles(words: Sequence[str]) -> re.Pattern[str]:
    """Literals only: such a pattern is searched for by its first characters, far faster than the whole rule."""
    needles = {word[-2:] for word in words} | {word.capitalize() for word in words if len(word) == 2}
    return re.compile("|".join(sorted(needles)) or r"(?!)")


def _repeat_pattern(across_comma: Sequence[str], adjacent: Sequence[str]) -> re.Pattern[str] | None:
    kinds = []
    for number, (words, separator) in enumerate(((across_comma, f"{_STUTTER_COMMA} "), (adjacent, " "))):
        if words:
            one = "|".join(re.escape(word) for word in _longest_first(words))
            kinds.append(rf"(?P<w{number}>{one})(?:{separator}(?P=w{number})(?![\w'’-]))+")
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(kinds)})", re.IGNORECASE) if kinds else None


def _clause_start_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    one = "|".join(re.escape(word) for word in _longest_first(words))
    return re.compile(rf"(?<![^{_PAUSE}])({one})\1+")


def _longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)
