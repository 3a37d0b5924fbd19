"""Natural dialogue turns from the public data folder, and which of them are safe to call safe."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import role_of

DIALOGUE_FILES = ("mts-dialog.jsonl", "aci-bench.jsonl", "aci-bench-asr.jsonl", "automed.jsonl", "smile-zh.jsonl")
_HELD_OUT_PERCENT = 12
_LONGEST_TURN_CHARS = {"en": 420, "zh": 200}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty |thirty )?(?:first|second|third|\w+th))"
_IDENTIFIER = re.compile(
    rf"\b{_MONTH}\.? (?:the )?{_DAY}\b|\b{_DAY} (?:of )?{_MONTH}\b"
    r"|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|\d{3}[- ]?\d{4}|\d{5,}"
    r"|(?:\b(?:zero|one|two|three|four|five|six|seven|eight|nine)\b[ ,-]*){4}"
    r"|@|www\.|date of birth|birthday|record number|\bmrn\b|social security|born on"
    r"|\b(?:9\d|10\d)[- ]?years?[- ]old|\bninety[- ]?\w* year|\b(?:street|avenue|boulevard) "
    r"|\b(?:mr|mrs|ms|miss|mister)\b",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mister)\.? [A-Z][a-z]+")
_IDENTIFIER_ZH = re.compile(
    r"\d{5,}|[零一二三四五六七八九幺]{6,}|身份证号|病历号|住院号|\d{4}年\d{1,2}月\d{1,2}|\d{1,2}月\d{1,2}[日号]|我叫|微信|[A-Za-z0-9]@"
)


@dataclass(frozen=True, slots=True)
class NaturalTurn:
    """One turn; `clean` says that nothing in it looks like an identifier, `titled` that it names a titled patient."""

    role: SpeakerRole
    text: str
    clean: bool
    titled: bool


@dataclass(frozen=True, slots=True)
class Dialogue:
    lang: str
    source: str
    visit: str
    held_out: bool
    turns: tuple[NaturalTurn, ...]


def load_dialogues(data_dir: Path, first_names: frozenset[str]) -> list[Dialogue]:
    """Every dialogue of the folder's `dialogues/`. `first_names` (lower case) make a turn unclean.

    A name that the proper-case corpus also uses in lower case ("will", "grace") is a word and does not count.
    Recordings and transcripts of one visit share its number and so the side of the split.
    """
    records = [(path, record) for path in _files(data_dir) for record in _read(path)]
    words = {
        word
        for path, record in records
        if path.name == "mts-dialog.jsonl"
        for turn in record["turns"]
        for word in re.findall(r"\b[a-z]+\b", turn["text"])
    }
    names = first_names - words
    return [_dialogue(path, record, names) for path, record in records]


def held_out(visit: str) -> bool:
    """Whether a visit is kept for scoring; decided by its id alone, the same for every seed."""
    return int(sha256(visit.encode()).hexdigest(), 16) % 100 < _HELD_OUT_PERCENT


def _files(data_dir: Path) -> Iterator[Path]:
    for name in DIALOGUE_FILES:
        path = data_dir / "dialogues" / name
        if path.is_file():
            yield path


def _read(path: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _dialogue(path: Path, record: dict, names: frozenset[str]) -> Dialogue:  # type: ignore[type-arg]
    visit = str(record["id"]).rsplit("-", 1)[-1] if path.name.startswith("aci") else str(record["id"])
    spoken_names = {str(n).lower() for n in record.get("names", {}).values() if n}
    doubtful = {str(kind) for kind in record.get("pre_existing_identifiers") or []} - {"age", "place", "name"}
    turns = tuple(
        _turn(turn, record["lang"], names | spoken_names, bool(doubtful and record["lang"] == "zh"))
        for turn in record["turns"]
        if turn["text"].strip()
    )
    return Dialogue(record["lang"], path.stem, visit, held_out(visit), turns)


def _turn(turn: dict, lang: str, names: frozenset[str] | set[str], doubtful: bool) -> NaturalTurn:  # type: ignore[type-arg]
    text = shorten(" ".join(turn["text"].split()), _LONGEST_TURN_CHARS[lang])
    if lang == "zh":
        return NaturalTurn(role_of(turn["speaker"]), text, not doubtful and not _IDENTIFIER_ZH.search(text), False)
    named = any(word in names for word in re.findall(r"[a-z]+", text.lower()))
    return NaturalTurn(
        role_of(turn["speaker"]), text, not named and not _IDENTIFIER.search(text), bool(_TITLED.search(text))
    )


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut after a word."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    return head[: head.rfind(" ")] if " " in head[limit // 2 :] else head
