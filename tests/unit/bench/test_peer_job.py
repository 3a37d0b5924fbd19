"""What every peer does with a chunk."""

from typing import Any

import pytest

from pipeline.bench.peers.job import Conversations, Job, verdict

JOB = Job(
    bootstrap="kafka:9092",
    chunks_topic="c",
    partitions=6,
    verdicts_topic="v",
    group="g",
    url="http://guard:8000",
    model="guard",
    max_tokens=128,
    whole=False,
    in_flight=32,
    cache_salt="salt",
    home="/nowhere",
)


def chunk(seq: int, *, consult: str = "a") -> dict[str, Any]:
    text = f"Sentence number {seq}."
    return {
        "chunk_id": f"{consult}-{seq}",
        "consult_id": consult,
        "seq": seq,
        "speaker": {"role": "patient"},
        "text": text,
    }


def answer(text: str | None) -> dict[str, Any]:
    return {
        "choices": [{"message": {"content": text}}],
        "usage": {"prompt_tokens": 320, "completion_tokens": 9},
    }


def test_a_job_reaches_the_peer_as_it_was_given() -> None:
    assert Job.from_arguments(["module", JOB.argument(), "--instance-id", "x"]) == JOB


def test_a_prompt_holds_the_last_twelve_turns_of_its_own_consultation_and_then_the_chunk() -> None:
    conversations = Conversations()
    for seq in range(20):
        conversations.prompt(chunk(seq))
        conversations.prompt(chunk(seq, consult="b"))
    lines = conversations.prompt(chunk(20)).splitlines()
    assert lines == [
        *(f"patient: Sentence number {seq}." for seq in range(8, 20)),
        "JUDGE patient: Sentence number 20.",
    ]


def test_a_whole_answer_is_asked_for_past_the_models_own_end() -> None:
    whole = Job.from_arguments(["", JOB.argument().replace('"whole": false', '"whole": true')])
    assert "ignore_eos" not in JOB.request("said")
    assert whole.request("said") == JOB.request("said") | {"ignore_eos": True}


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Safety: Safe\nCategories: None", "safe"),
        ("Safety: Unsafe\nCategories: PII", "unsafe"),
        ("Safety: Controversial", "contested"),
        ("I cannot say", "contested"),
        ("", "contested"),
        (None, "contested"),
    ],
)
def test_a_verdict_is_the_label_an_answer_names_and_contested_where_it_names_none(text: str | None, level: str) -> None:
    found = verdict(chunk(3), answer(text))
    assert found == {
        "chunk_id": "a-3",
        "consult_id": "a",
        "seq": 3,
        "level": level,
        "prompt_tokens": 320,
        "answer_tokens": 9,
    }
