"""Values for the slots of the phrase files: identifiers that are invented, written or spoken, and harmless numbers."""

# ruff: noqa: E501 - tables of words, one a line.

import random
from collections.abc import Callable
from itertools import cycle

from pipeline.training.dates import birth_date, full_date, month_day, year_of
from pipeline.training.people import People, Person
from pipeline.training.spoken import say_digits, say_number_zh, spell_out, words_below_100

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_MAIL_HOSTS = ("gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com", "proton.me", "mail.com")
_MAIL_HOSTS_ZH = ("qq.com", "163.com", "126.com", "sina.com", "foxmail.com")
_TITLES = {
    "en": ("Mr. ", "Mrs. ", "Ms. ", "Miss ", "Mr ", "Mrs ", "Mister "),
    "es": ("el señor ", "la señora ", "don ", "doña ", "señor ", "señora "),
    "fr": ("monsieur ", "madame ", "M. ", "Mme ", "Monsieur ", "Madame "),
    "de": ("Herr ", "Frau ", "Herrn "),
    "ar": ("السيد ", "السيدة ", "الأستاذ "),
}
_TITLES_AFTER = {"zh": ("先生", "女士", "阿姨", "大爷", "太太", "师傅", "奶奶", "小姐"), "ja": ("さん", "様", "さん")}
_DOCTORS = {"en": "Dr. {}", "zh": "{}医生", "es": "la doctora {}", "fr": "le docteur {}", "de": "Doktor {}", "ja": "{}先生", "ar": "الدكتور {}"}  # fmt: skip
_AT = {"en": (" at ", " dot "), "zh": (" 艾特 ", " 点 "), "es": (" arroba ", " punto "), "fr": (" arobase ", " point "), "de": (" at ", " Punkt "), "ja": (" アットマーク ", " ドット "), "ar": (" آت ", " دوت ")}  # fmt: skip


