from dataclasses import replace
from pathlib import Path

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row, read_rows
from pipeline.training.rows import MAX_EARLIER_TURNS, answer, chat, user_content, write_rows

ASKED = ((SpeakerRole.CLINICIAN, "How are you?"),)
SAFE = Row(ASKED, SpeakerRole.PATIENT, "Fine.", RiskLevel.SAFE, None, "en", "t", id="one")
UNSAFE = Row((), SpeakerRole.OTHER, "Words.", RiskLevel.UNSAFE, Category.PHI, "en", "t", id="two")


def test_rows_survive_a_round_trip_through_a_file(tmp_path: Path) -> None:
    explained = replace(UNSAFE, id="three", reason="A name was said.")
    assert write_rows(tmp_path / "r.jsonl", [SAFE, UNSAFE, explained]) == 3
    assert list(read_rows(tmp_path / "r.jsonl")) == [SAFE, UNSAFE, explained]


def test_the_content_is_the_serving_profile_s_own() -> None:
    assert user_content(SAFE) == "clinician: How are you?\nJUDGE patient: Fine."


def test_the_prompt_ends_where_the_label_comes_next() -> None:
    assert chat("x") == "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\nSafety:"


def test_the_answer_has_the_guard_s_words() -> None:
    assert answer(SAFE) == " Safe\nCategories: None"
    assert answer(UNSAFE) == " Unsafe\nCategories: PII"
    assert answer(replace(UNSAFE, reason="A name was said.")) == " Unsafe\nCategories: PII\nReason: A name was said."


def test_no_more_turns_than_serving_gives_reach_the_prompt() -> None:
    turns = tuple((SpeakerRole.PATIENT, f"turn {number}") for number in range(MAX_EARLIER_TURNS + 3))
    row = Row(turns, SpeakerRole.PATIENT, "now", RiskLevel.SAFE, None, "en", "t")
    lines = user_content(row).splitlines()
    assert len(lines) == MAX_EARLIER_TURNS + 1
    assert lines[-2] == f"patient: turn {MAX_EARLIER_TURNS + 2}"
