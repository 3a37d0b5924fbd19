"""Runs of digits that are nobody's number: counting, scores, years, emergency lines, lists of measurements."""

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.tripwire.digits import DigitRun

# Emergency and crisis lines of the United States, the United Kingdom, the European Union, China, Japan, Australia and
# others (ITU-T E.161.1 and national plans); and short numbers of advice (111, 116 123, 12320, 12356).
_EMERGENCY = re.compile(
    r"(?:911|112|999|988|000|110|119|120|122|111|118|117|116123|13111[24]|12320|12345|12356|061|062|091|144|101|"
    r"102|103|08)+"
)
_TOLL_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}|400\d{7}|0800\d{6,7}|0808\d{7}|0900\d{6,7}|4001619995")
_YEARS = re.compile(r"(?:(?:19|20)\d\d){1,6}")
_HIGHEST_ITEM = "3"
_FEWEST_COUNTED = 3
_LIKELY_READING = range(35, 301)
_MOST_DIGITS_READ = 3
_FIRST_BEATS = (1, 2)


def is_public(digits: str) -> bool:
    """Hotlines, emergency numbers, toll-free lines."""
    return _EMERGENCY.fullmatch(digits) is not None or _TOLL_FREE.fullmatch(digits) is not None


def is_counting(run: DigitRun) -> bool:
    """Counted up or down, by one or by steps, once or again and again."""
    values = [int(atom.digits) for atom in run.atoms]
    if len(values) > 2 and len({after - before for before, after in pairwise(values)}) == 1 and values[0] != values[1]:
        return True
    digits = run.digits
    if "1234567" in digits or "7654321" in digits:
        return True
    return _all_ascend(values) or _all_ascend(values[::-1])


def is_years(run: DigitRun) -> bool:
    """Nothing but years between 1900 and 2099, one after another."""
    return _YEARS.fullmatch(run.digits) is not None


def is_items(run: DigitRun) -> bool:
    """Answers to a questionnaire: each from 0 to 3."""
    return max(run.digits) <= _HIGHEST_ITEM


def is_list(run: DigitRun) -> bool:
    """Short values with commas between, none with a leading zero: they may be measurements or scores."""
    parts = run.parts()
    if len(parts) < _FEWEST_COUNTED:
        return False
    return all(len(part) <= _MOST_DIGITS_READ and (part == "0" or part[0] != "0") for part in parts)


def are_readings(run: DigitRun) -> bool:
    """A list of values such as pulses and sugars have, without anything that says so."""
    parts: Sequence[str] = run.parts()
    if len(parts) < _FEWEST_COUNTED:
        digits = run.digits
        parts = [digits[at : at + _MOST_DIGITS_READ] for at in range(0, len(digits), _MOST_DIGITS_READ)]
        return len(digits) % _MOST_DIGITS_READ == 0 and all(part[0] == "1" for part in parts)
    return all(len(part) <= _MOST_DIGITS_READ and part[0] != "0" and int(part) in _LIKELY_READING for part in parts)


def _all_ascend(values: Sequence[int]) -> bool:
    """Stretches of at least three, each one more than the one before; between them the count of the round, if any.

    "One two three four, two two three four": dancers and therapists say the round in place of the first beat.
    """
    stretches: list[list[int]] = []
    for value in values:
        if stretches and value == stretches[-1][-1] + 1:
            stretches[-1].append(value)
        else:
            stretches.append([value])
    long = [stretch for stretch in stretches if len(stretch) >= _FEWEST_COUNTED]
    rounds = [stretch for stretch in stretches if len(stretch) == 1]
    if len(long) + len(rounds) < len(stretches) or len(rounds) > len(long):
        return False
    return bool(long) and (not rounds or all(stretch[0] in _FIRST_BEATS for stretch in long))
