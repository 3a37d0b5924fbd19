"""What the cleaner takes out, what it must leave, and how it cites."""

import pytest

from pipeline.clean.cleaner import Cleaner
from pipeline.domain.transcript import Skipped, SkipReason
from tests.unit.clean.build import CLEANER, chunk, cleaned, text_of


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("So, um, I take", "So, I take"),
        ("Um, I take it", "I take it"),
        ("I um take it, uh.", "I take it."),
        ("Um. I think so.", "I think so."),
        ("Yes. Ummm, two a day.", "Yes. two a day."),
        ("he said, um", "he said"),
        ("I was, um... dizzy", "I was, dizzy"),
        ("um, uh, erm, okay", "okay"),
        ("a — um — b", "a — b"),
    ],
)
def test_english_hesitation_goes_with_the_pause_marks_it_leaves_orphaned(raw: str, expected: str) -> None:
    assert text_of(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "Uh-huh.",
        "uh huh, every day",
        "Uh-uh.",
        "nuh uh",
        "Mm-hmm.",
        "mhm",
        "Huh?",
        "they had me in the ER, er, no",
        "it feels like pressure, like, here",
        "a 5 um filter",
        "transferred from UH to UM",
        "the serum and the umbrella",
        "no, no fever",
        "no no no",
        "nine nine nine",
        "SW two two HZ",
        "five mg mg",
        "very very bad",
        "H I I",
        "type I I diabetes",
        "I take it, it helps",
        "so so",
        "not not",
        "he coughs (coughs) at night",
    ],
)
def test_what_may_mean_something_is_left_alone_in_english(raw: str) -> None:
    assert text_of(raw) == raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("呃，我最近头疼", "我最近头疼"),
        ("我最近，呃，头疼", "我最近，头疼"),
        ("我最近，嗯，头疼", "我最近，头疼"),
        ("我我我最近头疼", "我最近头疼"),
        ("大概，呃……三天", "大概，三天"),
    ],
)
def test_chinese_hesitation_goes_where_a_pause_stands_beside_it(raw: str, expected: str) -> None:
    assert text_of(raw, "zh-CN") == expected


@pytest.mark.parametrize(
    "raw",
    [
        "嗯。",
        "嗯，吃了",
        "一直呃逆，三天了",
        "打呃，不舒服",
        "额头疼",
        "金额多少",
        "额，额叶",
        "他打我我就走",
        "那个药",
        "谢谢妈妈",
        "不不不",
        "三三三",
        "啊，好",
    ],
)
def test_what_may_mean_something_is_left_alone_in_chinese(raw: str) -> None:
    assert text_of(raw, "zh") == raw


@pytest.mark.parametrize(
    ("raw", "language", "expected"),
    [
        ("um 8 Uhr, äh, nehme ich, ähm, zwei", "de", "um 8 Uhr, nehme ich, zwei"),
        ("Äääh, ja", "de", "ja"),
        ("euh, je je prends", "fr", "je prends"),
        ("me duele, eh, la cabeza", "es", "me duele, la cabeza"),
        ("este dolor, ¿eh?", "es", "este dolor, ¿eh?"),
        ("ele tem um problema", None, "ele tem um problema"),
        ("tomo um, dois, três", "pt", "tomo um, dois, três"),
        ("well, uh, 呃，头疼", None, "well, 头疼"),
        ("呃，I um take 两片", "zh", "I um take 两片"),
        ("呃人", "yue", "呃人"),
        ("呃，我冇事", "zh-HK", "呃，我冇事"),
        ("uh huh, sí", "es", "uh huh, sí"),
        ("fa, ehm, male", "it", "fa, male"),
        ("eh, sì", "it", "eh, sì"),
        ("dói, ahn, aqui", "pt", "dói, aqui"),
        ("えーと、頭が痛いです", "ja", "頭が痛いです"),
        ("頭が、え〜と、痛いです", "ja", "頭が、痛いです"),
        ("えーととても痛い", "ja", "とても痛い"),
        ("あのー、薬をください", "ja", "薬をください"),
        ("彼はええと言った", "ja", "彼はええと言った"),
        ("あのうちに行く", "ja", "あのうちに行く"),
        ("いえいええーと", "ja", "いえいええーと"),
        ("ちょっと、ずっと、もっと", "ja", "ちょっと、ずっと、もっと"),
        ("머리가, 음, 아파요", "ko", "머리가, 아파요"),
        ("음, 네", "ko", "음, 네"),
        ("음식, 음성, 있음", "ko", "음식, 음성, 있음"),
        ("عندي، اممم، صداع", "ar", "عندي، صداع"),
        ("الأمم، أمم", "ar", "الأمم، أمم"),
        ("آه، نعم", "ar", "آه، نعم"),
        ("у меня, э-э, болит", "ru", "у меня, болит"),
        ("у меня э-э-э болит", "ru", "у меня болит"),
        ("буква эм, это эхо", "ru", "буква эм, это эхо"),
        ("मुझे, उम्म, दर्द है", "hi", "मुझे, दर्द है"),
        ("उम्मीद, उम्र, हम", "hi", "उम्मीद, उम्र, हम"),
        ("xin chào, uh, um", "vi", "xin chào, uh, um"),
    ],
)
def test_each_language_has_its_own_fillers_and_the_others_none(raw: str, language: str | None, expected: str) -> None:
    assert text_of(raw, language) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("I take the, the small one", "I take the small one"),
        ("The the the pain", "The pain"),
        ("I I think so", "I think so"),
        ("and, and my my knee", "and my knee"),
        ("it it hurts", "it hurts"),
    ],
)
def test_stuttered_function_words_are_said_once(raw: str, expected: str) -> None:
    assert text_of(raw) == expected


