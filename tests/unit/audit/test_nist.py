"""The answers to the assessor's questions name only what there is."""

import json
from pathlib import Path

import pytest

from pipeline.audit.nist import QUESTIONS, Question
from pipeline.metrics import Metrics
from pipeline.settings import known_variables

COMMANDS = {
    "audit": {"verify", "show", "examine", "export", "prove", "verify-proof", "erase"},
    "keys": {"init"},
    "replay": set(),
    "topics": {"ensure", "show"},
    "schema": {"write"},
    "doctor": set(),
}
"""Those of the command line that the table may name."""

every_question = pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row.question[:40])


@every_question
def test_metrics_are_exposed_by_a_worker(row: Question) -> None:
    exposed = {sample.name for family in Metrics().registry.collect() for sample in family.samples}
    families = {family.name for family in Metrics().registry.collect()}

    known = families | exposed | {f"{name}_total" for name in families}
    assert set(row.metrics) <= known


@every_question
def test_settings_are_settings(row: Question) -> None:
    assert set(row.settings) <= set(known_variables())


@every_question
def test_commands_are_of_consultguard(row: Question) -> None:
    for command in row.commands:
        program, group, *rest = command.split()
        assert program == "consultguard"
        assert set(rest) <= COMMANDS[group]
        assert bool(rest) == bool(COMMANDS[group])


@every_question
def test_every_question_is_answered_and_names_what_answers_it(row: Question) -> None:
    assert row.answer.endswith(".")
    assert row.commands or row.metrics or row.settings


def test_no_question_stands_twice_and_the_five_key_activities_are_there_in_order() -> None:
    assert len({row.question for row in QUESTIONS}) == len(QUESTIONS)
    numbered = [row.activity[0] for row in QUESTIONS if row.activity[1] == "."]
    assert numbered == sorted(numbered)
    assert set(numbered) == set("12345")


@pytest.mark.parametrize(
    "words",
    [
        "What activities will be audited",
        "What should the audit record include",
        "Are audit records generated for all systems/devices",
        "Are changes/upgrades to information systems",
        "How often will audit results be analyzed?",
        "Where will audit information reside (e.g., separate server)?",
        "derive exception reports",
        "the use of automation to assist",
        "What mechanisms (e.g., metrics) will be implemented",
    ],
)
def test_what_assessors_read_out_is_among_the_questions(words: str) -> None:
    assert [row.question for row in QUESTIONS if words in row.question]


def test_the_fields_an_answer_promises_are_in_the_released_schema() -> None:
    (row,) = (row for row in QUESTIONS if row.question.startswith("What should the audit record include"))
    schema = json.loads((Path(__file__).parents[3] / "schemas" / "consult.audit-1.schema.json").read_text())

    assert "schemas/consult.audit-1.schema.json" in row.answer
    promised = {"event", "outcome", "recorded_at_ms", "actor", "consult_id", "chunk_id", "source", "rule", "scores"}
    assert promised | {"policy", "model", "chain"} <= set(schema["properties"])
