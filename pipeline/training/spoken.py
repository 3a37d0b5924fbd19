"""Numbers, dates and names as people say them aloud."""

# ruff: noqa: E501 - tables of words, one a line.

import random


def words(text: str) -> list[str]:
    """The words of a table written as one text."""
    return text.split()


DIGIT_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("zero", "oh", "o"), ("one",), ("two",), ("three",), ("four",),
        ("five",), ("six",), ("seven",), ("eight",), ("nine",),
    ),
    "zh": (("零", "〇", "洞"), ("一", "幺"), ("二", "两"), ("三",), ("四",), ("五",), ("六",), ("七",), ("八",), ("九",)),
    "es": (("cero",), ("uno",), ("dos",), ("tres",), ("cuatro",), ("cinco",), ("seis",), ("siete",), ("ocho",), ("nueve",)),
    "fr": (("zéro",), ("un",), ("deux",), ("trois",), ("quatre",), ("cinq",), ("six",), ("sept",), ("huit",), ("neuf",)),
    "de": (("null",), ("eins",), ("zwei", "zwo"), ("drei",), ("vier",), ("fünf",), ("sechs",), ("sieben",), ("acht",), ("neun",)),
    "ja": (("ゼロ", "れい"), ("いち", "一"), ("に", "二"), ("さん", "三"), ("よん", "四"), ("ご", "五"), ("ろく", "六"), ("なな", "七"), ("はち", "八"), ("きゅう", "九")),
    "ar": (("صفر",), ("واحد",), ("اثنان", "اثنين"), ("ثلاثة",), ("أربعة",), ("خمسة",), ("ستة",), ("سبعة",), ("ثمانية",), ("تسعة",)),
}  # fmt: skip

_ONES = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen "
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
) + [f"twenty {w}" for w in ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]]
_ORDINALS += ["thirtieth", "thirty first"]
MONTHS = words("January February March April May June July August September October November December")


def words_below_100(number: int) -> str:
    """English words for 0 to 99."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")


def ordinal(day: int) -> str:
    """English ordinal words for 1 to 31."""
    return _ORDINALS[day - 1]


def year_words(year: int, rng: random.Random) -> str:
    """English words for a year from 1910 to 2029."""
    century, rest = divmod(year, 100)
    if century == 20 and rest < 10:
        return f"two thousand{' and' if rng.random() < 0.3 else ''} {_ONES[rest]}" if rest else "two thousand"
    if rest == 0:
        return f"{words_below_100(century)} hundred"
    tail = f"oh {_ONES[rest]}" if rest < 10 else words_below_100(rest)
    return f"{words_below_100(century)} {tail}"


def say_digits(digits: str, lang: str, rng: random.Random) -> str:
    """Each digit as a word of `lang`; other characters are dropped. English now and then says "double four"."""
    words = DIGIT_WORDS[lang]
    zero = rng.choice(words[0])
    out: list[str] = []
    kept = [c for c in digits if c.isascii() and c.isdigit()]
    doubles = lang == "en" and rng.random() < 0.3
    index = 0
    while index < len(kept):
        digit = int(kept[index])
        word = zero if digit == 0 else rng.choice(words[digit]) if lang != "zh" else words[digit][0]
        if lang == "zh" and digit == 1 and rng.random() < 0.6:
            word = "幺"
        if doubles and index + 1 < len(kept) and kept[index + 1] == kept[index]:
            word, index = f"double {word}", index + 1
        out.append(word)
        index += 1
    if lang == "zh":
        return "".join(out)
    if lang == "ja":
        return rng.choice(["", "、", " "]).join(out)
    return rng.choice([" ", " ", ", "]).join(out)


def say_year_zh(year: int) -> str:
    return "".join("零一二三四五六七八九"[int(c)] for c in str(year))


def say_number_zh(number: int) -> str:
    """Chinese words for 1 to 99."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{'零一二三四五六七八九'[tens]}十"
    return head + ("零一二三四五六七八九"[ones] if ones or not tens else "")


def spell_out(name: str, rng: random.Random) -> str:
    """Letter by letter: "C H E N", "C-H-E-N", "C as in Charlie, H…"."""
    letters = [c for c in name.upper() if c.isalpha()]
    style = rng.random()
    if style < 0.12:
        return ", ".join(f"{c} as in {_AS_IN.get(c, 'X-ray')}" for c in letters[:6])
    if style < 0.3:
        return ", ".join(letters)
    return rng.choice([" ", "-", ". ", " "]).join(letters)


_AS_IN = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        words(
            "apple boy Charlie David Edward Frank George Harry India John king Larry Mary Nancy ocean Peter queen Robert "
            "Sam Tom uncle Victor William X-ray yellow zebra "
        ),
        strict=True,
    )
)
