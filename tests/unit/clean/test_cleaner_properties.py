"""What holds of every text, however odd."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.clean.lexicon import load_lexicons
from pipeline.clean.scripts import is_unspaced
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
    *(
        "えーと",
        "ええと",
        "えー",
        "えっと",
        "あのー",
        "ー",
        "〜",
        "と",
        "言",
        "、",
        "음",
        "어",
        "음식",
        "उम्म",
        "उम्मीद",
        "अं",
        "ा",
        "।",
    ),
    *(
        "اممم",
        "امم",
        "،",
        "؟",
        "э-э",
        "ээ",
        "эм",
        "♪",
        "It hurts here. ",
        "我头疼。",
        "我",
        "parce que",
        "que ",
        "-",
        "呃呃",
    ),
    *("\u1100", "\u1161", "\u11a8", "e", "\u0344", "\U0001d7d3", "und", "äh", "euh", "eh"),
]
_TEXTS = st.one_of(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join), st.text(max_size=80))
_LANGUAGES = st.sampled_from([*sorted(load_lexicons().by_language), "vi", None])
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
        markers = len(re.findall(r"\[(?:inaudible|crosstalk|music|noise)\]", result.text))
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


_PAUSES = st.sampled_from([" ", ", ", "，", "、", "; ", " - ", "... ", ""])


@st.composite
def _protected_among_fillers(draw: st.DrawFn) -> tuple[str, str, str]:
    """Language, a phrase that language protects, and a text of it among that language's fillers."""
    language = draw(st.sampled_from(sorted(load_lexicons().by_language)))
    words = load_lexicons().by_language[language].words
    fillers = [filler for kind in ("anywhere", "one_pause", "fenced", "two_pauses") for filler in words[kind]]
    answers = [sound for sound in words["sounds"] if sound not in fillers]
    phrase = draw(st.sampled_from([*words["protected"], *answers]))
    around = st.lists(st.sampled_from([*fillers, "x1", "7"]), max_size=4)
    pieces = [*draw(around), phrase, *draw(around)]
    # Letters run together would be another word, except where a script writes no spaces.
    pauses = _PAUSES if is_unspaced(phrase) else _PAUSES.filter(bool)
    text = pieces[0]
    for left, right in pairwise(pieces):
        pause = draw(pauses)
        touching = phrase in (left, right) or (is_unspaced(left) and is_unspaced(right))
        text += (pause if touching else pause or " ") + right
    return language, phrase, text


@given(_protected_among_fillers())
@settings(max_examples=1500)
def test_every_protected_phrase_and_every_answer_of_every_lexicon_survives_its_fillers(
    case: tuple[str, str, str],
) -> None:
    language, phrase, text = case
    result = _clean(text, language)
    assert result is not None
    assert phrase in result.text


def _all_answers() -> list[tuple[str, str]]:
    lexicons = load_lexicons().by_language
    return [(language, sound) for language in sorted(lexicons) for sound in lexicons[language].words["sounds"]]


@pytest.mark.parametrize(("language", "sound"), _all_answers())
@pytest.mark.parametrize("ending", ["", ".", "。", "…"])
def test_an_answer_that_is_the_whole_utterance_or_opens_it_survives(language: str, sound: str, ending: str) -> None:
    alone = _clean(sound + ending, language)
    assert alone is not None
    assert alone.text.startswith(sound)
    assert alone.only_sounds
    reply = _clean(f"{sound}, x1", language)
    assert reply is not None
    assert sound in reply.text
    assert not reply.only_sounds


@pytest.mark.parametrize("language", sorted(load_lexicons().by_language))
def test_no_word_that_collapses_is_a_number_a_unit_or_a_negation(language: str) -> None:
    words = load_lexicons().by_language[language].words
    collapsing = {*words["across_comma"], *words["adjacent"], *words["clause_start"]}
    assert not collapsing & {*words["never"]}
