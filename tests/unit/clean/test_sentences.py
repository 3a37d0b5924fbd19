"""A sentence in a row with itself, and when it is kept twice."""

import pytest

from tests.unit.clean.build import cleaned, text_of


@pytest.mark.parametrize(
    ("raw", "language", "expected"),
    [
        ("My knee hurts. My knee hurts.", "en", "My knee hurts."),
        ("I have a cold. I have a cold. I have a cold", "en", "I have a cold."),
        ("Is it better now? Is it better now?", "en", "Is it better now?"),
        ("It hurts, um, here. It hurts here.", "en", "It hurts, here. It hurts here."),
        ("我头疼得厉害。我头疼得厉害。", "zh", "我头疼得厉害。"),
        ("Me duele mucho. Me duele mucho.", "es", "Me duele mucho."),
        ("दर्द बहुत है। दर्द बहुत है।", "hi", "दर्द बहुत है।"),
        ("هل تشعر بألم؟ هل تشعر بألم؟", "ar", "هل تشعر بألم؟"),
        ("У меня болит голова. У меня болит голова.", "ru", "У меня болит голова."),
        ("머리가 많이 아파요. 머리가 많이 아파요.", "ko", "머리가 많이 아파요."),
        ("頭がとても痛いです。頭がとても痛いです。", "ja", "頭がとても痛いです。"),
    ],
)
def test_a_sentence_repeated_at_once_is_said_once(raw: str, language: str, expected: str) -> None:
    assert text_of(raw, language) == expected


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        ("Yes. Yes.", "en"),
        ("Not at all. Not at all.", "en"),
        ("I don't smoke. I don't smoke.", "en"),
        ("Take two tablets. Take two tablets.", "en"),
        ("It was 5 mg. It was 5 mg.", "en"),
        ("Vitamin K daily please. Vitamin K daily please.", "en"),
        ("My name is A S. My name is A S.", "en"),
        ("You are pregnant now? You are pregnant now.", "en"),
        ("It was [inaudible] there. It was [inaudible] there.", "en"),
        ("My knee hurts. It does. My knee hurts.", "en"),
        ("我不发烧了。我不发烧了。", "zh"),
        ("吃两片药吧。吃两片药吧。", "zh"),
        ("No me duele. No me duele.", "es"),
        ("Je n'ai pas mal. Je n'ai pas mal.", "fr"),
        ("Ich habe keine Schmerzen. Ich habe keine Schmerzen.", "de"),
        ("열은 전혀 없어요. 열은 전혀 없어요.", "ko"),
        ("ما عندي حرارة. ما عندي حرارة.", "ar"),
        ("Температуры нет совсем. Температуры нет совсем.", "ru"),
        ("बुखार नहीं है। बुखार नहीं है।", "hi"),
        ("熱はありません。熱はありません。", "ja"),
        ("Tôi đau đầu. Tôi đau đầu.", "vi"),
        ("My knee hurts. My knee hurts.", None),
    ],
)
def test_a_repetition_that_may_mean_more_than_once_is_kept(raw: str, language: str | None) -> None:
    assert text_of(raw, language) == raw


def test_the_sentence_that_is_kept_cites_its_first_utterance() -> None:
    raw = "My knee hurts. My knee hurts. And my back."
    result = cleaned(raw)
    start = result.text.index("And my back")
    assert result.raw_span(0, 14) == (0, 14)
    assert raw[slice(*result.raw_span(start, start + 11))] == "And my back"