@pytest.mark.parametrize(
    ("raw", "language", "expected"),
    [
        ("parce que, parce que j'ai mal", "fr", "parce que j'ai mal"),
        ("nous nous levons", "fr", "nous nous levons"),
        ("die, die das haben", "de", "die, die das haben"),
        ("o que que é isso", "pt", "o que que é isso"),
        ("piano piano", "it", "piano piano"),
        ("저는 저는 아파요", "ko", "저는 아파요"),
        ("मैं मैं जाता हूँ", "hi", "मैं जाता हूँ"),
        ("कभी कभी दर्द होता है", "hi", "कभी कभी दर्द होता है"),
        ("मेरी मेरीगोल्ड", "hi", "मेरी मेरीगोल्ड"),
        ("أنا، أنا تعبان", "ar", "أنا تعبان"),
        ("من من الأطباء", "ar", "من من الأطباء"),
        ("я я устал", "ru", "я устал"),
        ("я, я, ю", "ru", "я, я, ю"),
        ("でもでも痛い", "ja", "でも痛い"),
        ("いろいろあります", "ja", "いろいろあります"),
        ("因為因為頭疼", "zh-TW", "因為頭疼"),
        ("天天头疼", "zh", "天天头疼"),
    ],
)
def test_doubling_that_is_grammar_in_a_language_is_left_and_stutter_is_not(
    raw: str, language: str, expected: str
) -> None:
    assert text_of(raw, language) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("take [Inaudible] twice", "take [inaudible] twice"),
        ("take <UNIN/> twice", "take [inaudible] twice"),
        ("take (unintelligible 00:12:30) twice", "take [inaudible] twice"),
        ("听不太清【听不清】好", "听不太清[inaudible]好"),
        ("[cross talk] yes", "[crosstalk] yes"),
        ("(laughs) no", "[noise] no"),
        ("[音乐] 好", "[music] 好"),
        ("♪♪ wait", "[music] wait"),
        ("(Música) sí", "[music] sí"),
        ("（聞き取れず）です", "[inaudible]です"),
        ("[неразборчиво] да", "[inaudible] да"),
        ("[غير مسموع] نعم", "[inaudible] نعم"),
        ("[अस्पष्ट] हाँ", "[inaudible] हाँ"),
        ("(left) knee", "(left) knee"),
    ],
)
def test_markers_become_one_of_four_words_and_never_silence(raw: str, expected: str) -> None:
    assert text_of(raw) == expected


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", SkipReason.EMPTY),
        (" \t\n", SkipReason.EMPTY),
        ("\u200b\u202e", SkipReason.EMPTY),
        ("...", SkipReason.EMPTY),
        ("Um.", SkipReason.FILLER_ONLY),
        ("uh, um…", SkipReason.FILLER_ONLY),
        ("呃……", SkipReason.FILLER_ONLY),
        ("[inaudible]", SkipReason.MARKER_ONLY),
        ("Um, <UNIN/>.", SkipReason.MARKER_ONLY),
        ("[音乐]", SkipReason.MARKER_ONLY),
    ],
)
def test_a_chunk_that_says_nothing_is_skipped_with_the_reason(raw: str, reason: SkipReason) -> None:
    result = CLEANER.clean(chunk(raw))
    assert isinstance(result, Skipped)
    assert result.reason is reason


@pytest.mark.parametrize("raw", ["No.", "m", "嗯", "👍", "7", "Mm-hmm."])
def test_the_shortest_answers_are_judged(raw: str) -> None:
    assert text_of(raw) == raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("５５５－０１２３", "555-0123"),
        ("ＡＢｃ＠ｘ．ｃｏｍ", "ABc@x.com"),
        ("5\u200b5\u20605", "555"),
        ("a\u202eb\x00c", "abc"),
        ("\U0001d7d3\U0001d7d3", "55"),
        ("٥٥٥", "555"),
        ("10\u00b2 cells", "10\u00b2 cells"),
        ("cafe\u0301", "caf\u00e9"),
        ("  a \n\u3000 b\u00a0", "a b"),
        ("x\ud800y", "x\ufffdy"),
        ("什么？好，", "什么？好，"),
    ],
)
def test_characters_are_made_plain(raw: str, expected: str) -> None:
    assert text_of(raw) == expected


def test_a_span_of_the_cleaned_text_cites_the_raw_text() -> None:
    raw = "  So, um, call\u200b ５５５ <UNIN/> now "
    result = cleaned(raw)
    start = result.text.index("call")
    assert raw[slice(*result.raw_span(start, start + 4))] == "call"
    start = result.text.index("555")
    assert raw[slice(*result.raw_span(start, start + 3))] == "５５５"
    start = result.text.index("[inaudible]")
    assert raw[slice(*result.raw_span(start, start + len("[inaudible]")))] == "<UNIN/>"
    assert result.offsets[-1] == len(raw) - 1


def test_a_chunk_longer_than_the_shared_offsets_is_mapped_too() -> None:
    raw = "word " * 2000 + "end"
    result = cleaned(raw)
    assert result.offsets == tuple(range(len(raw) + 1))


def test_the_version_names_rules_and_lexicons_and_is_the_same_for_every_cleaner() -> None:
    assert Cleaner().version == CLEANER.version == cleaned("fine").cleaner_version
    assert CLEANER.version.startswith("clean-")
