"""Identifiers that only several turns together make, and answers that only their question makes identifiers."""

import pytest

from tests.unit.tripwire.build import evidence_in, found

_P, _C = "patient", "clinician"


@pytest.mark.parametrize(
    ("earlier", "text", "language", "kind", "span"),
    [
        (
            [(_P, "my number is four one five"), (_C, "okay"), (_P, "five five five"), (_C, "go on")],
            "zero one four two",
            "en",
            "spoken_digits",
            "zero one four two",
        ),
        ([(_P, "it's 415"), (_C, "mm-hmm"), (_P, "555"), (_C, "yes")], "0142, thanks", "en", "phone", "0142"),
        (
            [
                (_P, "my number is four"),
                *((_P, digit) for digit in ["one", "five", "five", "five", "five", "zero", "one", "four"]),
            ],
            "two",
            "en",
            "spoken_digits",
            "two",
        ),
        (
            [turn for digit in "1380013800" for turn in ((_P, digit), (_C, "嗯"))],
            "0",
            "zh",
            "spoken_digits",
            "0",
        ),
        (
            [(_P, "我电话是一三八零零"), (_C, "嗯，后面呢？"), (_P, "一三"), (_C, "好的")],
            "八零零零",
            "zh",
            "spoken_digits",
            "八零零零",
        ),
        (
            [(_P, "four one five five five five"), (_C, "and the last four?")],
            "eight eight one two",
            "en",
            "spoken_digits",
            "eight eight one two",
        ),
        (
            [(_P, "five five five"), (_C, "five five five?")],
            "oh one four two",
            "en",
            "spoken_digits",
            "oh one four two",
        ),
        ([(_C, "What's your MRN?")], "four four seven one", "en", "record_number", "four four seven one"),
        ([(_C, "病案号是多少？")], "四四七一二九零", "zh", "record_number", "四四七一二九零"),
        ([(_C, "What's a good number to call you back on?")], "5550142", "en", "phone", "5550142"),
        (
            [(_C, "What's your date of birth?")],
            "March third, nineteen eighty-four",
            "en",
            "date_of_birth",
            "March third, nineteen eighty-four",
        ),
        (
            [(_C, "When's your birthday?"), (_P, "October the second."), (_C, "And the year?")],
            "Nineteen sixty-seven.",
            "en",
            "date_of_birth",
            "Nineteen sixty-seven",
        ),
        (
            [(_P, "my name is Okafor"), (_C, "how do you spell that?")],
            "O-K-A-F-O-R",
            "en",
            "spelled_name",
            "O-K-A-F-O-R",
        ),
        ([(_P, "hollis.tremayne@example"), (_C, "okay")], ".org, correct?", "en", "email", "org"),
        (
            [(_P, "My plate is 7K"), (_C, "uh-huh"), (_P, "LR2"), (_C, "mm-hm")],
            "24, outside",
            "en",
            "account_number",
            "24",
        ),
        ([(_P, "you have me as born 30/08"), (_C, "mm-hm")], "1962, right?", "en", "date_of_birth", "1962"),
        ([(_C, "What's your address?")], "fourteen maple street", "en", "postal_address", "fourteen maple street"),
    ],
)
def test_the_part_that_completes_an_identifier_is_found_in_its_chunk(
    earlier: list[tuple[str, str]], text: str, language: str, kind: str, span: str
) -> None:
    assert (kind, span) in found(text, language, *earlier)


@pytest.mark.parametrize(
    ("earlier", "text"),
    [
        ([(_P, "my number is four one five")], "five"),
        ([(_P, "four one five"), (_C, "okay")], "my knee hurts when I climb two or three steps"),
        ([(_P, "call me at four one five five five five oh one four two"), (_C, "okay")], "and my knee hurts"),
        ([(_C, "How do you spell the drug?")], "M-E-T-F-O-R-M-I-N"),
        ([(_C, "What was the sugar this morning?"), (_P, "one forty two"), (_C, "okay")], "and one thirty eight"),
        ([(_P, "four one five"), (_C, "Any chest pain? Tell me about your week, please.")], "five five five zero"),
    ],
)
def test_a_part_alone_an_answer_of_another_kind_and_what_was_said_before_are_not_found(
    earlier: list[tuple[str, str]], text: str
) -> None:
    assert found(text, "en", *earlier) == []


def test_another_speakers_digits_are_not_joined() -> None:
    assert found("zero one four two", "en", (_C, "four one five five five five")) == []


def test_the_last_four_alone_are_found_with_little_confidence() -> None:
    (evidence,) = evidence_in("eight eight one two", "en", (_C, "and the last four of your social?"))
    assert evidence.confidence < 0.6


def test_every_finding_cites_the_chunk_under_judgment() -> None:
    text = "it's five five five zero one four two"
    (evidence,) = evidence_in(text, "en", (_P, "my number is four one five"), (_C, "yes?"))
    assert text[evidence.start : evidence.end] == "five five five zero one four two"
