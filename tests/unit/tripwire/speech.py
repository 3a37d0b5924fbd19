# ruff: noqa: E501, SIM905 - words in lines
"""How numbers are said: small numbers as people say them, and digits read out, in five languages."""

LANGUAGES = ("en", "zh", "es", "fr", "de")

DIGITS = {
    "en": "zero one two three four five six seven eight nine".split(),
    "zh": list("零一二三四五六七八九"),
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve".split(),
    "fr": "zéro un deux trois quatre cinq six sept huit neuf".split(),
    "de": "null eins zwei drei vier fünf sechs sieben acht neun".split(),
}
PINYIN = "ling yao er san si wu liu qi ba jiu".split()
_EN_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ES_LOW = (
    "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
    "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
).split()
_ES_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_ES_HUNDREDS = (
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split()
)
_FR_LOW = "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf".split()
_FR_TENS = "vingt trente quarante cinquante soixante".split()
_DE_LOW = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_DE_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_DE_STEMS = "ein zwei drei vier fünf sechs sieben acht neun".split()


def say(value: int, language: str) -> str:
    """A number from 0 to 999 in words."""
    return {"en": _en, "zh": _zh, "es": _es, "fr": _fr, "de": _de}[language](value)


def say_short_en(value: int) -> str:
    """`one twenty`, `one oh five`: how English speakers read a pressure or a sugar."""
    if value < 100:
        return _en(value)
    rest = value % 100
    tail = "hundred" if rest == 0 else f"oh {_en(rest)}" if rest < 10 else _en(rest)
    return f"{_en(value // 100)} {tail}"


def read_out(digits: str, language: str, separator: str | None = None) -> str:
    """Digit by digit."""
    joint = separator if separator is not None else "" if language == "zh" else " "
    return joint.join(DIGITS[language][int(digit)] for digit in digits)


def read_pairs(digits: str, language: str) -> str:
    """In pairs, as the French read telephone numbers; a pair that begins with zero digit by digit."""
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return ", ".join(
        read_out(pair, language) if pair[0] == "0" or len(pair) == 1 else say(int(pair), language) for pair in pairs
    )


def _en(value: int) -> str:
    if value < 10:
        return DIGITS["en"][value]
    if value < 20:
        return _EN_TEENS[value - 10]
    if value < 100:
        ten = _EN_TENS[value // 10 - 2]
        return ten if value % 10 == 0 else f"{ten}-{DIGITS['en'][value % 10]}"
    head = f"{DIGITS['en'][value // 100]} hundred"
    return head if value % 100 == 0 else f"{head} and {_en(value % 100)}"


def _zh(value: int) -> str:
    digit = DIGITS["zh"]
    if value < 10:
        return digit[value]
    if value < 100:
        head = "十" if value < 20 else f"{digit[value // 10]}十"
        return head if value % 10 == 0 else head + digit[value % 10]
    head, rest = f"{digit[value // 100]}百", value % 100
    if rest == 0:
        return head
    return head + (
        f"零{digit[rest]}" if rest < 10 else f"{digit[rest // 10]}十" + (digit[rest % 10] if rest % 10 else "")
    )


def _es(value: int) -> str:
    if value < 10:
        return DIGITS["es"][value]
    if value < 30:
        return _ES_LOW[value - 10]
    if value < 100:
        ten = _ES_TENS[value // 10 - 3]
        return ten if value % 10 == 0 else f"{ten} y {DIGITS['es'][value % 10]}"
    if value == 100:
        return "cien"
    head = _ES_HUNDREDS[value // 100 - 1]
    return head if value % 100 == 0 else f"{head} {_es(value % 100)}"


def _fr(value: int) -> str:
    digit = DIGITS["fr"]
    if value < 10:
        return digit[value]
    if value < 20:
        return _FR_LOW[value - 10]
    if value < 70:
        ten, rest = _FR_TENS[value // 10 - 2], value % 10
        return ten if rest == 0 else f"{ten} et un" if rest == 1 else f"{ten}-{digit[rest]}"
    if value < 80:
        return "soixante et onze" if value == 71 else f"soixante-{_fr(value - 60)}"
    if value < 100:
        return "quatre-vingts" if value == 80 else f"quatre-vingt-{_fr(value - 80)}"
    head = "cent" if value < 200 else f"{digit[value // 100]} cent"
    return head if value % 100 == 0 else f"{head} {_fr(value % 100)}"


def _de(value: int) -> str:
    if value < 10:
        return DIGITS["de"][value]
    if value < 20:
        return _DE_LOW[value - 10]
    if value < 100:
        ten, rest = _DE_TENS[value // 10 - 2], value % 10
        return ten if rest == 0 else f"{_DE_STEMS[rest - 1]}und{ten}"
    head = f"{_DE_STEMS[value // 100 - 1]}hundert"
    return head if value % 100 == 0 else head + _de(value % 100)
