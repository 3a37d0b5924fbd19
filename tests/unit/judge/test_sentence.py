"""A model's own words stand in a verdict only where they are one sentence that quotes nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judge.sentence import MAX_REASON_CHARS, publishable
from tests.unit.judge.windows import window

CHUNK = window("Ｍｙ  number is 555 0142 and I am Odalys Ferreira")


@pytest.mark.parametrize(
    "reason",
    [
        "It identifies the speaker by telephone.",
        "说话人说出了电话号码。",
        "Le patient donne son nom complet ; c'est un identifiant.",
        "He is over 89 and lives in a small town.",
    ],
)
def test_a_sentence_of_the_models_own_is_kept_as_it_is(reason: str) -> None:
    assert publishable(reason, CHUNK) == reason


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "",
        "   ",
        "It names a person.\nIt is unsafe.",
        "It names a person\x07.",
        "It names a\u202e person.",
        "It names a person. It is unsafe.",
        "这里有姓名。这里有电话。",
        "x" * (MAX_REASON_CHARS + 1),
        "It holds 5550142.",
        "It holds 7-7-7-7.",
        "It holds ７７７７.",
        "It holds ٧٧٧٧.",
        "It names odalys ferreira.",
        "It names ODALYS   FERREIRA.",
        "It names Odalys Fe\u200brreira.",
        "It says MY NUMBER IS.",
    ],
)
def test_what_is_no_sentence_or_quotes_is_refused(reason: str | None) -> None:
    assert publishable(reason, CHUNK) is None


def test_what_the_cleaner_took_out_is_not_quoted_either() -> None:
    spoken = window("Odalys Ferreira")
    said = replace(spoken.chunk, text="Ferreira")
    assert publishable("It names Odalys F.", replace(spoken, chunk=said)) is None


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_eight_characters_of_a_chunk_are_ever_published(said: str, before: str, after: str) -> None:
    kept = publishable(f"{before}{said}{after}", window(said))
    shared = "".join(said.split()).casefold()
    assert kept is None or len(shared) < 8 or shared not in kept.casefold()
