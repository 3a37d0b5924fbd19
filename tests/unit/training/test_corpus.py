import json
from pathlib import Path

import pytest

from pipeline.training.corpus import held_out, load_dialogues


def _folder(tmp_path: Path, *texts: str, name: str = "mts-dialog.jsonl", **fields: object) -> Path:
    (tmp_path / "dialogues").mkdir(exist_ok=True)
    record = {"id": "x-1", "lang": "en", "turns": [{"speaker": "doctor", "text": t} for t in texts], **fields}
    (tmp_path / "dialogues" / name).write_text(json.dumps(record) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "It was on July twenty ninth two thousand eight.",
        "Call 555 0199 please.",
        "Mrs. Harrow is here.",
        "The code is four one one seven.",
        "She is a 93 year old woman.",
        "So Agatha, how is the knee?",
        "Write to me at a@b.org",
    ],
)
def test_a_turn_with_an_identifier_is_not_clean(tmp_path: Path, text: str) -> None:
    (dialogue,) = load_dialogues(_folder(tmp_path, text), frozenset({"agatha"}))
    assert not dialogue.turns[0].clean


@pytest.mark.parametrize(
    "text", ["I have had it for two weeks.", "It is one forty over ninety.", "Two or three times a day.", "She is 84."]
)
def test_ordinary_numbers_leave_a_turn_clean(tmp_path: Path, text: str) -> None:
    (dialogue,) = load_dialogues(_folder(tmp_path, text), frozenset())
    assert dialogue.turns[0].clean


def test_a_given_name_that_is_also_a_word_does_not_count(tmp_path: Path) -> None:
    (dialogue,) = load_dialogues(_folder(tmp_path, "it will pass", "Will it pass?"), frozenset({"will"}))
    assert dialogue.turns[1].clean


def test_a_visit_s_own_names_count_even_in_lower_case(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "hi zelda how are you", name="aci-bench.jsonl", names={"patient_first": "Zelda"})
    (dialogue,) = load_dialogues(folder, frozenset())
    assert not dialogue.turns[0].clean


def test_a_recording_and_its_transcript_are_on_one_side(tmp_path: Path) -> None:
    _folder(tmp_path, "hello", name="aci-bench.jsonl", id="aci-train-D2N001")
    _folder(tmp_path, "hello", name="aci-bench-asr.jsonl", id="aci-train_virtscribe_asr-D2N001")
    one, other = load_dialogues(tmp_path, frozenset())
    assert one.visit == other.visit
    assert one.held_out == other.held_out == held_out("D2N001")
