"""Dates as seven languages write and say them. All invented."""

# ruff: noqa: E501 - tables of words, one a line.

import random

from pipeline.training.spoken import MONTHS, ordinal, say_number_zh, say_year_zh, words, words_below_100, year_words

_MONTHS = {
    "es": words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    "fr": words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    "de": words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    "ar": words("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"),
}


def birth_date(lang: str, rng: random.Random) -> str:
    return _say(lang, rng.randint(1935, 2021), rng.randint(1, 12), rng.randint(1, 28), rng)


def full_date(lang: str, rng: random.Random) -> str:
    """A recent full date, for care events."""
    return _say(lang, rng.randint(2009, 2027), rng.randint(1, 12), rng.randint(1, 28), rng)


def year_of(lang: str, rng: random.Random) -> str:
    year = rng.randint(1958, 2025)
    if lang == "zh":
        return f"{year}年" if rng.random() < 0.6 else f"{say_year_zh(year)[2:]}年"
    return year_words(year, rng) if lang == "en" and rng.random() < 0.4 else str(year)


def month_day(lang: str, rng: random.Random) -> str:
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    match lang:
        case "en":
            name = MONTHS[month - 1]
            return rng.choice(
                [f"{name} {day}", f"{name} {ordinal(day)}", f"the {ordinal(day)} of {name}", f"{name} {day}th"]
            )
        case "zh":
            spoken = f"{say_number_zh(month)}月{say_number_zh(day)}{rng.choice('日号')}"
            return rng.choice([f"{month}月{day}{rng.choice('日号')}", spoken])
        case "ja":
            return f"{month}月{day}日"
        case _:
            return _europe(lang, month, day)


def _say(lang: str, year: int, month: int, day: int, rng: random.Random) -> str:
    match lang:
        case "en":
            return _english(year, month, day, rng)
        case "zh":
            spoken = f"{say_year_zh(year)}年{say_number_zh(month)}月{say_number_zh(day)}{rng.choice('日号')}"
            return rng.choice(
                [
                    f"{year}年{month}月{day}日",
                    f"{year}年{month}月{day}号",
                    spoken,
                    spoken,
                    f"{year}-{month:02d}-{day:02d}",
                    f"{year % 100:02d}年{month}月{day}号",
                    f"{year}.{month}.{day}",
                ]
            )
        case "ja":
            era = (
                f"昭和{year - 1925}年"
                if 1926 <= year <= 1988
                else f"平成{year - 1988}年"
                if 1989 <= year <= 2018
                else f"{year}年"
            )
            return rng.choice([f"{year}年{month}月{day}日", f"{era}{month}月{day}日", f"{year}/{month}/{day}"])
        case _:
            joiner = {"es": " de ", "fr": " ", "de": " ", "ar": " "}[lang]
            numeric = f"{day:02d}{rng.choice('./-')}{month:02d}{rng.choice('./-')}{year}"
            return rng.choice([f"{_europe(lang, month, day)}{joiner}{year}", numeric])


def _europe(lang: str, month: int, day: int) -> str:
    name = _MONTHS[lang][month - 1]
    match lang:
        case "es":
            return f"{day} de {name}"
        case "de":
            return f"{day}. {name}"
        case _:
            return f"{day} {name}"


def _english(year: int, month: int, day: int, rng: random.Random) -> str:
    name = MONTHS[month - 1]
    style = rng.randrange(9)
    if style < 2:
        return f"{name} {day}, {year}"
    if style == 2:
        return f"{month:02d}/{day:02d}/{year}" if rng.random() < 0.5 else f"{month}-{day}-{year % 100:02d}"
    if style == 3:
        return f"{day} {name} {year}"
    if style == 4:
        return f"{year}-{month:02d}-{day:02d}"
    if style == 5:
        return f"{name} the {ordinal(day)}, {year_words(year, rng)}"
    if style == 6:
        return f"{name} {ordinal(day)} {year_words(year, rng)}"
    if style == 7:
        return f"the {ordinal(day)} of {name} {year_words(year, rng)}"
    return f"{words_below_100(month)} {words_below_100(day)} {year_words(year, rng) if rng.random() < 0.5 else words_below_100(year % 100)}"
