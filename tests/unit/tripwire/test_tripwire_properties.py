"""What holds of every text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.window import ContextWindow
from pipeline.tripwire.bed import find_beds
from pipeline.tripwire.birth import find_births
from pipeline.tripwire.finding import Reading
from pipeline.tripwire.network import find_addresses
from pipeline.tripwire.numerals import without_ordinary_numbers
from pipeline.tripwire.phone import find_phones
from pipeline.tripwire.postal import find_postal_addresses
from pipeline.tripwire.postcode import find_postcodes
from pipeline.tripwire.record import find_record_numbers
from pipeline.tripwire.register import find_handles, find_long_numbers
from pipeline.tripwire.spelled import find_letters, find_surname_parts
from pipeline.tripwire.spoken import find_spoken_digits
from tests.unit.tripwire.build import TRIPWIRES, chunk, evidence_in

_DETECTORS = (
    find_births,
    find_addresses,
    find_phones,
    find_record_numbers,
    find_letters,
    find_spoken_digits,
    find_beds,
    find_postal_addresses,
    find_postcodes,
    find_handles,
    find_long_numbers,
    find_surname_parts,
)
_PIECES = [
    *(
        "five",
        "oh",
        "zero",
        "forty",
        "double",
        "two",
        "5",
        "55",
        "0142",
        "415",
        "-",
        ".",
        ", ",
        " ",
        "/",
        ":",
        "@",
        "+",
    ),
    *(
        "一",
        "幺",
        "三",
        "零",
        "八",
        "年",
        "月",
        "号",
        "1984",
        "March",
        "third",
        "born",
        "DOB",
        "MRN",
        "name",
        "O",
        "K",
        "A",
    ),
    *(
        "example.com",
        " dot ",
        " at ",
        "com",
        "call",
        "mg",
        "电话",
        "出生",
        "弓长张",
        "病案号",
        "number",
        "is",
        "身份证",
        "x",
        "Street ",
        "Maple ",
        " 12 ",
        "room ",
        "Mr. ",
        "床",
        "王建国",
        "路",
        "微信",
        "alpha ",
        " as in ",
        "last ",
        "yao",
        "ゼロ",
        "12345678",
        " and ",
        "zip code ",
        "邮编",
        "yao1 ",
        "ate ",
        "for ",
        "吧",
    ),
]
_TEXTS = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=25).map("".join) | st.text(min_size=1, max_size=60)
_LANGUAGES = st.sampled_from(["en", "zh", "es", None])


@given(_TEXTS, _LANGUAGES)
@settings(max_examples=300)
def test_every_span_lies_in_the_raw_text_and_is_not_empty(text: str, language: str | None) -> None:
    for evidence in evidence_in(text, language):
        assert 0 <= evidence.start < evidence.end <= len(text)
        assert 0.0 < evidence.confidence <= 1.0


@given(_TEXTS, _LANGUAGES)
@settings(max_examples=300)
def test_the_cheap_look_before_the_detectors_hides_nothing(text: str, language: str | None) -> None:
    clean = CleanChunk(chunk(text, language), text, tuple(range(len(text) + 1)), "none")
    covered = [(evidence.start, evidence.end) for evidence in TRIPWIRES.find(ContextWindow(clean))]
    reading = Reading(text, without_ordinary_numbers(text), language)
    for detect in _DETECTORS:
        for finding in detect(reading):
            assert any(start <= finding.start and finding.end <= end for start, end in covered)


_HIDERS = st.sampled_from(["", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u202d"])


@given(st.lists(_HIDERS, min_size=12, max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_invisible_and_full_width_characters_do_not_hide_a_telephone_number(
    hiders: list[str], wide: list[bool]
) -> None:
    number = "".join(
        hider + (chr(ord(character) + 0xFEE0) if is_wide and character.isdigit() else character)
        for character, hider, is_wide in zip("415-555-0142", hiders, wide, strict=True)
    )
    text = f"you can reach me at {number} after five"
    (evidence,) = evidence_in(text)
    assert evidence.kind is EvidenceKind.PHONE
    assert text[evidence.start : evidence.end] == number.lstrip("\u200b\u2060\ufeff\u00ad\u202d")


@given(st.text(max_size=80))
def test_blotting_out_ordinary_numbers_keeps_every_place(text: str) -> None:
    plain = without_ordinary_numbers(text)
    assert len(plain) == len(text)
    assert all(after in (before, "x") for before, after in zip(text, plain, strict=True))
