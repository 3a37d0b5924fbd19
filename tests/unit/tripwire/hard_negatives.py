# ruff: noqa: E501, SIM905 - one frame a line
"""Ordinary care with numbers and letters in it, none an identifier: frames and values, in five languages.

The values come from one seeded generator, so that the set is the same in every run.
"""

from collections.abc import Callable, Iterator
from random import Random

from tests.unit.tripwire.speech import read_out, say, say_short_en

Frame = Callable[[Random], str]


def hard_negatives() -> list[tuple[str, str]]:
    """Distinct texts with their languages, at least 2,000."""
    chance = Random(20260105)
    found: dict[str, str] = {}
    for language, frames in _FRAMES.items():
        for frame in frames:
            for _ in range(_ATTEMPTS):
                found.setdefault(frame(chance), language)
        for text in _FIXED[language]:
            found.setdefault(text, language)
    return list(found.items())


_ATTEMPTS = 14


def hard_dialogues() -> Iterator[tuple[list[tuple[str, str]], str, str]]:
    """Earlier turns, the chunk, its language: answers with numbers that must not join up."""
    chance = Random(7)
    for _ in range(40):
        high, low = chance.randint(95, 190), chance.randint(55, 110)
        pulse, pain = chance.randint(48, 120), chance.randint(0, 10)
        yield (
            [
                ("clinician", "What was the blood pressure this morning?"),
                ("patient", f"{say_short_en(high)} over {say(low, 'en')}"),
                ("clinician", "And the pulse?"),
                ("patient", say(pulse, "en")),
                ("clinician", "Pain from zero to ten?"),
            ],
            say(pain, "en"),
            "en",
        )
        yield (
            [("clinician", "Blood pressure?"), ("patient", f"{high} over {low}"), ("clinician", "Okay. Pulse?")],
            f"{pulse}.",
            "en",
        )
        sugars = [chance.randint(80, 240) for _ in range(4)]
        yield (
            [
                ("clinician", "What were the sugars, Monday?"),
                ("patient", say_short_en(sugars[0])),
                ("clinician", "Tuesday?"),
                ("patient", say_short_en(sugars[1])),
                ("clinician", "okay"),
            ],
            f"{say_short_en(sugars[2])}, and {say_short_en(sugars[3])}",
            "en",
        )
        yield (
            [
                ("clinician", "Your sugars please."),
                ("patient", str(sugars[0])),
                ("clinician", "okay"),
                ("patient", str(sugars[1])),
                ("clinician", "next"),
                ("patient", str(sugars[2])),
            ],
            str(sugars[3]),
            "en",
        )
        items = [chance.randint(0, 3) for _ in range(4)]
        yield (
            [
                ("clinician", "Little interest or pleasure?"),
                ("patient", say(items[0], "en")),
                ("clinician", "Feeling down?"),
                ("patient", say(items[1], "en")),
                ("clinician", "Trouble sleeping?"),
                ("patient", say(items[2], "en")),
            ],
            say(items[3], "en"),
            "en",
        )
        yield (
            [
                ("clinician", "血压多少？"),
                ("patient", f"{say(high, 'zh')}，{say(low, 'zh')}"),
                ("clinician", "心率呢？"),
            ],
            say(pulse, "zh"),
            "zh",
        )
        yield (
            [("clinician", "疼痛打几分？"), ("patient", say(pain, "zh")), ("clinician", "好的，睡了几个小时？")],
            f"{say(chance.randint(4, 9), 'zh')}个小时，有时{say(chance.randint(4, 9), 'zh')}个",
            "zh",
        )
        yield (
            [
                ("clinician", "¿Cuánto tenía de presión?"),
                ("patient", f"{say(high, 'es')} sobre {say(low, 'es')}"),
                ("clinician", "¿Y el dolor?"),
            ],
            say(pain, "es"),
            "es",
        )
        yield (
            [("clinician", "Votre tension ?"), ("patient", f"{high} sur {low}"), ("clinician", "Et le pouls ?")],
            say(pulse, "fr"),
            "fr",
        )
        yield (
            [
                ("clinician", "Wie hoch war der Blutdruck?"),
                ("patient", f"{high} zu {low}"),
                ("clinician", "Und der Puls?"),
            ],
            say(pulse, "de"),
            "de",
        )
        yield (
            [
                ("clinician", "How many tablets are you taking?"),
                ("patient", "two in the morning"),
                ("clinician", "okay"),
            ],
            f"{say(chance.randint(1, 3), 'en')} at night, {chance.choice((250, 500, 850))} milligrams each",
            "en",
        )


def _three(chance: Random, low: int, high: int, count: int = 4) -> list[int]:
    return [chance.randint(low, high) for _ in range(count)]


def _joined(values: list[int], joint: str = ", ") -> str:
    return joint.join(map(str, values))


