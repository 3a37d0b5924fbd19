# ruff: noqa: E501, SIM905 - one kind of number a line, words in lines
"""Identifiers of invented people: each kind, in its country's language, in every form it may be said or hidden in.

Check digits are computed here; the numbers lie in ranges kept for fiction or tests where a country has one.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from tests.unit.tripwire.speech import DIGITS, PINYIN, read_out, read_pairs, say

Say = Callable[[str, str, Random], str]


class Number(NamedTuple):
    """Its kind, language and cue phrase, as it is written, and the sizes of its spoken groups."""

    kind: str
    language: str
    cue: str
    written: str
    groups: tuple[int, ...]

    @property
    def digits(self) -> str:
        return "".join(filter(str.isdigit, self.written))


class Positive(NamedTuple):
    """A text whose `part` is (some of) an identifier, after `earlier` turns of (role, text)."""

    form: str
    kind: str
    language: str
    earlier: tuple[tuple[str, str], ...]
    text: str
    part: tuple[int, int]


def nhs_number(chance: Random) -> str:
    """Of the range 999 that is kept for tests; modulus 11."""
    while True:
        body = "999" + _random_digits(chance, 6)
        check = 11 - sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return body + str(check % 11)


def resident_id(chance: Random) -> str:
    """GB 11643: place, date of birth, sequence, check character modulo 11-2."""
    body = f"110105{chance.randint(1940, 2005)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}{chance.randint(1, 999):03}"
    return body + "10X98765432"[sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(body)) % 11]


def dni(chance: Random) -> str:
    number = chance.randint(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def nie(chance: Random) -> str:
    first, rest = chance.randint(0, 2), chance.randint(1_000_000, 9_999_999)
    return f"{'XYZ'[first]}{rest}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(f'{first}{rest}') % 23]}"


def cpf(chance: Random) -> str:
    digits = _random_digits(chance, 9)
    for length in (10, 11):
        rest = sum(int(digit) * weight for digit, weight in zip(digits, range(length, 1, -1), strict=False)) * 10 % 11
        digits += str(rest % 10)
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def nir(chance: Random) -> str:
    body = f"{chance.randint(1, 2)}{chance.randint(40, 99)}{chance.randint(1, 12):02}{chance.randint(10, 89)}{_random_digits(chance, 6)}"
    return body + f"{97 - int(body) % 97:02}"


def card(chance: Random) -> str:
    body = "400000" + _random_digits(chance, 9)
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body)]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    digits = body + str(-total % 10)
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


def numbers(chance: Random) -> Iterator[Number]:
    """One of each kind. None is a count, and none could be read as years."""
    area = chance.choice(("212", "415", "312", "617", "206"))
    line = f"01{chance.randint(10, 99)}"
    yield Number("phone", "en", "you can reach me at", f"{area}-555-{line}", (3, 3, 4))
    yield Number("phone", "en", "my mobile is", f"07700 900{chance.randint(100, 999)}", (5, 3, 3))
    yield Number("ssn", "en", "my social is", f"666-{chance.randint(41, 98)}-{chance.randint(4000, 8999)}", (3, 2, 4))
    health = nhs_number(chance)
    yield Number("nhs", "en", "my NHS number is", f"{health[:3]} {health[3:6]} {health[6:]}", (3, 3, 4))
    yield Number("mrn", "en", "the MRN is", _random_digits(chance, 8), (4, 4))
    yield Number("insurance", "en", "the member ID is", _random_digits(chance, 9), (3, 3, 3))
    yield Number("card", "en", "the card number is", card(chance), (4, 4, 4, 4))
    mobile = f"199{chance.randint(1000, 9999)}{chance.randint(1000, 9999)}"
    yield Number("phone", "zh", "我的手机号是", mobile, (3, 4, 4))
    yield Number("resident_id", "zh", "身份证号是", resident_id(chance), (6, 8, 3))
    yield Number("record", "zh", "病案号是", _random_digits(chance, 8), (4, 4))
    yield Number("record", "zh", "住院号", _random_digits(chance, 8), (4, 4))
    yield Number("insurance", "zh", "医保卡号是", _random_digits(chance, 10), (3, 3, 4))
    yield Number(
        "phone",
        "es",
        "mi teléfono es",
        f"6{chance.randint(10, 99)} {chance.randint(100, 999)} {chance.randint(100, 999)}",
        (3, 3, 3),
    )
    yield Number("dni", "es", "mi DNI es", dni(chance), (4, 4))
    yield Number("nie", "es", "mi NIE es", nie(chance), (3, 4))
    yield Number("record", "es", "el número de historia es", _random_digits(chance, 7), (3, 4))
    yield Number("cpf", "pt", "meu CPF é", cpf(chance), (3, 3, 3, 2))
    pairs = f"{chance.randint(10, 99)} {chance.randint(10, 99)}"
    yield Number("phone", "fr", "mon portable c'est le", f"06 39 98 {pairs}", (2, 2, 2, 2, 2))
    yield Number("nir", "fr", "mon numéro de sécu est", nir(chance), (1, 2, 2, 2, 3, 3, 2))
    yield Number("record", "fr", "le numéro de dossier est", _random_digits(chance, 8), (4, 4))
    yield Number("phone", "de", "meine Handynummer ist", f"0171 39200{chance.randint(10, 99)}", (4, 3, 4))
    yield Number("record", "de", "die Patientennummer ist", _random_digits(chance, 8), (4, 4))


def positives() -> list[Positive]:
    """Every number of several draws in every form that suits it, each where its form can appear."""
    chance = Random(20260105)
    found = []
    for _ in range(_DRAWS):
        for number in numbers(chance):
            for form, change in FORMS.items():
                said = change(number, chance)
                if said is not None:
                    found.append(_placed(form, number, said, chance))
            found.append(_over_turns(number, chance))
            found.append(_answered(number, chance))
    return [*found, *_told_apart()]


def _told_apart() -> Iterator[Positive]:
    """Numbers a digit a turn, and in words that only sound like their digits; and both at once."""
    chance = Random(20260119)
    for _ in range(_DRAWS):
        for number in numbers(chance):
            words = DIGITS[_language(number)]
            yield _one_a_turn("one_a_turn", number, [words[int(digit)] for digit in number.digits], chance)
            if number.language not in _ALIKE:
                continue
            alike = [chance.choice(_ALIKE[number.language][int(digit)]) for digit in number.digits]
            joint = "" if number.language == "zh" else " "
            yield _placed("by_sound", number, joint.join(alike), chance)
            yield _one_a_turn("one_a_turn_by_sound", number, alike, chance)
            if number.language == "zh":
                toned = chance.choice((_ACCENTED, _NUMBERED))
                yield _placed("pinyin_toned", number, " ".join(toned[int(digit)] for digit in number.digits), chance)


def _one_a_turn(form: str, number: Number, words: list[str], chance: Random) -> Positive:
    language = _language(number)
    earlier = [("patient", f"{number.cue} {words[0]}")]
    for word in words[1:-1]:
        if chance.random() < 0.5:
            earlier.append(("clinician", chance.choice(_BACK[language])))
        earlier.append(("patient", word))
    return Positive(form, number.kind, number.language, tuple(earlier), words[-1], (0, len(words[-1])))


_DRAWS = 4
_AFTER = {
    "en": (" if you need me", ", that's all", ""),
    "zh": ("，谢谢", "，麻烦记一下", ""),
    "es": (", gracias", ""),
    "pt": (", obrigado", ""),
    "fr": (", merci", ""),
    "de": (", danke", ""),
}
_FILLERS = {
    "en": (", um, ", ", uh, ", " ", ", and then ", ", let me see, ", " uh "),
    "zh": ("，呃，", "，嗯，", "那个", "，然后", ""),
    "es": (", eh, ", ", este, ", " ", ", y luego "),
    "pt": (", eh, ", " "),
    "fr": (", euh, ", " ", ", puis "),
    "de": (", äh, ", " ", ", dann "),
}
_BACK = {
    "en": ("okay", "mm-hmm", "go on", "got it"),
    "zh": ("嗯", "好的", "然后呢？"),
    "es": ("sí", "vale"),
    "fr": ("oui", "d'accord"),
    "de": ("ja", "gut"),
}
_ALIKE = {
    "en": [
        words.split("/")
        for words in "owe/oh/o won/juan too/to/tew tree/free/thee for/fore hive/fife/jive sicks/seeks savin/heaven ate/hate "
        "nein/niner/mine".split()
    ],
    "zh": [
        list(sounds) for sounds in "铃领洞零 幺要衣医 尔耳而 散伞山 斯司思 武午屋 留柳流 期奇拐 吧把巴 酒久勾".split()
    ],
}
_ACCENTED = "líng yāo èr sān sì wǔ liù qī bā jiǔ".split()
_NUMBERED = "ling2 yao1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3".split()
_SOUNDS = {"2": "to", "4": "for", "8": "ate"}
_LOOKALIKES = {"arabic": 0x660, "devanagari": 0x966, "full_width": 0xFF10, "mathematical": 0x1D7CE}


def _spoken_groups(number: Number, word: Callable[[str], str], joint: str) -> str:
    said, at = [], 0
    for size in number.groups:
        said.append(word(number.digits[at : at + size]))
        at += size
    return joint.join(part for part in said if part)


def _language(number: Number) -> str:
    return "es" if number.language == "pt" else number.language


def _spoken(number: Number, chance: Random) -> str:
    return _spoken_groups(
        number, lambda part: read_out(part, _language(number)), "，" if number.language == "zh" else ", "
    )


def _filled(number: Number, chance: Random) -> str:
    words = [DIGITS[_language(number)][int(digit)] for digit in number.digits]
    plain = "" if number.language == "zh" else " "
    said = words[0]
    for place, word in enumerate(words[1:], 1):
        joint = chance.choice(_FILLERS[number.language]) if place % 2 else plain
        said += (joint if joint.strip() or not plain else plain) + word
    return said


def _doubled(number: Number, chance: Random) -> str | None:
    if number.language != "en":
        return None
    said, digits = [], number.digits
    at = 0
    while at < len(digits):
        if digits[at : at + 2] == digits[at] * 2:
            said.append(f"double {DIGITS['en'][int(digits[at])]}")
            at += 2
        else:
            said.append("oh" if digits[at] == "0" else DIGITS["en"][int(digits[at])])
            at += 1
    return " ".join(said)


def _switched(number: Number, chance: Random) -> str:
    tongues = (
        ("en", "zh")
        if number.language in ("en", "zh")
        else ("en", number.language if number.language != "pt" else "es")
    )
    return " ".join(DIGITS[chance.choice(tongues)][int(digit)] for digit in number.digits)


def _zero_width(number: Number, chance: Random) -> str:
    return "".join(character + chance.choice(("", "\u200b", "\u2060", "\u00ad")) for character in number.written)


def _other_digits(first: int) -> Callable[[Number, Random], str]:
    return lambda number, chance: "".join(chr(first + int(c)) if c.isdigit() else c for c in number.written)


def _sounds_alike(number: Number, chance: Random) -> str | None:
    if number.language != "en":
        return None
    swapped = chance.sample([place for place, digit in enumerate(number.digits[:-1]) if digit in _SOUNDS][:2] or [0], 1)
    return " ".join(
        _SOUNDS[digit] if place in swapped and digit in _SOUNDS else DIGITS["en"][int(digit)]
        for place, digit in enumerate(number.digits)
    )


FORMS: dict[str, Callable[[Number, Random], str | None]] = {
    "written": lambda number, chance: number.written,
    "compact": lambda number, chance: "".join(filter(str.isalnum, number.written)),
    "spaced": lambda number, chance: " ".join(filter(str.isalnum, number.written)),
    "hyphenated": lambda number, chance: "-".join(filter(str.isalnum, number.written)),
    "dotted": lambda number, chance: ".".join(filter(str.isalnum, number.written)),
    "written_with_fillers": lambda number, chance: _spoken_groups(
        number, str, ", uh, " if number.language != "zh" else "，呃，"
    ),
    "spoken": _spoken,
    "spoken_unbroken": lambda number, chance: read_out(number.digits, _language(number)),
    "spoken_with_fillers": _filled,
    "spoken_doubled": _doubled,
    "sounds_alike": _sounds_alike,
    "pinyin": lambda number, chance: (
        " ".join(PINYIN[int(digit)] for digit in number.digits) if number.language == "zh" else None
    ),
    "pinyin_glued": lambda number, chance: (
        _spoken_groups(number, lambda part: "".join(PINYIN[int(d)] for d in part), " ")
        if number.language == "zh"
        else None
    ),
    "yao": lambda number, chance: _spoken(number, chance).replace("一", "幺") if number.language == "zh" else None,
    "pairs": lambda number, chance: read_pairs(number.digits, "fr") if number.language == "fr" else None,
    "code_switch": _switched,
    "zero_width": _zero_width,
    **{name: _other_digits(first) for name, first in _LOOKALIKES.items()},
}


def _placed(form: str, number: Number, said: str, chance: Random) -> Positive:
    joint = "" if number.language == "zh" else " "
    before = number.cue + joint
    text = before + said + chance.choice(_AFTER[number.language])
    return Positive(form, number.kind, number.language, (), text, (len(before), len(before) + len(said)))


def _over_turns(number: Number, chance: Random) -> Positive:
    """In two or three breaths, with a word of the listener between; the chunk has the last."""
    language = _language(number)
    groups: list[str] = []
    at = 0
    for size in number.groups:
        groups.append(number.digits[at : at + size])
        at += size
    breaths = [groups[0], "".join(groups[1:])] if len(groups) == 2 else [groups[0], "".join(groups[1:-1]), groups[-1]]
    said = [read_out(breath, language) for breath in breaths]
    earlier = [("patient", f"{number.cue} {said[0]}")]
    for part in said[1:-1]:
        earlier += [("clinician", chance.choice(_BACK[language])), ("patient", part)]
    earlier.append(("clinician", chance.choice(_BACK[language])))
    return Positive("over_turns", number.kind, number.language, tuple(earlier), said[-1], (0, len(said[-1])))


_QUESTIONS = {
    "phone": {
        "en": "What's the best number to reach you?",
        "zh": "您电话号码是多少？",
        "es": "¿Me da su teléfono?",
        "fr": "Votre numéro de téléphone ?",
        "de": "Wie ist Ihre Handynummer?",
    },
    "record": {
        "en": "What's your MRN?",
        "zh": "病案号是多少？",
        "es": "¿Su número de historia clínica?",
        "fr": "Votre numéro de dossier ?",
        "de": "Ihre Patientennummer bitte?",
    },
    "insurance": {"en": "And the member ID on the card?", "zh": "医保卡号呢？"},
    "id": {
        "en": "Can you confirm your social security number?",
        "zh": "身份证号码报一下？",
        "es": "¿Me dice su DNI?",
        "fr": "Votre numéro de sécurité sociale ?",
        "pt": "Qual é o seu CPF?",
    },
}


def _answered(number: Number, chance: Random) -> Positive:
    """Asked for it, one just says it."""
    group = {"phone": "phone", "mrn": "record", "record": "record", "insurance": "insurance"}.get(number.kind, "id")
    question = _QUESTIONS[group][number.language]
    text = chance.choice((read_out(number.digits, _language(number)), number.written))
    return Positive("answered", number.kind, number.language, (("clinician", question),), text, (0, len(text)))


def bare_numbers() -> list[tuple[str, str]]:
    """Telephone numbers and numbers with check digits that nothing announces."""
    chance = Random(3)
    found = []
    for _ in range(10):
        for number in numbers(chance):
            if number.kind == "phone" and number.language != "es":
                found.append((number.written, number.language))
                found.append((_spoken(number, chance), number.language))
            elif number.kind in {"resident_id", "dni", "nie", "cpf", "nir", "card", "nhs"}:
                found.append((number.written, number.language))
    return found


def _random_digits(chance: Random, count: int) -> str:
    """No zero in front, no count, no digit above the others only, not all small."""
    while True:
        digits = "".join(str(chance.randint(0, 9)) for _ in range(count))
        if digits[0] not in "0129" and max(digits) > "3" and len(set(digits)) > 3 and "1234" not in digits:
            return digits


def say_year(year: int, language: str) -> str:
    """1931 to 1999 as it is said."""
    rest = year % 100
    return {
        "en": f"nineteen {say(rest, 'en')}",
        "zh": read_out(str(year), "zh"),
        "es": f"mil novecientos {say(rest, 'es')}",
        "fr": f"mille neuf cent {say(rest, 'fr')}",
        "de": f"neunzehnhundert{say(rest, 'de')}",
    }[language]
