"""Postal codes: after the word for one, told or written; a clinic's own is nobody's."""

import pytest

from tests.unit.tripwire.build import found


@pytest.mark.parametrize(
    ("text", "language", "span"),
    [
        ("my zip code is 60629", "en", "60629"),
        ("zip is six oh six two nine, same as last time", "en", "six oh six two nine"),
        ("the postcode, um, it's LS9 7TF", "en", "LS9 7TF"),
        ("postal code K1A 0B1", "en", "K1A 0B1"),
        ("邮编是二一零零零八", "zh", "二一零零零八"),
        ("el código postal es 28013", "es", "28013"),
        ("code postal sept cinq zéro un un", "fr", "sept cinq zéro un un"),
        ("meine Postleitzahl ist 10115", "de", "10115"),
    ],
)
def test_a_postal_code_is_found_after_the_word_for_one(text: str, language: str, span: str) -> None:
    assert ("postal_address", span) in found(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "the pharmacy's zip code is 60629",
        "the zip on my jacket broke 3 weeks ago",
        "put it in a zip lock bag, 20 of them",
        "which zip code do you have for the clinic?",
        "my zip code changed in the year 2019",
    ],
)
def test_a_shops_code_and_other_zips_are_not_found(text: str) -> None:
    assert found(text) == []