_DRUGS = (
    "metformin",
    "lisinopril",
    "atorvastatin",
    "levothyroxine",
    "amoxicillin",
    "sertraline",
    "gabapentin",
    "ibuprofen",
)
_ZH_DRUGS = ("二甲双胍", "阿司匹林", "氨氯地平", "阿莫西林", "头孢克肟", "布洛芬", "左甲状腺素", "辛伐他汀")
_ES_DRUGS = ("metformina", "losartán", "omeprazol", "ibuprofeno", "amoxicilina", "paracetamol")
_FR_DRUGS = ("metformine", "paracétamol", "oméprazole", "ibuprofène", "amoxicilline", "ramipril")
_DE_DRUGS = ("Metformin", "Ramipril", "Pantoprazol", "Ibuprofen", "Amoxicillin", "Bisoprolol")
_MONTHS = ("January", "March", "May", "July", "August", "October", "December")
_CODES = (
    "B12",
    "T4",
    "T3",
    "HbA1c",
    "5-HT3",
    "CYP2D6",
    "CD4",
    "IL-6",
    "CA-125",
    "CA 19-9",
    "P53",
    "H1N1",
    "Covid-19",
    "Omega-3",
    "D3",
    "K2",
    "G6PD",
)
_LEVELS = ("L4-L5", "L5-S1", "C5-C6", "C6-C7", "T12-L1", "L3-L4")
_LETTERS = (
    "M-R-I",
    "E-K-G",
    "C-O-P-D",
    "A-D-H-D",
    "H-I-V",
    "G-E-R-D",
    "C-P-A-P",
    "I-B-S",
    "P-T-S-D",
    "T-S-H",
    "M R S A",
    "C B C",
)


def _bp(chance: Random) -> tuple[int, int]:
    return chance.randint(95, 195), chance.randint(50, 115)


def _pressures(chance: Random) -> str:
    return ", ".join(f"{high}/{low}" for high, low in (_bp(chance) for _ in range(3)))


def _spoken_pressures(chance: Random) -> str:
    return ", ".join(f"{say_short_en(high)} over {say_short_en(low)}" for high, low in (_bp(chance) for _ in range(3)))


