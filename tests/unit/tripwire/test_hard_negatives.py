"""Numbers and letters of ordinary care: none of these is an identifier."""

import pytest

from tests.unit.tripwire.build import found

_ENGLISH = [
    "I take 500 mg twice a day, 20 mg at night",
    "BP 120/80, then 118/76, 130/85",
    "one twenty over eighty",
    "one forty over ninety, one thirty eight over eighty five",
    "glucose was 98 102 110 95 this week",
    "pH 7.35, pCO2 40, HCO3 24.1, Na 140",
    "4.5 5.6 7.8 9.1",
    "INR 2.5 2.7 3.1 2.2",
    "temperatures 98.6 99.1 100.4 101.2",
    "pulse 72 68 75 80 71",
    "at 10:30 on 2024-01-15",
    "it's 2024/01/15 14:30:22",
    "in 2019-2024 I smoked",
    "from 1998 to 2004",
    "call 911 or nine nine nine",
    "call 988",
    "call the line at 1-800-273-8255",
    "count one two three four five six seven eight",
    "ten nine eight seven six five four three two one",
    "two, one, three, zero, one, two, zero, one",
    "PHQ 2, 3, 1, 0, 2, 3, 1, 1, 0",
    "3 4 5 6 5 4 3 out of ten",
    "six, seven, six, five, four",
    "heart rate one ten, one twelve, one fifteen",
    "born in 1984",
    "my birthday was last week",
    "the baby was born at 39 weeks, 3450 g, Apgar 8 and 9",
    "400-1200 mg",
    "take one or two, three times a day, for five to seven days",
    "the M R I and the C T and an E K G",
    "the name of the drug is spelled L I S I N O P R I L",
    "I, uh, a b c",
    "my name is Dr. Alvarez",
    "I looked at the dot on my arm",
    "e.g. the pain.It hurts",
    "section 1.2.3.4",
    "WBC 11200 platelets 250000",
    "record of 120 over 80",
    "patient is 45 and 170 cm 82 kg",
    "medical records from 2019",
    "insurance covers 2000 dollars",
    "my plan is 10000 steps",
    "Medicare covers 8000 of it",
    "ICD code E11.65",
    "room 1204 in the ER",
    "in the year two thousand eight",
    "blood sugar 180, 210, 195, 240, 175",
    "lot EW0182 vaccine 0.3 mL",
    "a social worker came 3 times",
]
_CHINESE = [
    "拨打120",
    "打一二零或者一一零",
    "三四五天，一天两次，每次一百二十毫克",
    "二零二四年三月",
    "血压一百三十五，八十五",
    "医保报销了3000元",
    "第一，第二，第三，一个，一直，一样，一点",
    "一二三四五六七八",
    "每天500毫克，早上10:30吃，血压120/80",
    "我今年四十五岁，一米七，七十公斤",
    "名字很好听",
    "新规定2026年3月1号生效",
]


@pytest.mark.parametrize("text", _ENGLISH)
def test_ordinary_english_talk_trips_nothing(text: str) -> None:
    assert found(text, "en") == []


@pytest.mark.parametrize("text", _CHINESE)
def test_ordinary_chinese_talk_trips_nothing(text: str) -> None:
    assert found(text, "zh") == []


@pytest.mark.parametrize("text", [*_ENGLISH, *_CHINESE])
def test_ordinary_talk_trips_nothing_where_the_language_is_not_stated(text: str) -> None:
    assert found(text, None) == []
