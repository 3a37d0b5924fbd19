"""Dialogues as JSON Lines: one consultation a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import InputError
from pipeline.ingest.utterance import Utterance

# Ordinary speech: about 150 English words, or 240 Chinese characters, a minute.
_MS_PER_CHARACTER = 65
_MS_PER_HAN_CHARACTER = 250
_PAUSE_MS = 400


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One line of the file. `utterances` carry the speaker's word (doctor, patient, …) as the name."""

    id: str
    language: str | None
    utterances: tuple[Utterance, ...]


def read_dialogues(path: Path) -> Iterator[Dialogue]:
    """Dialogues `{"id", "lang"?, "turns": [{"speaker", "text"}, …]}` in the order of the file; blank lines pass.

    Turns have no times: they are given by length at the pace of ordinary speech, one after the other. Raises
    InputError naming the file and the line, never what is in it.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _dialogue(line, f"{path}, line {number}")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _dialogue(line: bytes, place: str) -> Dialogue:
    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The library's message may quote the line, so it is not chained.
        raise InputError(f"{place}: not JSON") from None
    if not isinstance(body, dict):
        raise InputError(f"{place}: not a JSON object")
    identifier, language, turns = body.get("id"), body.get("lang"), body.get("turns")
    if not isinstance(identifier, str) or not identifier:
        raise InputError(f"{place}: `id` is not a text")
    if language is not None and not isinstance(language, str):
        raise InputError(f"{place}: `lang` is not a text")
    if not isinstance(turns, list) or not turns:
        raise InputError(f"{place}: `turns` is not a list with turns in it")
    return Dialogue(identifier, language, tuple(_timed(turns, place)))


def _timed(turns: list[Any], place: str) -> Iterator[Utterance]:
    now = 0
    for position, turn in enumerate(turns):
        speaker = turn.get("speaker") if isinstance(turn, dict) else None
        text = turn.get("text") if isinstance(turn, dict) else None
        if not isinstance(speaker, str) or not isinstance(text, str):
            raise InputError(f"{place}: turn {position + 1} lacks a `speaker` or a `text`")
        ended = now + _duration_ms(text)
        yield Utterance(speaker, text, now, ended)
        now = ended + _PAUSE_MS


def _duration_ms(text: str) -> int:
    han = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return han * _MS_PER_HAN_CHARACTER + (len(text) - han) * _MS_PER_CHARACTER
