import random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.noise import roughen, strip_punctuation
from pipeline.training.spoken import say_digits


@given(st.text(alphabet="abcdefg 0123456789.,!?", min_size=1, max_size=60), st.integers(0, 500))
def test_noise_never_loses_a_digit(text: str, seed: int) -> None:
    rough = roughen(text, "en", random.Random(seed))
    assert [c for c in rough if c.isdigit()] == [c for c in text if c.isdigit()]


def test_stripping_punctuation_keeps_the_dots_of_numbers_and_addresses() -> None:
    assert strip_punctuation("It was 7.4, at 10:30. Mail a.b@c.org!") == "It was 7.4 at 10:30 Mail a.b@c.org"


def test_digits_are_said_one_by_one_in_chinese() -> None:
    assert set(say_digits("2380", "zh", random.Random(1))) <= set("二三八零〇洞")


def test_other_characters_are_not_said() -> None:
    assert len(say_digits("1-2", "de", random.Random(1)).replace(",", "").split()) == 2
