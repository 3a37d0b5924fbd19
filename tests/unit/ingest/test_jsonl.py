"""Dialogues as JSON Lines."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.ingest.jsonl import read_dialogues

_TURNS = '[{"speaker": "doctor", "text": "Hello there"}, {"speaker": "patient", "text": "嗯"}]'
_GOOD = f'{{"id": "d1", "lang": "en", "turns": {_TURNS}}}'


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "talk.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_line_is_a_dialogue_with_times_that_follow_each_other(tmp_path: Path) -> None:
    (first, second) = read_dialogues(_file(tmp_path, f"{_GOOD}\n\n{_GOOD.replace('d1', 'd2')}"))
    assert (first.id, second.id, first.language) == ("d1", "d2", "en")
    doctor, patient = first.utterances
    assert (doctor.speaker_name, doctor.text, doctor.started_at_ms) == ("doctor", "Hello there", 0)
    assert doctor.started_at_ms < doctor.ended_at_ms < patient.started_at_ms < patient.ended_at_ms


def test_the_language_may_be_absent_and_further_fields_are_ignored(tmp_path: Path) -> None:
    (dialogue,) = read_dialogues(
        _file(tmp_path, '{"id": "x", "split": 1, "turns": [{"speaker": "other", "text": "a", "n": 2}]}')
    )
    assert dialogue.language is None


@pytest.mark.parametrize(
    "line",
    [
        "not json secret",
        '["secret"]',
        '{"turns": [{"speaker": "doctor", "text": "secret"}]}',
        '{"id": 7, "turns": []}',
        '{"id": "x", "lang": 3, "turns": [{"speaker": "doctor", "text": "secret"}]}',
        '{"id": "x", "turns": []}',
        '{"id": "x", "turns": ["secret"]}',
        '{"id": "x", "turns": [{"speaker": "doctor"}]}',
    ],
)
def test_what_is_wrong_is_said_with_file_and_line_and_without_the_text(tmp_path: Path, line: str) -> None:
    path = _file(tmp_path, f"{_GOOD}\n{line}\n")
    with pytest.raises(InputError, match=r"talk\.jsonl, line 2") as caught:
        list(read_dialogues(path))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.jsonl"):
        list(read_dialogues(tmp_path / "absent.jsonl"))
