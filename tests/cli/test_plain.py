"""Text of others on a terminal."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.plain import plain, plain_json


@given(st.text())
def test_whatever_was_said_is_one_line_of_printable_characters(text: str) -> None:
    assert plain(text).isprintable()


@given(st.text())
def test_json_is_one_line_of_printable_ascii_that_gives_the_text_back(text: str) -> None:
    line = plain_json({text: [text]})

    assert line.isprintable()
    assert line.isascii()
    assert json.loads(line) == {text: [text]}


def test_what_can_be_printed_is_left_as_it_is() -> None:
    said = "Größe 5 [bold] {x} :smile: 血圧 — “naïve” ½ $HOME"
    assert plain(said) == said


def test_what_cannot_be_printed_is_written_out() -> None:
    assert plain("a\x1b[2J\nb\tc\u202e\u200b\U000e0041\ud800") == (
        "a\\u001b[2J\\nb\\tc\\u202e\\u200b\\U000e0041\\ud800"
    )
