"""Evaluation sets, read and checked: labelled rows as the policy's guide defines them, and dialogues as natural sets.

A row: `{"id", "lang", "context": ["doctor: …", …], "speaker", "text", "label", "category"}`; a dialogue: `{"id",
"lang"?, "turns": [{"speaker", "text"}, …]}`. JSON Lines, UTF-8; blank lines pass.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.errors import InputError

_WORDS_OF_ROLE = {
    SpeakerRole.CLINICIAN: ("doctor", "physician", "nurse", "therapist", "医生", "护士"),
    SpeakerRole.PATIENT: ("client", "患者", "病人"),
    SpeakerRole.INTERPRETER: ("translator", "翻译", "口译"),
}
_ROLES = {word: role for role, words in _WORDS_OF_ROLE.items() for word in words} | {role: role for role in SpeakerRole}
_TURN = re.compile(r"\s*([^:：]{1,40})[:：]\s*(.*)", re.DOTALL)
_DIALOGUE_LANGUAGE = "en"
"""Of a dialogue that does not say, as for every other command."""
_DIALOGUE_CONTEXT = 48
"""At least so many turns are handed over before a dialogue's turn, and less than twice as many: several windows, so
that what a window has let go is what it lets go in a live consultation."""


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk with the turns before it, and what the policy says of the chunk.

    `category` is None for a safe row, and for no other. `origin` names the generator or data set the row came from.
    `span` is where in `text` the finding stands, half-open, in characters, where that is known. `reason` is the
    sentence an adapter is taught to give; nothing is measured by it.
    """

    context: tuple[tuple[SpeakerRole, str], ...]
    role: SpeakerRole
    text: str
    label: RiskLevel
    category: Category | None
    lang: str
    origin: str
    span: tuple[int, int] | None = None
    id: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One chunk to be judged: the last of `turns`. `label` and `category` are None in a natural set. `speaker_name` is
    written beside the chunk where a test of that slot gives one; sets have none."""

    dataset: str
    id: str
    lang: str
    turns: tuple[tuple[SpeakerRole, str], ...]
    label: RiskLevel | None = None
    category: Category | None = None
    speaker_name: str | None = None

    @property
    def text(self) -> str:
        return self.turns[-1][1]


def role_of(word: str) -> SpeakerRole:
    """The role a data set's word stands for; a word that is neither known nor ours is `other`."""
    return _ROLES.get(word.strip().lower(), SpeakerRole.OTHER)


def read_rows(path: Path) -> Iterator[Row]:
    """The labelled rows of a file. Raises InputError naming the file, the line and the field, never what is in it."""
    for place, number, record in _records(path):
        yield _row(record, place, path.stem, number)


def read_cases(path: Path, *, limit: int | None = None) -> Iterator[Case]:
    """At most `limit` chunks of a labelled or a natural set, in the order of the file. The first line says which it is.

    Raises InputError as `read_rows` does, for two rows of one id, and for an empty file.
    """
    cases = list(islice(_cases(path), limit))
    if not cases:
        raise InputError(f"{path}: no row in it")
    yield from cases


def _cases(path: Path) -> Iterator[Case]:
    natural: bool | None = None
    seen: set[str] = set()
    for place, number, record in _records(path):
        natural = "turns" in record if natural is None else natural
        if natural:
            identifier, cases = _text(record, "id", place), _dialogue(record, place, path.stem)
        else:
            row = _row(record, place, path.stem, number)
            turns = (*row.context, (row.role, row.text))
            identifier, cases = row.id, iter((Case(path.stem, row.id, row.lang, turns, row.label, row.category),))
        if identifier in seen:
            raise InputError(f"{place}: `id` stands in the file twice")
        seen.add(identifier)
        yield from cases


def _dialogue(record: dict[str, Any], place: str, dataset: str) -> Iterator[Case]:
    identifier = _text(record, "id", place)
    lang = _DIALOGUE_LANGUAGE if record.get("lang") is None else _text(record, "lang", place)
    turns: list[tuple[SpeakerRole, str]] = []
    for number, turn in enumerate(_list(record, "turns", place), start=1):
        if not isinstance(turn, dict):
            raise InputError(f"{place}: turn {number} is not a JSON object")
        at = f"{place}, turn {number}"
        turns.append((role_of(_text(turn, "speaker", at)), _text(turn, "text", at)))
        begin = max(0, (number - 1) // _DIALOGUE_CONTEXT - 1) * _DIALOGUE_CONTEXT
        yield Case(dataset, f"{identifier}:{number}", lang, tuple(turns[begin:]))


def _row(record: dict[str, Any], place: str, stem: str, number: int) -> Row:
    category = _one_of(record, "category", ("none", *(c.value for c in Category)), place)
    label = RiskLevel(_one_of(record, "label", tuple(level.value for level in RiskLevel), place))
    if (label is RiskLevel.SAFE) != (category == "none"):
        raise InputError(f"{place}: a safe row has `category` none, and no other row has")
    context = _list(record, "context", place) if record.get("context") is not None else []
    return Row(
        context=tuple(_turn(turn, place) for turn in context),
        role=role_of(_text(record, "speaker", place)),
        text=_text(record, "text", place),
        label=label,
        category=None if category == "none" else Category(category),
        lang=_text(record, "lang", place),
        origin=_text(record, "origin", place) if "origin" in record else stem,
        id=_text(record, "id", place) if "id" in record else f"{stem}-{number}",
        reason=_text(record, "reason", place) if record.get("reason") is not None else None,
    )


def _turn(line: object, place: str) -> tuple[SpeakerRole, str]:
    """`word: text`; a turn that names no speaker keeps its whole text."""
    if not isinstance(line, str):
        raise InputError(f"{place}: `context` holds something that is not a text")
    match = _TURN.fullmatch(_readable(line, "context", place))
    return (role_of(match[1]), match[2]) if match else (SpeakerRole.UNKNOWN, line)


def _records(path: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    try:
        lines = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    with lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                place = f"{path}, line {number}"
                yield place, number, _object(line, place)


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except ValueError:
        # Not chained: the exception holds the line.
        raise InputError(f"{place}: not JSON in UTF-8") from None
    if not isinstance(record, dict):
        raise InputError(f"{place}: not a JSON object")
    return record


def _text(record: dict[str, Any], field: str, place: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or (field not in {"text", "speaker"} and not value):
        raise InputError(f"{place}: `{field}` is not a text")
    return _readable(value, field, place)


def _readable(value: str, field: str, place: str) -> str:
    """Half a surrogate pair can be written in JSON, and is no text."""
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(f"{place}: `{field}` is not valid Unicode")
    return value


def _list(record: dict[str, Any], field: str, place: str) -> list[Any]:
    value = record.get(field)
    if not isinstance(value, list):
        raise InputError(f"{place}: `{field}` is not a list")
    return value


def _one_of(record: dict[str, Any], field: str, words: tuple[str, ...], place: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or value not in words:
        raise InputError(f"{place}: `{field}` is not one of {', '.join(words)}")
    return value