_EN: list[Frame] = [
    lambda c: (
        f"take {c.choice((5, 10, 20, 25, 40, 50, 100, 250, 500, 850))} mg of {c.choice(_DRUGS)} {c.choice(('once', 'twice'))} a day"
    ),
    lambda c: (
        f"{c.choice(_DRUGS)} {say(c.choice((5, 10, 20, 25, 50, 100, 250, 500)), 'en')} milligrams, one in the morning and {say(c.randint(1, 3), 'en')} at night"
    ),
    lambda c: f"your pressures were {_pressures(c)}",
    lambda c: f"it was {_spoken_pressures(c)} this week",
    lambda c: f"my readings are {_spoken_pressures(c)}",
    lambda c: f"pulse {_joined(_three(c, 48, 120, 5), ' ')}",
    lambda c: f"heart rate {', '.join(say_short_en(value) for value in _three(c, 50, 130))}",
    lambda c: f"glucose {', '.join(say_short_en(value) for value in _three(c, 80, 240))} this week",
    lambda c: f"my sugars ran {', '.join(say_short_en(value) for value in _three(c, 80, 240, 5))}",
    lambda c: f"{', '.join(say_short_en(value) for value in _three(c, 95, 199, 4))}, that was fasting",
    lambda c: (
        f"one oh {say(c.randint(1, 9), 'en')}, one oh {say(c.randint(1, 9), 'en')}, one oh {say(c.randint(1, 9), 'en')}, ninety-eight"
    ),
    lambda c: f"fasting {_joined(_three(c, 70, 250, 6))} in the diary",
    lambda c: f"the numbers in my diary: {_joined(_three(c, 70, 250, 7))}",
    lambda c: (
        f"sodium {c.randint(130, 148)}, potassium {c.randint(31, 55) / 10}, chloride {c.randint(95, 110)}, bicarb {c.randint(18, 30)}, creatinine {c.randint(5, 20) / 10}"
    ),
    lambda c: (
        f"WBC {c.randint(40, 140) / 10}, hemoglobin {c.randint(80, 170) / 10}, platelets {c.randint(120, 450)}, {c.randint(120, 450)}000"
    ),
    lambda c: (
        f"cholesterol {c.randint(120, 320)}, LDL {c.randint(60, 220)}, HDL {c.randint(25, 90)}, triglycerides {c.randint(60, 400)}"
    ),
    lambda c: (
        f"temperature {c.randint(970, 1040) / 10} then {c.randint(970, 1040) / 10} and {c.randint(970, 1040) / 10}"
    ),
    lambda c: (
        f"a fever of one oh {say(c.randint(0, 4), 'en')} point {say(c.randint(0, 9), 'en')}, then one hundred, then ninety-nine point {say(c.randint(1, 9), 'en')}"
    ),
    lambda c: (
        f"see you at {c.randint(1, 12)}:{c.choice(('00', '15', '30', '45'))} on {c.choice(_MONTHS)} {c.randint(1, 28)}"
    ),
    lambda c: (
        f"come back {c.choice(_MONTHS)} {c.randint(1, 28)}th at {say(c.randint(1, 12), 'en')} {c.choice(('fifteen', 'thirty', 'forty-five'))}"
    ),
    lambda c: (
        f"I smoked from {c.randint(1965, 1999)} to {c.randint(2000, 2024)}, then in {c.randint(2000, 2024)} I quit"
    ),
    lambda c: (
        f"surgeries in nineteen {say(c.randint(60, 99), 'en')}, two thousand {say(c.randint(1, 9), 'en')} and twenty {say(c.randint(10, 24), 'en')}"
    ),
    lambda c: (
        f"I'm {say(c.randint(18, 88), 'en')}, she is {say(c.randint(18, 88), 'en')} and the boys are {say(c.randint(2, 9), 'en')}, {say(c.randint(2, 9), 'en')} and {say(c.randint(10, 17), 'en')}"
    ),
    lambda c: (
        f"for refills press {say(c.randint(1, 4), 'en')}, for nurses press {say(c.randint(5, 8), 'en')}, then press {say(c.randint(1, 9), 'en')} and {c.choice(('pound', 'star'))}"
    ),
    lambda c: (
        f"press {c.randint(1, 9)}, then {c.randint(1, 9)}, then {c.randint(1, 9)} for the {c.choice(('pharmacy', 'front desk', 'nurse'))}"
    ),
    lambda c: (
        f"if it gets worse call {c.choice(('911', '999', '112', 'nine one one', 'nine nine nine', 'one one two', '988', 'nine eight eight'))} {c.choice(('right away', 'at once', 'immediately', 'or go to the ER', 'and lie down'))}"
    ),
    lambda c: (
        f"dial {c.choice(('nine one one', 'nine nine nine'))}, {c.choice(('nine one one', 'nine nine nine', 'one one two'))}, do you hear, {c.choice(('nine one one', 'one one two'))} for {c.choice(('chest pain', 'a seizure', 'trouble breathing', 'bleeding'))}"
    ),
    lambda c: f"the crisis line is 1-800-{c.randint(200, 999)}-{c.randint(1000, 9999)}",
    lambda c: (
        f"check your {c.choice(_CODES)} and {c.choice(_CODES)} in {c.randint(2, 12)} weeks, {c.choice(_CODES)} was fine"
    ),
    lambda c: (
        f"there's a bulge at {c.choice(_LEVELS)} of {c.randint(2, 9)} mm and a smaller one at {c.choice(_LEVELS)}"
    ),
    lambda c: f"the code is {c.choice('ABCDEFGIJKLMN')}{c.randint(10, 99)}.{c.randint(0, 99)}",
    lambda c: f"trial NCT0{c.randint(1000000, 9999999)} enrolled {c.randint(100, 9999)} people",
    lambda c: (
        f"vision is 20/{c.choice((15, 20, 25, 30, 40, 60, 70, 80, 100, 200))} on the right, 20/{c.choice((15, 20, 25, 30, 40, 60))} on the left, it was 20/{c.choice((20, 25, 30))}"
    ),
    lambda c: f"she is G{c.randint(1, 7)}P{c.randint(0, 6)} at {c.randint(6, 41)} weeks and {c.randint(1, 6)} days",
    lambda c: (
        f"Apgar scores {say(c.randint(5, 9), 'en')}, {say(c.randint(7, 9), 'en')} and {say(c.randint(8, 10), 'en')}, weight {c.randint(2500, 4300)} grams"
    ),
    lambda c: (
        f"weight {c.randint(45, 140)} kg, height {c.randint(145, 200)} cm, BMI {c.randint(180, 420) / 10}, waist {c.randint(60, 140)} cm"
    ),
    lambda c: (
        f"I weigh {say_short_en(c.randint(100, 299))} pounds, down from {say_short_en(c.randint(100, 299))}, before that {say_short_en(c.randint(100, 299))}"
    ),
    lambda c: f"pain was {', '.join(say(value, 'en') for value in _three(c, 1, 9, c.randint(3, 8)))} this week",
    lambda c: f"on the scale {', '.join(say(value, 'en') for value in _three(c, 4, 9, 7))} out of ten",
    lambda c: f"PHQ items {', '.join(map(str, _three(c, 0, 3, 9)))}",
    lambda c: f"answers: {', '.join(say(value, 'en') for value in _three(c, 0, 3, 9))}",
    lambda c: (
        f"breathe in, {' '.join(say(value, 'en') for value in range(1, c.randint(4, 10)))}, and out, {' '.join(say(value, 'en') for value in range(1, c.randint(4, 10)))}"
    ),
    lambda c: (
        f"count back from {say(c.randint(20, 99), 'en')}: {', '.join(say(value, 'en') for value in range(c.randint(8, 10), 0, -1))}"
    ),
    lambda c: (
        f"push, {' '.join('one two three four'.split()[: c.randint(3, 4)])}, again, {' '.join('one two three four'.split()[: c.randint(3, 4)])}, rest {c.randint(10, 60)} seconds"
    ),
    lambda c: f"peak flow {_joined(_three(c, 180, 620, 6))}",
    lambda c: (
        f"insulin {say(c.randint(4, 30), 'en')} units at breakfast, {say(c.randint(4, 30), 'en')} at lunch, {say(c.randint(4, 30), 'en')} at dinner, {say(c.randint(8, 40), 'en')} at bedtime"
    ),
    lambda c: (
        f"taper {_joined(sorted((c.randint(5, 60) for _ in range(5)), reverse=True))} over {c.randint(5, 14)} days"
    ),
    lambda c: (
        f"one to two, {c.randint(2, 3)} to {c.randint(4, 6)} times a day for {c.randint(5, 9)} to {c.randint(10, 14)} days"
    ),
    lambda c: (
        f"take one or two, then two to three, {say(c.randint(3, 4), 'en')} to {say(c.randint(5, 6), 'en')} hours apart"
    ),
    lambda c: (
        f"the {c.choice(_LETTERS)} and the {c.choice(_LETTERS)} looked {c.choice(('fine', 'normal', 'the same', 'better'))}"
    ),
    lambda c: (
        f"drink {c.randint(1500, 3000)} ml and walk {c.randint(4000, 12000)} steps, at most {c.randint(1200, 2400)} calories"
    ),
    lambda c: (
        f"the baby fed at {c.randint(1, 12)}:{c.randint(10, 59)}, {c.randint(1, 12)}:{c.randint(10, 59)} and {c.randint(1, 12)}:{c.randint(10, 59)}, {c.randint(60, 120)} ml each"
    ),
    lambda c: (
        f"about {c.randint(2, 9)} in {c.choice((10, 100, 1000, 10000))} people, {c.randint(100, 900)} of {c.randint(1000, 9999)} in the study"
    ),
    lambda c: (
        f"contractions at {say(c.randint(3, 9), 'en')}, {say(c.randint(3, 9), 'en')}, {say(c.randint(3, 9), 'en')} minutes, lasting {c.randint(30, 70)} seconds"
    ),
    lambda c: f"sats {_joined(_three(c, 88, 100, 6), ' ')} overnight",
    lambda c: f"my last {say(c.randint(3, 6), 'en')} readings were {_joined(_three(c, 90, 180, c.randint(3, 5)))}",
    lambda c: f"my plan covers {c.randint(1000, 9000)} dollars and the copay is {c.randint(10, 90)}",
    lambda c: f"bring the chart, {c.randint(2, 9)} pages, and the {c.randint(2015, 2025)} records",
    lambda c: f"INR {_joined_decimals(c, 15, 40, 5)}",
    lambda c: (
        f"ABG: pH 7.{c.randint(20, 50)}, pCO2 {c.randint(30, 60)}, pO2 {c.randint(60, 110)}, bicarb {c.randint(18, 30)}"
    ),
    lambda c: (
        f"the clinic is open {c.randint(7, 9)} to {c.randint(4, 6)}, closed {c.randint(12, 13)}:00 to {c.randint(13, 14)}:30"
    ),
    lambda c: (
        f"lens power minus {say(c.randint(1, 6), 'en')} point {say(c.choice((25, 50, 75)), 'en')}, axis {say_short_en(c.randint(100, 180))}"
    ),
    lambda c: f"room {c.randint(100, 999)} is free, bed {c.randint(1, 30)} too",
    lambda c: (
        f"do {c.randint(2, 5)} sets of {c.randint(8, 15)}, {c.randint(2, 5)} times a week, hold for {c.randint(10, 60)} seconds"
    ),
    lambda c: (
        f"the fracture of the {say(c.randint(2, 5), 'en')} and {say(c.randint(6, 9), 'en')} ribs, {c.randint(2, 6)} of them"
    ),
]