class Identifiers:
    """Fills identifier slots in one language. Every value is drawn from `rng` alone, so a seed gives the same rows."""

    def __init__(self, lang: str, people: People, rng: random.Random) -> None:
        self._lang = lang
        self._people = people
        self._rng = rng
        self._makers: dict[str, Callable[[], str]] = {
            "name": lambda: self._person().full,
            "first": lambda: self._person().first,
            "last": lambda: self._person().last,
            "titled": self._titled,
            "doctor": self._doctor,
            "spelled": lambda: spell_out(self._roman(), self._rng),
            "dob": lambda: birth_date(self._lang, self._rng),
            "date": lambda: full_date(self._lang, self._rng),
            "monthday": lambda: month_day(self._lang, self._rng),
            "year": lambda: year_of(self._lang, self._rng),
            "phone": self._phone,
            "email": self._email,
            "address": lambda: self._people.address(self._lang, self._rng),
            "mrn": self._record,
            "natid": self._national_id,
            "passport": lambda: self._mixed(1, 8) if self._rng.random() < 0.5 else self._mixed(2, 7),
            "insurance": lambda: self._said(self._mixed(3, 9)) if self._rng.random() < 0.5 else self._number(9, 12),
            "account": lambda: self._number(8, 16),
            "plate": self._plate,
            "license": lambda: self._said(self._mixed(1, 7)),
            "serial": lambda: f"{self._mixed(2, 4)}-{self._mixed(1, 5)}",
            "url": lambda: f"www.{self._roman().lower()}{self._rng.choice(['', 'family', 'blog', '-page'])}.{self._rng.choice(['com', 'net', 'org', 'me'])}",
            "ip": lambda: ".".join(str(self._rng.randint(2, 250)) for _ in range(4)),
            "digits4": lambda: self._said(self._digits(4), 0.6),
            "digits3": lambda: self._said(self._digits(3), 0.7),
            "digits6": lambda: self._said(self._digits(6), 0.6),
            "room": lambda: self._rng.choice([str(self._rng.randint(1, 40)), f"{self._rng.randint(1, 9)}{self._rng.choice('ABC')}", str(self._rng.randint(101, 620))]),
            "age": lambda: self._small(18, 89),
            "childage": lambda: self._small(2, 17),
            "age90": lambda: self._small(90, 108),
            "n": lambda: self._small(2, 12),
            "nn": lambda: self._small(12, 99),
            "pct": lambda: str(self._rng.randint(2, 95)),
            "dose": lambda: str(self._rng.choice([2.5, 5, 10, 15, 20, 25, 40, 50, 75, 81, 100, 125, 200, 250, 300, 325, 400, 500, 600, 650, 750, 800, 850, 1000])),
            "sys": lambda: str(self._rng.randint(88, 198)),
            "dia": lambda: str(self._rng.randint(48, 116)),
            "lab": lambda: self._rng.choice([f"{self._rng.uniform(0.3, 14):.1f}", str(self._rng.randint(40, 420)), f"{self._rng.uniform(0.01, 3):.2f}"]),
            "hour": lambda: self._rng.choice([str(self._rng.randint(1, 12)), self._small(2, 12)]),
        }  # fmt: skip

    def fill(self, slot: str) -> str | None:
        maker = self._makers.get(slot)
        return maker() if maker else None

    def _person(self) -> Person:
        return self._people.person(self._lang, self._rng)

    def _roman(self) -> str:
        person = self._people.person("en", self._rng)
        name = self._rng.choice([person.last, person.first])
        return "".join(c for c in name if c.isascii() and c.isalpha()) or "Moreno"

    def _titled(self) -> str:
        last = self._person().last
        if self._lang in _TITLES_AFTER:
            return last + self._rng.choice(_TITLES_AFTER[self._lang])
        return self._rng.choice(_TITLES[self._lang]) + last

    def _doctor(self) -> str:
        word = _DOCTORS[self._lang]
        if self._lang == "zh":
            word = self._rng.choice(["{}医生", "{}大夫", "{}主任", "{}教授"])
        if self._lang == "en":
            word = self._rng.choice(["Dr. {}", "Dr {}", "Doctor {}"])
        return word.format(self._person().last)

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choice("0123456789") for _ in range(count))

    def _mixed(self, letters: int, digits: int) -> str:
        return "".join(self._rng.choice(_LETTERS) for _ in range(letters)) + self._digits(digits)

    def _number(self, low: int, high: int) -> str:
        return self._said(self._digits(self._rng.randint(low, high)))

    def _said(self, text: str, spoken_share: float = 0.4) -> str:
        """`text` as written, or with its digits spoken; letters stay, spaced."""
        if self._rng.random() >= spoken_share:
            return text
        letters = " ".join(c for c in text if c.isalpha())
        digits = say_digits(text, self._lang, self._rng)
        return f"{letters} {digits}".strip()

    def _phone(self) -> str:
        if self._lang == "zh":
            number = self._rng.choice(["13", "15", "17", "18", "19"]) + self._digits(9)
            if self._rng.random() < 0.25:
                number = f"0{self._rng.choice(['10', '21', '20', '571', '28'])}-{self._digits(8)}"
            grouped = f"{number[:3]} {number[3:7]} {number[7:]}" if self._rng.random() < 0.3 else number
            return say_digits(number, "zh", self._rng) if self._rng.random() < 0.45 else grouped
        d = self._digits(10)
        shape = self._rng.choice(_PHONE_SHAPES.get(self._lang, _PHONE_SHAPES["en"]))
        digits = cycle(d)
        number = "".join(next(digits) if mark == "#" else mark for mark in shape)
        return say_digits(number, self._lang, self._rng) if self._rng.random() < 0.4 else number

    def _email(self) -> str:
        user = (
            self._roman().lower()
            + self._rng.choice(["", ".", "_"])
            + self._rng.choice([self._digits(2), self._roman().lower(), self._digits(4)])
        )
        hosts = _MAIL_HOSTS_ZH if self._lang == "zh" and self._rng.random() < 0.7 else _MAIL_HOSTS
        address = f"{user}@{self._rng.choice(hosts)}"
        if self._rng.random() < 0.4:
            at, dot = _AT[self._lang]
            address = address.replace("@", at).replace(".", dot).replace("_", " underscore ")
        return address

    def _record(self) -> str:
        number = self._digits(self._rng.randint(5, 9))
        if self._rng.random() < 0.2:
            number = f"{self._rng.choice(_LETTERS)}{number}"
        elif self._rng.random() < 0.15:
            number = f"{number[:2]}-{number[2:4]}-{number[4:]}"
        return self._said(number)

    def _national_id(self) -> str:
        if self._lang == "zh":
            body = f"{self._rng.choice(['11', '31', '33', '44', '51', '37', '42'])}{self._digits(4)}{self._rng.randint(1940, 2015)}{self._rng.randint(1, 12):02d}{self._rng.randint(1, 28):02d}{self._digits(3)}{self._rng.choice('0123456789X')}"
            return self._said(body) if body[-1] != "X" else body
        if self._lang == "es":
            return self._said(self._digits(8)) + " " + self._rng.choice(_LETTERS)
        d = self._digits(9)
        shape = f"{d[:3]}-{d[3:5]}-{d[5:]}" if self._lang in ("en", "de", "ar", "ja") else self._digits(13)
        return self._said(shape)

    def _plate(self) -> str:
        if self._lang == "zh":
            return f"{self._rng.choice('京沪粤浙苏川鲁')}{self._rng.choice('ABCDEF')}{self._mixed(1, 4)}"
        return self._rng.choice(
            [
                f"{self._mixed(3, 4)}",
                f"{self._mixed(2, 2)} {self._mixed(3, 0)}",
                f"{self._digits(1)}{self._mixed(3, 3)}",
            ]
        )

    def _small(self, low: int, high: int) -> str:
        number = self._rng.randint(low, high)
        if self._rng.random() < 0.5 or number > 99:
            return str(number)
        if self._lang == "zh":
            return say_number_zh(number)
        return words_below_100(number).replace(" ", self._rng.choice([" ", "-"])) if self._lang == "en" else str(number)


_PHONE_SHAPES = {
    "en": ("###-###-####", "(###) ###-####", "### ### ####", "##########", "+44 7### ######", "07### ######", "###-####", "+1 ### ### ####"),
    "es": ("6## ## ## ##", "9## ### ###", "+34 6########", "55 #### ####"),
    "fr": ("06 ## ## ## ##", "07########", "+33 6 ## ## ## ##", "01.##.##.##.##"),
    "de": ("0151 #######", "+49 17# #######", "030 ########", "0176/########"),
    "ja": ("090-####-####", "080########", "03-####-####"),
    "ar": ("05########", "+966 5# ### ####", "010########"),
}  # fmt: skip
