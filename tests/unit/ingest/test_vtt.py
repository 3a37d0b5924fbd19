"""WebVTT as it is really found."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.ingest.utterance import Utterance, WarningCode
from pipeline.ingest.vtt import parse_vtt, read_vtt

ZOOM = (
    "WEBVTT\r\n\r\n"
    "1\r\n00:00:02.310 --> 00:00:05.830\r\nJane Doe: Good morning, how are you feeling?\r\n\r\n"
    "2\r\n00:00:06.100 --> 00:00:06.900\r\nJohn Smith: Um, okay.\r\n\r\n"
    "3\r\n00:00:07.000 --> 00:00:09.000\r\nJane Doe: So it hurts at 10: 30?\r\n"
)


def said(text: str) -> list[tuple[str | None, str]]:
    return [(u.speaker_name, u.text) for u in parse_vtt(text.encode()).utterances]


def cues(*texts: str) -> str:
    blocks = [f"00:00:{i:02}.000 --> 00:00:{i:02}.900\n{text}\n" for i, text in enumerate(texts)]
    return "WEBVTT\n\n" + "\n".join(blocks)


def test_zooms_own_form_is_read_without_a_warning() -> None:
    transcript = parse_vtt(ZOOM.encode())
    assert transcript.warnings == ()
    assert transcript.utterances == (
        Utterance("Jane Doe", "Good morning, how are you feeling?", 2310, 5830),
        Utterance("John Smith", "Um, okay.", 6100, 6900),
        Utterance("Jane Doe", "So it hurts at 10: 30?", 7000, 9000),
    )


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + ZOOM.encode(), ZOOM.encode("utf-16"), ZOOM.replace("\r", "").encode()]
)
def test_byte_order_mark_encoding_and_line_ends_make_no_difference(content: bytes) -> None:
    assert parse_vtt(content) == parse_vtt(ZOOM.encode())


def test_hours_may_be_absent_or_many_and_settings_may_follow() -> None:
    text = "WEBVTT\n\n01:02.500 --> 01:03.000 align:start line:0\nHi\n\n101:00:00,250 --> 101:00:01.000\nBye\n"
    assert [(u.started_at_ms, u.ended_at_ms) for u in parse_vtt(text.encode()).utterances] == [
        (62_500, 63_000),
        (363_600_250, 363_601_000),
    ]


def test_header_lines_notes_styles_and_cue_names_are_passed_over() -> None:
    text = (
        "WEBVTT - visit\nKind: captions\nLanguage: en\n\nNOTE checked by\nsomebody\n\nSTYLE\n::cue { color: red }\n\n"
        "intro part\n00:01.000 --> 00:02.000\nDr. Alvarez: Hello\n"
    )
    transcript = parse_vtt(text.encode())
    assert [(u.speaker_name, u.text) for u in transcript.utterances] == [("Dr. Alvarez", "Hello")]
    assert transcript.warnings == ()


def test_a_cue_over_several_lines_is_one_utterance() -> None:
    assert said(cues("Patient: it hurts\nmostly at night")) == [("Patient", "it hurts mostly at night")]


def test_voice_tags_name_their_speakers_and_other_tags_and_entities_are_undone() -> None:
    assert said(cues("<v Dr. Alvarez>Is it <b>better</b> &amp; calmer?</v>", "<v.loud A>one <v B>two")) == [
        ("Dr. Alvarez", "Is it better & calmer?"),
        ("A", "one"),
        ("B", "two"),
    ]


def test_a_comparison_in_the_text_is_no_tag() -> None:
    assert said(cues("Patient: it was <UNIN/> or < 5")) == [("Patient", "it was <UNIN/> or < 5")]


def test_a_display_name_may_hold_a_colon_a_comma_or_full_stops() -> None:
    assert said(
        cues("Lee: Ward 3: take two", "Smith, Dr. J.: yes", "Lee: Ward 3: at 10: 30", "Smith, Dr. J.: so: no")
    ) == [
        ("Lee: Ward 3", "take two"),
        ("Smith, Dr. J.", "yes"),
        ("Lee: Ward 3", "at 10: 30"),
        ("Smith, Dr. J.", "so: no"),
    ]


def test_a_colon_in_talk_without_names_does_not_make_one() -> None:
    texts = ["The plan is this: rest", "BP: 120 over 80", "Take two at 10: 30", "I said. Now: go", "thank you"]
    assert said(cues(*texts)) == [(None, text) for text in texts]


def test_chinese_names_and_the_full_width_colon_are_read() -> None:
    assert said(cues("李医生：哪里不舒服？", "患者：头疼：三天了")) == [
        ("李医生", "哪里不舒服？"),
        ("患者", "头疼：三天了"),
    ]


def test_overlapping_cues_come_in_the_order_in_which_they_start() -> None:
    text = (
        "WEBVTT\n\n00:05.000 --> 00:09.000\nA: later\n\n00:01.000 --> 00:06.000\nB: earlier\n\n"
        "00:05.000 --> 00:06.000\nB: same\n"
    )
    assert [u.text for u in parse_vtt(text.encode()).utterances] == ["earlier", "later", "same"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("00:01.000 --> 00:02.000\nHi", WarningCode.NO_HEADER, 1),
        ("WEBVTT\n\n00:01 --> 00:02.000\nHi", WarningCode.BAD_TIMING, 3),
        ("WEBVTT\n\n00:05.000 --> 00:02.000\nHi", WarningCode.NEGATIVE_DURATION, 3),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n\nlost words\nmore", WarningCode.TEXT_OUTSIDE_CUE, 6),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n\n00:02.000 --> 00:03.000\nHi", WarningCode.EMPTY_CUE, 3),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n\n2\n00:02.000 --> 00:03.000\n", WarningCode.TRUNCATED, 8),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n\n2\n00:02.0", WarningCode.TRUNCATED, 7),
    ],
)
def test_what_is_odd_is_said_by_code_and_line(text: str, code: WarningCode, line: int) -> None:
    assert (code, line) in [(warning.code, warning.line) for warning in parse_vtt(text.encode()).warnings]


def test_bytes_that_are_no_utf_8_are_replaced_and_said() -> None:
    transcript = parse_vtt(b"WEBVTT\n\n00:01.000 --> 00:02.000\nPatient: caf\xe9\n")
    assert transcript.utterances[0].text == "caf\ufffd"
    assert [(w.code, w.line) for w in transcript.warnings] == [(WarningCode.UNDECODABLE, 4)]


def test_a_line_separator_within_the_words_is_no_line_end() -> None:
    assert said(cues("Patient: one\u2028two", "Patient: ok")) == [("Patient", "one\u2028two"), ("Patient", "ok")]


@given(st.integers(0, len(ZOOM)))
def test_a_file_cut_off_anywhere_gives_every_cue_before_the_cut(size: int) -> None:
    cut = ZOOM[:size]
    whole = [u for u in parse_vtt(ZOOM.encode()).utterances if f"{u.speaker_name}: {u.text}\r\n" in cut]
    got = parse_vtt(cut.encode()).utterances
    assert [u.text for u in got[: len(whole)]] == [u.text for u in whole]
    assert len(got) <= len(whole) + 1


@given(st.binary(max_size=200) | st.text(alphabet="WEBVT\n\r0123:.-> <v/&;NOTEab：李", max_size=200).map(str.encode))
@settings(max_examples=300)
def test_nothing_in_a_file_makes_the_parser_fail(content: bytes) -> None:
    transcript = parse_vtt(content)
    starts = [u.started_at_ms for u in transcript.utterances]
    assert starts == sorted(starts)
    assert all(u.text and u.ended_at_ms >= u.started_at_ms for u in transcript.utterances)


def test_a_file_without_a_cue_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("secret words")
    with pytest.raises(InputError, match=r"notes\.txt") as caught:
        read_vtt(path)
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError, match=r"absent\.vtt"):
        read_vtt(tmp_path / "absent.vtt")