def _joined_decimals(chance: Random, low: int, high: int, count: int) -> str:
    return " ".join(str(chance.randint(low, high) / 10) for _ in range(count))


_ZH: list[Frame] = [
    lambda c: (
        f"{c.choice(_ZH_DRUGS)}每次{c.choice((5, 10, 25, 50, 100, 250, 500))}毫克，一天{say(c.randint(1, 3), 'zh')}次"
    ),
    lambda c: (
        f"吃{say(c.randint(1, 3), 'zh')}片{c.choice(_ZH_DRUGS)}，{say(c.choice((25, 50, 125, 250, 500)), 'zh')}毫克的，吃{say(c.randint(3, 14), 'zh')}天"
    ),
    lambda c: (
        f"血压{say(c.randint(100, 190), 'zh')}，{say(c.randint(55, 110), 'zh')}，昨天{say(c.randint(100, 190), 'zh')}，{say(c.randint(55, 110), 'zh')}"
    ),
    lambda c: (
        f"血压是{c.randint(100, 190)}/{c.randint(55, 110)}，{c.randint(100, 190)}/{c.randint(55, 110)}，心率{c.randint(50, 120)}"
    ),
    lambda c: (
        f"空腹血糖{c.randint(45, 120) / 10}，餐后{c.randint(60, 180) / 10}，{c.randint(60, 180) / 10}，{c.randint(60, 180) / 10}"
    ),
    lambda c: (
        f"空腹{say(c.randint(4, 9), 'zh')}点{say(c.randint(1, 9), 'zh')}，餐后{say(c.randint(7, 15), 'zh')}点{say(c.randint(1, 9), 'zh')}，睡前{say(c.randint(5, 9), 'zh')}点{say(c.randint(1, 9), 'zh')}"
    ),
    lambda c: (
        f"体温三十{say(c.randint(6, 9), 'zh')}度{say(c.randint(1, 9), 'zh')}，后来三十{say(c.randint(6, 9), 'zh')}度{say(c.randint(1, 9), 'zh')}"
    ),
    lambda c: f"疼痛评分{'、'.join(say(value, 'zh') for value in _three(c, 1, 9, c.randint(3, 8)))}",
    lambda c: f"评分是{'，'.join(map(str, _three(c, 0, 3, 9)))}",
    lambda c: f"{'、'.join(say(value, 'zh') for value in _three(c, 0, 3, 9))}，加起来{c.randint(4, 27)}分",
    lambda c: (
        f"二零{read_out(str(c.randint(10, 25)), 'zh')}年做过手术，二零{read_out(str(c.randint(10, 25)), 'zh')}年又做了一次"
    ),
    lambda c: f"{c.randint(2000, 2025)}年{c.randint(1, 12)}月{c.randint(1, 28)}号复查",
    lambda c: f"早上{c.randint(6, 9)}点{c.randint(10, 59)}分，晚上{c.randint(18, 22)}:{c.randint(10, 59)}各一次",
    lambda c: (
        f"有危险就打{c.choice(('120', '一二零', '110', '一一零', '119', '幺二零'))}，{c.choice(('别等', '马上打', '不要自己开车', '家里人也要知道'))}"
    ),
    lambda c: f"打一二零，一二零，一二零，{c.choice(('听到了吗', '不是一一零', '快点', '越快越好'))}",
    lambda c: f"跟我数，{'，'.join(say(value, 'zh') for value in range(1, c.randint(5, 10)))}，呼气",
    lambda c: (
        f"{read_out('12345678'[: c.randint(4, 8)], 'zh')}，{read_out('22345678'[: c.randint(4, 8)], 'zh')}，抬手{c.choice(('向上', '向前', '向左', '放下'))}"
    ),
    lambda c: (
        f"我今年{say(c.randint(20, 88), 'zh')}岁，{say(c.randint(100, 190), 'zh')}斤，一米{say(c.randint(5, 8), 'zh')}{say(c.randint(1, 9), 'zh')}"
    ),
    lambda c: (
        f"身高{c.randint(150, 190)}，体重{c.randint(45, 110)}，腰围{c.randint(65, 120)}，BMI {c.randint(180, 350) / 10}"
    ),
    lambda c: (
        f"白细胞{c.randint(30, 150) / 10}，血红蛋白{c.randint(80, 170)}，血小板{c.randint(90, 400)}，肌酐{c.randint(40, 180)}"
    ),
    lambda c: f"{c.choice(('报销', '花', '交', '退'))}了{c.randint(1000, 9000)}块，自费{c.randint(100, 900)}",
    lambda c: (
        f"胎心{c.randint(110, 160)}，{c.randint(110, 160)}，{c.randint(110, 160)}，孕{c.randint(12, 40)}周加{c.randint(1, 6)}天"
    ),
    lambda c: (
        f"视力{c.randint(1, 15) / 10}和{c.randint(1, 15) / 10}，度数{c.randint(1, 8)}{c.choice(('00', '25', '50', '75'))}，散光{c.choice((50, 75, 100, 125))}"
    ),
    lambda c: f"{c.choice(('腰', '颈'))}椎{c.choice(_LEVELS)}突出，{c.randint(2, 8)}毫米",
    lambda c: f"查一下{c.choice(_CODES)}和{c.choice(_CODES)}，{c.randint(2, 8)}周以后再查{c.choice(_CODES)}",
    lambda c: (
        f"{say(c.randint(2, 5), 'zh')}三天一次，一次{say(c.randint(5, 9), 'zh')}六分钟，一个月{say(c.randint(3, 9), 'zh')}四回"
    ),
    lambda c: f"第一，第二，第三，{c.choice(('饮食', '运动', '吃药', '睡觉'))}要注意，第{say(c.randint(4, 9), 'zh')}",
    lambda c: (
        f"一会儿一个样，一天一个样，{c.choice(('疼', '痒', '麻', '胀'))}了一两个月，一百{say(c.randint(1, 9), 'zh')}十天了"
    ),
    lambda c: f"心率{'，'.join(say(value, 'zh') for value in _three(c, 55, 110, 4))}",
    lambda c: f"呼吸{c.randint(12, 28)}次，血氧{c.randint(90, 99)}，{c.randint(90, 99)}，{c.randint(90, 99)}",
    lambda c: f"胰岛素早{c.randint(4, 30)}单位，中{c.randint(4, 30)}，晚{c.randint(4, 30)}，睡前{c.randint(8, 40)}",
    lambda c: f"{c.randint(100, 999)}诊室在{c.randint(2, 9)}楼，{c.randint(1, 40)}号窗口取药",
    lambda c: f"请按{say(c.randint(1, 9), 'zh')}，再按{say(c.randint(1, 9), 'zh')}，最后按井号",
    lambda c: (
        f"{c.randint(1, 40)}床{c.choice(('今天', '平稳', '白细胞', '高烧', '安排'))}{c.choice(('出院', '复查', '退了', '一次'))}"
    ),
]
_ES: list[Frame] = [
    lambda c: (
        f"tome {c.choice((5, 10, 20, 50, 100, 250, 500))} mg de {c.choice(_ES_DRUGS)} cada {c.choice((6, 8, 12, 24))} horas"
    ),
    lambda c: (
        f"{c.choice(_ES_DRUGS)} de {say(c.choice((25, 50, 100, 250, 500)), 'es')} miligramos, uno o dos al día por {say(c.randint(3, 14), 'es')} días"
    ),
    lambda c: f"la presión fue {c.randint(100, 190)}/{c.randint(55, 110)} y {c.randint(100, 190)}/{c.randint(55, 110)}",
    lambda c: (
        f"presión {say(c.randint(100, 190), 'es')} sobre {say(c.randint(55, 110), 'es')}, pulso {say(c.randint(50, 120), 'es')}"
    ),
    lambda c: f"la glucosa {', '.join(say(value, 'es') for value in _three(c, 80, 240))} esta semana",
    lambda c: f"azúcar {_joined(_three(c, 80, 240, 6))} en ayunas",
    lambda c: f"dolor {', '.join(say(value, 'es') for value in _three(c, 1, 9, c.randint(3, 8)))}",
    lambda c: f"{', '.join(say(value, 'es') for value in _three(c, 0, 3, 9))}, son {c.randint(4, 27)} puntos",
    lambda c: (
        f"nos vemos a las {c.randint(8, 18)}:{c.choice((15, 30, 45))} el {c.randint(1, 28)} de {c.choice(('mayo', 'junio', 'julio', 'agosto'))} de {c.randint(2025, 2027)}"
    ),
    lambda c: (
        f"llame al {c.choice(('911', '112', 'nueve uno uno', 'uno uno dos', '061'))} si {c.choice(('le duele el pecho', 'empeora', 'no respira bien', 'se desmaya'))}"
    ),
    lambda c: f"cuente conmigo: {', '.join(say(value, 'es') for value in range(1, c.randint(5, 11)))}",
    lambda c: (
        f"tengo {say(c.randint(18, 88), 'es')} años, peso {say(c.randint(45, 130), 'es')} kilos y mido uno {say(c.randint(50, 90), 'es')}"
    ),
    lambda c: f"temperatura de {c.randint(360, 400) / 10}, {c.randint(360, 400) / 10} y {c.randint(360, 400) / 10}",
    lambda c: f"fumé de {c.randint(1965, 1999)} a {c.randint(2000, 2024)}, me operaron en {c.randint(2000, 2024)}",
    lambda c: (
        f"hemoglobina {c.randint(80, 170) / 10}, plaquetas {c.randint(120, 450)} mil, sodio {c.randint(130, 148)}, creatinina {c.randint(5, 20) / 10}"
    ),
    lambda c: f"marque {say(c.randint(1, 9), 'es')}, luego {say(c.randint(1, 9), 'es')} y espere",
    lambda c: f"una o dos, dos o tres, {say(c.randint(3, 5), 'es')} o {say(c.randint(6, 8), 'es')} veces al día",
    lambda c: f"saturación {_joined(_three(c, 88, 99, 6), ' ')} anoche",
    lambda c: f"la {c.choice(_CODES)} y la {c.choice(_CODES)} en {c.randint(2, 8)} semanas",
]
_FR: list[Frame] = [
    lambda c: (
        f"prenez {c.choice((5, 10, 20, 50, 100, 250, 500))} mg de {c.choice(_FR_DRUGS)} toutes les {c.choice((6, 8, 12, 24))} heures"
    ),
    lambda c: (
        f"{c.choice(_FR_DRUGS)} {say(c.choice((25, 50, 100, 250, 500)), 'fr')} milligrammes, un ou deux par jour pendant {say(c.randint(3, 14), 'fr')} jours"
    ),
    lambda c: (
        f"la tension était à {c.randint(10, 19)}/{c.randint(6, 11)}, puis {c.randint(100, 190)}/{c.randint(55, 110)}"
    ),
    lambda c: (
        f"tension {say(c.randint(10, 19), 'fr')} {say(c.randint(6, 11), 'fr')}, pouls {say(c.randint(50, 120), 'fr')}"
    ),
    lambda c: f"la glycémie {', '.join(say(value, 'fr') for value in _three(c, 80, 240))} cette semaine",
    lambda c: f"glycémies {_joined(_three(c, 80, 240, 6))} à jeun",
    lambda c: f"douleur {', '.join(say(value, 'fr') for value in _three(c, 1, 9, c.randint(3, 8)))}",
    lambda c: f"{', '.join(say(value, 'fr') for value in _three(c, 0, 3, 9))}, ça fait {c.randint(4, 27)} points",
    lambda c: (
        f"à {c.randint(8, 18)}h{c.choice((15, 30, 45))} le {c.randint(1, 28)} {c.choice(('mai', 'juin', 'juillet', 'août'))} {c.randint(2025, 2027)}"
    ),
    lambda c: (
        f"appelez le {c.choice(('15', '112', 'un un deux', 'le quinze', '18'))} si {c.choice(('ça empire', 'vous avez mal à la poitrine', 'vous respirez mal', 'ça saigne'))}"
    ),
    lambda c: f"comptez avec moi : {', '.join(say(value, 'fr') for value in range(1, c.randint(5, 11)))}",
    lambda c: (
        f"j'ai {say(c.randint(18, 88), 'fr')} ans, je pèse {say(c.randint(45, 130), 'fr')} kilos pour un mètre {say(c.randint(50, 90), 'fr')}"
    ),
    lambda c: f"température {c.randint(360, 400) / 10}, {c.randint(360, 400) / 10} et {c.randint(360, 400) / 10}",
    lambda c: f"j'ai fumé de {c.randint(1965, 1999)} à {c.randint(2000, 2024)}, opéré en {c.randint(2000, 2024)}",
    lambda c: (
        f"hémoglobine {c.randint(80, 170) / 10}, plaquettes {c.randint(120, 450)} 000, sodium {c.randint(130, 148)}, créatinine {c.randint(50, 180)}"
    ),
    lambda c: f"tapez {say(c.randint(1, 9), 'fr')}, puis {say(c.randint(1, 9), 'fr')} et dièse",
    lambda c: f"un à deux, deux ou trois, {say(c.randint(3, 5), 'fr')} à {say(c.randint(6, 8), 'fr')} fois par jour",
    lambda c: f"saturation {_joined(_three(c, 88, 99, 6), ' ')} cette nuit",
    lambda c: f"la {c.choice(_CODES)} et le {c.choice(_CODES)} dans {c.randint(2, 8)} semaines",
]
_DE: list[Frame] = [
    lambda c: (
        f"nehmen Sie {c.choice((5, 10, 20, 50, 100, 250, 500))} mg {c.choice(_DE_DRUGS)} alle {c.choice((6, 8, 12, 24))} Stunden"
    ),
    lambda c: (
        f"{c.choice(_DE_DRUGS)} {say(c.choice((25, 50, 100, 250, 500)), 'de')} Milligramm, ein bis zwei am Tag, {say(c.randint(3, 14), 'de')} Tage lang"
    ),
    lambda c: (
        f"der Blutdruck war {c.randint(100, 190)}/{c.randint(55, 110)} und {c.randint(100, 190)}/{c.randint(55, 110)}"
    ),
    lambda c: (
        f"Blutdruck {say(c.randint(100, 190), 'de')} zu {say(c.randint(55, 110), 'de')}, Puls {say(c.randint(50, 120), 'de')}"
    ),
    lambda c: f"der Zucker war {', '.join(say(value, 'de') for value in _three(c, 80, 240))} diese Woche",
    lambda c: f"Werte {_joined(_three(c, 80, 240, 6))} nüchtern",
    lambda c: f"Schmerzen {', '.join(say(value, 'de') for value in _three(c, 1, 9, c.randint(3, 8)))}",
    lambda c: f"{', '.join(say(value, 'de') for value in _three(c, 0, 3, 9))}, das sind {c.randint(4, 27)} Punkte",
    lambda c: (
        f"um {c.randint(8, 18)}:{c.choice((15, 30, 45))} Uhr am {c.randint(1, 28)}. {c.choice(('Mai', 'Juni', 'Juli', 'August'))} {c.randint(2025, 2027)}"
    ),
    lambda c: (
        f"rufen Sie {c.choice(('112', 'eins eins zwei', '116117', 'die 112'))}, wenn {c.choice(('es schlimmer wird', 'die Brust schmerzt', 'Sie keine Luft bekommen', 'es blutet'))}"
    ),
    lambda c: f"zählen Sie mit: {', '.join(say(value, 'de') for value in range(1, c.randint(5, 11)))}",
    lambda c: (
        f"ich bin {say(c.randint(18, 88), 'de')}, wiege {say(c.randint(45, 130), 'de')} Kilo und bin eins {say(c.randint(50, 90), 'de')} groß"
    ),
    lambda c: f"Temperatur {c.randint(360, 400) / 10}, {c.randint(360, 400) / 10} und {c.randint(360, 400) / 10}",
    lambda c: f"geraucht von {c.randint(1965, 1999)} bis {c.randint(2000, 2024)}, Operation {c.randint(2000, 2024)}",
    lambda c: (
        f"Hämoglobin {c.randint(80, 170) / 10}, Thrombozyten {c.randint(120, 450)}.000, Natrium {c.randint(130, 148)}, Kreatinin {c.randint(5, 20) / 10}"
    ),
    lambda c: f"drücken Sie die {say(c.randint(1, 9), 'de')}, dann die {say(c.randint(1, 9), 'de')}",
    lambda c: f"ein bis zwei, zwei bis drei, {say(c.randint(3, 5), 'de')} bis {say(c.randint(6, 8), 'de')} Mal am Tag",
    lambda c: f"Sättigung {_joined(_three(c, 88, 99, 6), ' ')} heute Nacht",
    lambda c: f"{c.choice(_CODES)} und {c.choice(_CODES)} in {c.randint(2, 8)} Wochen",
]
_FRAMES: dict[str, list[Frame]] = {"en": _EN, "zh": _ZH, "es": _ES, "fr": _FR, "de": _DE}
_FIXED: dict[str, tuple[str, ...]] = {
    "en": (
        "the drug is spelled L I S I N O P R I L",
        "it's metformin, M-E-T-F-O-R-M-I-N",
        "A, B, C, D, airway breathing circulation disability",
        "vitamin A, D, E and K",
        "hepatitis A, B or C",
        "I take a four, a five, whatever",
        "Charlie and Mike came over, and Victor",
        "the pharmacy is at 200 Elm Street, across from the lab",
        "it's a 20 minute drive to the hospital",
        "a two way street, that's what it is",
        "the date of the surgery was 03/14/2021",
        "June 2nd 2023 was the scan",
        "the bed in room four is too hard, doctor",
        "bed rest for 2 days, Mr. is fine",
        "my number one worry is the pain, number two the sleep, number three the pills",
        "question number four: five or six? question number seven: eight",
        "the last four days were bad, five or six pills",
        "the last four visits, 2019, 2020, 2021 and 2022",
        "twenty twenty, twenty twenty-one and twenty twenty-two were hard",
        "nineteen ninety-five, two thousand four and two thousand ten",
        "one two three four, two two three four, three two three four",
        "zero, five, ten, fifteen, twenty, twenty-five",
        "the remaining four hundred went to the lab",
        "the rest of the numbers look fine, 98 and 102",
        "type 1, type 2, stage 3, grade 4, class 2",
        "ratios 1:2, 1:4, 1:8, 1:16",
        "I don't need antibiotics at this point in time",
        "she had an echo at some point in the past",
        "at which point we could do the scope",
        "leave the setting at one point five",
        "the point is, it hurts right at the point of the elbow",
        "I was born in nineteen forty three and am seventy eight years young",
        "two cars collided on our street and one lane was closed",
        "a hundred people came to the square",
        "I like A, B for breakfast, you know",
        "my case is number two of three on the list",
        "plate two of the X-ray, serial troponins 12, 14 and 15",
        "serial potassium 3.4, 3.9, 4.1 and the chart, 20 pages of it",
    ),
    "zh": (
        "药名是阿司匹林，阿是阿姨的阿",
        "弓着腰站不直",
        "立早点睡",
        "木头一样",
        "三三两两的",
        "一五一十说清楚",
        "七上八下的，心里",
        "十有八九是感冒",
    ),
    "es": ("una de cal y otra de arena", "dos o tres, cuatro o cinco", "la calle está muy lejos"),
    "fr": ("un, deux, trois, partez", "la rue est loin", "à deux doigts de tomber"),
    "de": ("eins nach dem anderen", "der Weg 5 Minuten zu Fuß", "in zwei, drei Tagen, vier vielleicht"),
}
