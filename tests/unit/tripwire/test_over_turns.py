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


def _one_a_turn(first: str, symbols: str, *, answer: str | None = None) -> list[tuple[str, str]]:
    turns = [(_P, first)]
    for symbol in symbols:
        turns += [(_C, answer)] if answer else []
        turns.append((_P, symbol))
    return turns


@pytest.mark.parametrize(
    ("earlier", "text", "language", "kind", "span"),
    [
        (_one_a_turn("车牌粤B", "3T05"), "Q，就停在楼下", "zh", "account_number", "Q"),
        (_one_a_turn("车牌号粤", "B3T05", answer="嗯"), "Q。", "zh", "account_number", "Q"),
        (_one_a_turn("助听器的序列号是H", "LM4057"), "D，您记一下", "zh", "account_number", "D"),
        (_one_a_turn("the serial number is H", "LM4057", answer="okay"), "D", "en", "account_number", "D"),
        ([(_P, "the zip is six"), (_P, "oh"), (_P, "six"), (_P, "two")], "nine", "en", "postal_address", "nine"),
        ([(_C, "And your zip?")], "six oh six two nine", "en", "postal_address", "six oh six two nine"),
        (
            [(_C, "微信号是多少？"), (_P, "k、l、m"), (_C, "k、l、m，好")],
            "q、w，再来四零五九",
            "zh",
            "account_number",
            "q、w，再来四零五九",
        ),
        (
            [(_P, "我是一"), (_P, "九"), (_P, "八"), (_P, "三年"), (_P, "十月"), (_P, "二十")],
            "七日生的",
            "zh",
            "date_of_birth",
            "七日",
        ),
        (
            [(_C, "The member number, what do you have so far?")],
            "okay, then it's four oh seven, two two",
            "en",
            "insurance_number",
            "four oh seven, two two",
        ),
        (
            [(_P, "my number is for"), *((_P, word) for word in ["won", "hive", "hive", "sicks", "ate", "too"])],
            "fore, that's all",
            "en",
            "spoken_digits",
            "fore",
        ),
    ],
)
def test_an_identifier_told_one_symbol_a_turn_is_found_in_its_last(
    earlier: list[tuple[str, str]], text: str, language: str, kind: str, span: str
) -> None:
    assert (kind, span) in found(text, language, *earlier)


@pytest.mark.parametrize(
    ("earlier", "text", "language"),
    [
        ([(_P, "2024年"), (_C, "嗯"), (_P, "5月"), (_C, "好的")], "9号做的手术", "zh"),
        ([(_P, "The stent went in March"), (_C, "mm-hm")], "third, twenty twenty-one", "en"),
        ([(_P, "the ninth of October,"), (_C, "yes?")], "2022, at night", "en"),
    ],
)
def test_a_whole_date_told_over_turns_is_found_with_little_confidence(
    earlier: list[tuple[str, str]], text: str, language: str
) -> None:
    (evidence,) = evidence_in(text, language, *earlier)
    assert (evidence.kind, evidence.confidence) == ("date_of_birth", 0.5)


def test_a_date_told_openly_in_one_turn_is_left_to_the_judge() -> None:
    assert found("2024年5月9号做的手术", "zh", (_P, "是的"), (_C, "什么时候？")) == []


@pytest.mark.parametrize(
    ("earlier", "text", "language"),
    [
        ([(_C, "Which one is it?"), (_P, "for"), (_C, "okay")], "to", "en"),
        ([(_C, "要不要做检查？"), (_P, "要"), (_C, "好的")], "要", "zh"),
        ([(_C, "vitamin B or vitamin D?"), (_P, "B"), (_C, "okay")], "D, I think", "en"),
        ([(_P, "It began in May"), (_C, "mm-hm")], "third time since 2021", "en"),
        ([(_P, "5月"), (_C, "好的")], "9号复查", "zh"),
    ],
)
def test_words_that_could_be_digits_and_parts_of_a_date_alone_are_not_found(
    earlier: list[tuple[str, str]], text: str, language: str
) -> None:
    assert found(text, language, *earlier) == []


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
