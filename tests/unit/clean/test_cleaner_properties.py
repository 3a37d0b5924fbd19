"""What holds of every text, however odd."""

import re
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.domain.transcript import CleanChunk
from tests.unit.clean.build import CLEANER, chunk

_PIECES = [
    *("um", "Um", "uh", "erm", "uh-huh", "uh huh", "mm-hmm", "the", "The", "I", "it", "no", "nine", "ER", "mg", "UM"),
    *(
        "呃",
        "嗯",
        "我",
        "我们",
        "呃逆",
        "打",
        "头疼",
        "额",
        "那个",
        "[inaudible]",
        "<UNIN/>",
        "(laughs)",
        "[",
        "]",
        "(",
        ")",
    ),
    *(
        ",",
        ", ",
        ".",
        "...",
        "…",
        "—",
        " - ",
        "-",
        "'",
        "，",
        "。",
        "？",
        " ",
        "  ",
        "\n",
        "\u200b",
        "\u0301",
        "５",
        "5",
        "\ud800",
    ),
    *("\u1100", "\u1161", "\u11a8", "e", "\u0344", "\U0001d7d3", "und", "äh", "euh", "eh"),
]
_TEXTS = st.one_of(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join), st.text(max_size=80))
_LANGUAGES = st.sampled_from(["en", "zh", "es", "fr", "de", "pt", None])
_LONGEST_MARKER = len("[inaudible]")


def _clean(text: str, language: str | None) -> CleanChunk | None:
    result = CLEANER.clean(chunk(text, language))
    return result if isinstance(result, CleanChunk) else None


@given(_TEXTS, _LANGUAGES)
@example("uh the um the uh huh", "en")
@settings(max_examples=600)
def test_cleaning_what_is_clean_changes_nothing(text: str, language: str | None) -> None:
    once = _clean(text, language)
    if once is not None:
        again = _clean(once.text, language)
        assert again is not None
        assert again.text == once.text


@given(_TEXTS, _LANGUAGES)
@settings(max_examples=400)
def test_only_a_marker_can_make_a_text_longer(text: str, language: str | None) -> None:
    result = _clean(text, language)
    if result is not None:
        markers = len(re.findall(r"\[(?:inaudible|crosstalk|noise)\]", result.text))
        assert len(result.text) <= len(text) + markers * (_LONGEST_MARKER - 3)


@given(_TEXTS, _LANGUAGES)
@settings(max_examples=400)
def test_offsets_never_decrease_and_stay_within_the_raw_text(text: str, language: str | None) -> None:
    result = _clean(text, language)
    if result is not None:
        assert len(result.offsets) == len(result.text) + 1
        assert all(left <= right for left, right in zip(result.offsets, result.offsets[1:], strict=False))
        assert result.offsets[0] >= 0
        assert result.offsets[-1] <= len(text)
        start, end = result.raw_span(0, len(result.text))
        assert 0 <= start < end <= len(text)


@given(_TEXTS, _LANGUAGES)
@settings(max_examples=400)
def test_a_plain_letter_cites_itself(text: str, language: str | None) -> None:
    result = _clean(text, language)
    if result is not None and "[" not in result.text:
        for position, character in enumerate(result.text):
            if character.isascii() and character.isalpha():
                raw = text[result.offsets[position]]
                assert unicodedata.normalize("NFKC", raw)[:1] == character


@given(_TEXTS, _LANGUAGES)
@settings(max_examples=200)
def test_nothing_invisible_is_left(text: str, language: str | None) -> None:
    result = _clean(text, language)
    if result is not None:
        assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in result.text)
        assert "  " not in result.text
        assert result.text == result.text.strip(" ")


_PROTECTED = st.sampled_from(
    [
        "uh-huh",
        "Mm-hmm",
        "uh-uh",
        "huh",
        "ER",
        "like",
        "no, no",
        "nine nine nine",
        "5 mg",
        "A A",
        "不不",
        "呃逆",
        "额叶",
        "金额",
    ]
)
_AROUND = st.lists(st.sampled_from(["um", "uh", "the", "I", "呃", "okay", "pain", "嗯"]), max_size=6).map(" ".join)


@given(_AROUND, _PROTECTED, _AROUND)
@settings(max_examples=300)
def test_protected_words_survive_whatever_stands_around_them(before: str, word: str, after: str) -> None:
    result = _clean(f"{before}; {word}; {after}", "en")
    assert result is not None
    assert word in result.text
