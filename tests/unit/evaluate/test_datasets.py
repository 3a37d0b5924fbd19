"""Evaluation sets: what is read, and how a wrong line is named."""

from pathlib import Path

import orjson
import pytest

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.errors import InputError
from pipeline.evaluate.datasets import read_cases, read_rows, role_of

ROW = {
    "id": "a-1",
    "lang": "en",
    "context": ["doctor: And the last four?", "patient：Wait."],
    "speaker": "patient",
    "text": "eight eight one two",
    "label": "unsafe",
    "category": "phi",
}


def written(path: Path, *records: object) -> Path:
    path.write_bytes(b"\n".join(orjson.dumps(record) for record in records) + b"\n\n")
    return path


def test_a_row_keeps_its_id_and_its_turns_with_their_roles(tmp_path: Path) -> None:
    [row] = read_rows(written(tmp_path / "set.jsonl", ROW))
    assert (row.id, row.label, row.category, row.lang) == ("a-1", RiskLevel.UNSAFE, Category.PHI, "en")
    assert row.context == ((SpeakerRole.CLINICIAN, "And the last four?"), (SpeakerRole.PATIENT, "Wait."))
    assert row.role is SpeakerRole.PATIENT


def test_a_row_without_an_id_is_named_after_file_and_line(tmp_path: Path) -> None:
    [row] = read_rows(written(tmp_path / "set.jsonl", {name: ROW[name] for name in ROW if name != "id"}))
    assert row.id == "set-1"


def test_a_turn_without_a_speaker_keeps_its_text(tmp_path: Path) -> None:
    [row] = read_rows(written(tmp_path / "set.jsonl", {**ROW, "context": ["no speaker here"]}))
    assert row.context == ((SpeakerRole.UNKNOWN, "no speaker here"),)


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("doctor", SpeakerRole.CLINICIAN),
        ("Patient", SpeakerRole.PATIENT),
        ("医生", SpeakerRole.CLINICIAN),
        ("interpreter", SpeakerRole.INTERPRETER),
        ("unknown", SpeakerRole.UNKNOWN),
        ("neighbour", SpeakerRole.OTHER),
    ],
)
def test_a_word_stands_for_a_role(word: str, role: SpeakerRole) -> None:
    assert role_of(word) is role


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": "bad"}, "`label` is not one of safe, contested, unsafe"),
        ({"label": "safe"}, "a safe row has `category` none"),
        ({"category": "none"}, "a safe row has `category` none"),
        ({"category": "secret"}, "`category` is not one of none, phi"),
        ({"text": None}, "`text` is not a text"),
        ({"lang": ""}, "`lang` is not a text"),
        ({"id": 7}, "`id` is not a text"),
        ({"context": "secret"}, "`context` is not a list"),
        ({"context": [1]}, "`context` holds something that is not a text"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_line_and_not_quoted(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "set.jsonl", ROW, {**ROW, **change})
    with pytest.raises(InputError) as refused:
        list(read_rows(path))
    assert f"{path}, line 2: {told}" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b'{"id": "a", "text": "\\ud800"}'])
def test_a_line_that_is_no_row_is_named_without_its_text(line: bytes, tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(line)
    with pytest.raises(InputError, match=r"set\.jsonl, line 1: ") as refused:
        list(read_rows(tmp_path / "set.jsonl"))
    assert refused.value.__cause__ is None


def test_half_a_surrogate_pair_is_no_text(tmp_path: Path) -> None:
    line = orjson.dumps({**ROW, "text": "HERE"}).replace(b"HERE", b"\\ud800")
    (tmp_path / "set.jsonl").write_bytes(line)
    with pytest.raises(InputError, match="`text` is not valid Unicode"):
        list(read_rows(tmp_path / "set.jsonl"))


def test_a_row_is_a_case_whose_last_turn_is_judged(tmp_path: Path) -> None:
    [case] = read_cases(written(tmp_path / "set.jsonl", ROW))
    assert (case.dataset, case.id, case.label) == ("set", "a-1", RiskLevel.UNSAFE)
    assert case.text == "eight eight one two"
    assert len(case.turns) == 3


def test_every_turn_of_a_dialogue_is_a_case_with_the_turns_before_it_and_no_label(tmp_path: Path) -> None:
    turns = [{"speaker": "doctor", "text": "Any fever?"}, {"speaker": "patient", "text": "No."}]
    cases = list(read_cases(written(tmp_path / "talk.jsonl", {"id": "d", "turns": turns})))
    assert [case.id for case in cases] == ["d:1", "d:2"]
    assert [case.text for case in cases] == ["Any fever?", "No."]
    assert cases[1].turns[0] == (SpeakerRole.CLINICIAN, "Any fever?")
    assert {case.label for case in cases} == {None}


def test_no_more_cases_are_read_than_the_limit(tmp_path: Path) -> None:
    path = written(tmp_path / "set.jsonl", ROW, {**ROW, "id": "a-2"}, {**ROW, "id": "a-3"})
    assert [case.id for case in read_cases(path, limit=2)] == ["a-1", "a-2"]


def test_two_rows_of_one_id_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "set.jsonl", ROW, ROW)
    with pytest.raises(InputError, match=r"line 2: `id` stands in the file twice"):
        list(read_cases(path))


def test_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(InputError, match="no row in it"):
        list(read_cases(tmp_path / "empty.jsonl"))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_cases(tmp_path / "nowhere.jsonl"))
