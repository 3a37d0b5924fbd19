"""Numbers of ordinary care blotted out, so that they neither look like an identifier nor lend digits to one."""

import re

_UNITS = (
    r"mg|mcg|µg|ug|g|kg|ml|mL|l|dl|mmol|mmhg|cm|mm|km|iu|units?|meq|bpm|beats|percent|%|milligrams?|micrograms?|grams?|"
    r"millilit(?:er|re)s?|cc|drops|puffs|tablets?|pills?|capsules?|hours?|minutes?|days?|weeks?|months?|years?|times|"
    r"pounds|lbs?|steps|calories|kcal|degrees|dollars|毫克|微克|毫升|克|公斤|单位|片|粒|天|周|个月|年|岁|小时|分钟|次|度|元|步"
)
# Not the tail of a longer number, and not a local telephone number followed by `days` or the like.
_ALONE = r"(?<![A-Za-z0-9_-])(?<!\d[ .])(?!\d{3}-\d{4} (?!mg|mcg|ml|iu|units|kcal|calories|steps))"
_ORDINARY = re.compile(
    # The look ahead fails at once where there is no digit.
    "(?=[0-9])(?:"
    + "|".join(
        (
            r"(?<![\d/])(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?!\d)",  # 2024-01-15
            r"(?<![\d/])(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d(?!\d)",  # 01/15/2024
            r"(?<!\d)(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d(?![\d-])",  # 2019-2024
            r"(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)",  # 10:30
            r"(?<![\d/])\d{2,3} ?/ ?\d{2,3}(?![\d/])",  # 120/80
            r"(?<![\d.])\d{1,3}\.\d{1,2}(?!\d|\.\d)",  # 7.35
            rf"{_ALONE}\d{{1,6}}(?:[.,]\d+)?(?: ?[-–] ?\d{{1,6}}(?:[.,]\d+)?)? ?(?:{_UNITS})(?![a-z])",  # 400-1200 mg
        )
    )
    + ")",
    re.IGNORECASE,
)


def without_ordinary_numbers(text: str) -> str:
    """The same text at the same length, dates, times, pressures, decimals, ranges and doses as letters."""
    return _ORDINARY.sub(lambda match: "x" * len(match[0]), text)
