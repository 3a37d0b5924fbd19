"""Where long turns are split, and where never."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.segment import split_points


def pieces(text: str, max_chars: int) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *split_points(text, max_chars)])]


@pytest.mark.parametrize(
    ("text", "max_chars", "first"),
    [
        ("It hurts here. And there too.", 20, "It hurts here. "),
        ("Me duele aquí. ¿Y allí también?", 20, "Me duele aquí. "),
        ("我头疼。晚上睡不着觉。", 8, "我头疼。"),
        ("頭が痛いです。夜も眠れません。", 12, "頭が痛いです。"),
        ("머리가 아파요. 밤에 잠을 못 자요.", 14, "머리가 아파요. "),
        ("هل تشعر بألم؟ نعم أشعر بألم شديد", 20, "هل تشعر بألم؟ "),
        ("मुझे दर्द है। अब नींद नहीं आती।", 20, "मुझे दर्द है। "),
        ("Голова болит. Ночью не сплю совсем.", 22, "Голова болит. "),
    ],
)
def test_a_split_is_at_the_end_of_a_sentence_as_the_language_marks_it(text: str, max_chars: int, first: str) -> None:
    assert pieces(text, max_chars)[0] == first


@pytest.mark.parametrize(
    ("whole", "text", "max_chars"),
    [
        ("Dr. Alvarez", "Since spring I see Dr. Alvarez for that", 24),
        ("Dr. Maria Alvarez", "Since spring I see Dr. Maria Alvarez for that", 30),
        ("doctor Alvarez", "Since spring I see doctor Alvarez for that", 28),
        ("J. Smith", "My name is J. Smith and I called before", 15),
        ("Frau Dr. Weber", "Gestern war ich bei Frau Dr. Weber wegen Husten", 28),
        ("Sra. Gómez", "Ayer me llamó la Sra. Gómez por la tarde", 24),
        ("Mme Dupont", "Hier j'ai vu Mme Dupont pour la toux", 18),
        ("д-р Иванов", "Вчера меня смотрел д-р Иванов и сказал", 24),
        ("الدكتور أحمد", "رأيت أمس الدكتور أحمد في العيادة", 18),
        ("डॉ. शर्मा", "कल मैंने डॉ. शर्मा को दिखाया था", 14),
        ("김민수 선생님", "어제 병원에서 김민수 선생님 만났어요", 12),
        ("李医生", "昨天我在医院看的李医生他说没事", 9),
        ("山田先生", "昨日は病院で山田先生に診てもらった", 9),
        ("555 0123 456", "Please call me on 555 0123 456 after six", 24),
        ("five five five oh one", "Call me on five five five oh one please", 22),
        ("1,000 mg", "In the morning I take 1,000 mg with food", 24),
        ("3.5", "The last value was at 3.5 and before it more", 24),
        ("13800138000", "我的电话是13800138000请记下来", 12),
        ("一三八零零一三八", "我的电话是一三八零零一三八请记", 10),
        ("S M I T H", "My family name is S M I T H as I said", 23),
        ("No. 5", "Take the one with No. 5 on the label", 22),
        ("cinco cinco cinco", "Mi número es cinco cinco cinco y ya", 25),
    ],
)
def test_a_number_and_a_name_with_its_title_stay_whole_wherever_the_limit_falls(
    whole: str, text: str, max_chars: int
) -> None:
    for limit in range(max(len(whole) + 2, max_chars - 4), max_chars + 5):
        assert any(whole in piece for piece in pieces(text, limit)), limit


def test_an_abbreviation_ends_no_sentence() -> None:
    assert pieces("It swells. I put on e.g. ice and a bandage.", 26)[0] == "It swells. "


def test_without_a_sentence_a_clause_ends_the_piece_and_without_a_clause_a_word() -> None:
    assert pieces("when I bend down, it hurts badly", 24)[0] == "when I bend down, "
    assert pieces("when I bend down it hurts badly", 24)[0] == "when I bend down it "


def test_a_character_keeps_its_marks_where_there_is_nothing_better_to_split_at() -> None:
    assert all(not piece.startswith("\u093f") for piece in pieces("कि" * 20, 7))


def test_a_number_longer_than_the_limit_is_split_all_the_same() -> None:
    assert pieces("5" * 20, 7) == ["5555555", "5555555", "555555"]


@given(st.text(alphabet="ab .。,，5五头Dr\u0301é\u200d", max_size=200), st.integers(1, 40))
def test_pieces_are_the_text_and_none_is_longer_than_the_limit(text: str, max_chars: int) -> None:
    found = pieces(text, max_chars)
    assert "".join(found) == text
    assert all(0 < len(piece) <= max_chars for piece in found) or not text


@given(
    st.lists(st.sampled_from(["pain", "today", "it", "Hurts.", "and,", "so"]), min_size=6, max_size=40),
    st.lists(st.integers(0, 9999), min_size=1, max_size=3),
    st.integers(40, 60),
)
def test_digits_that_fit_are_never_parted(words: list[str], digits: list[int], max_chars: int) -> None:
    number = " ".join(map(str, digits))
    middle = len(words) // 2
    text = " ".join([*words[:middle], number, *words[middle:]])
    assert any(re.search(rf"(?<!\d){number}(?!\d)", piece) for piece in pieces(text, max_chars))
