"""Whole dates, day, month and year, as they are written and told in five languages.

One whose words lie open is the judge's to weigh: most are visits and results. No judge reads one that comes in pieces,
or in words that only sound like its digits.
"""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.canonical import canonical
from pipeline.tripwire.finding import Finding
from pipeline.tripwire.folding import Folded

_EN_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_MONTH = (
    r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre|"
    r"janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    r"januar|februar|märz|april|juni|juli|august|september|oktober|november|dezember)"
)
_ORDINAL = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|"
    r"(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
)
_DAY = rf"(?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?|{_ORDINAL})"
_UNIT = r"(?:oh[ -])?(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_TWO = rf"(?:zero |oh )?(?:{_TENS}(?:[ -]{_UNIT})?|{_TEEN}|{_UNIT})"
_YEAR = (
    rf"(?:(?:19|20)\d\d|['’]\d\d|(?:nineteen|twenty)[ -](?:hundred[ -])?(?:and )?{_TWO}|"
    rf"two thousand(?:[ -](?:and )?{_TWO})?)"
)
_SEP = r"[ ,]{1,3}(?:of |in )?"
# Only beside a word for birth is a day with "sixty-seven" or "1967" said apart a date.
_SHORT_YEAR = rf"(?:{_YEAR}|{_TWO})"
_ROMANCE_SHORT_YEAR = (
    r"(?:del? (?:cuarenta|cincuenta|sesenta|setenta|ochenta|noventa)(?: y \w{3,6})?|"
    r"(?:de )?(?:quarante|cinquante|soixante|quatre-vingt)[\w-]{0,16})"
)
_ROMANCE_YEAR = (
    r"(?:(?:19|20)\d\d|mil novecientos [\w ]{2,25}|dos mil(?: \w{3,12}){0,3}|"
    r"(?:mille|mil) neuf cents?(?:[ -]\w{2,9}){0,4}|deux mille(?:[ -]\w{2,9}){0,3})"
)
_ROMANCE_DAY = r"(?:\d{1,2}(?:er)?|primero?|premier|[a-zà-ÿ]{2,12}(?: y |[ -]et[ -]|-)?[a-zà-ÿ]{0,8})"
_GERMAN_DAY = r"(?:\d{1,2}\.|[a-zäöüß]{3,20}(?:te[nr]?|ste[nr]?))"
_GERMAN_YEAR = r"(?:(?:19|20)\d\d|neunzehnhundert\w{3,24}|zweitausend\w{0,20})"
_DD = r"(?:0[1-9]|[12]\d|3[01])"
_MM = r"(?:0[1-9]|1[0-2])"
_PAUSE = r"(?:[ .，,-]|那个|这个|呃|嗯|等一下|我看看|好像是|应该是|就是|然后是?){0,6}"
_HAN = r"[0-9零〇○一二三四五六七八九十]"
_HAN_REST = rf"年{_PAUSE}{_HAN}{{1,3}}{_PAUSE}月{_PAUSE}{_HAN}{{1,3}} ?[日号號]?"
DATE = re.compile(
    "|".join(
        (
            r"(?<!\d)\d{1,2}(?: ?[-/.,] ?| )\d{1,2}(?: ?[-/.,] ?| )(?:\d{4}|\d{2})(?!\d)",
            # Told digit by digit: day, month and year in either order.
            rf"(?<!\d)(?:{_DD}{_MM}|{_MM}{_DD})(?:19|20)\d\d(?!\d)",
            rf"(?<!\d)(?:19|20)\d\d{_MM}{_DD}(?!\d)",
            r"(?<!\d)(?:19|20)\d{2} ?[-/.] ?\d{1,2} ?[-/.] ?\d{1,2}(?!\d)",
            rf"\b{_EN_MONTH},? {_DAY}{_SEP}{_SHORT_YEAR}\b",
            rf"\b{_DAY} (?:of )?{_EN_MONTH}{_SEP}{_SHORT_YEAR}\b",
            rf"(?<!\d)\d{{1,2}}(?:er|\.)? (?:de )?{_MONTH} (?:del? )?(?:19|20)\d\d(?!\d)",
            rf"\b{_ROMANCE_DAY} (?:de )?{_MONTH},? (?:(?:del? |de l'an )?{_ROMANCE_YEAR}|{_ROMANCE_SHORT_YEAR})",
            rf"\b{_GERMAN_DAY} {_MONTH},? {_GERMAN_YEAR}\b",
            rf"\b(?!nineteen|twenty[ -]twenty)(?:{_TWO}[ ,/-]{{1,2}}){{2}}{_SHORT_YEAR}\b",
            rf"{_HAN}{{2,4}} ?{_HAN_REST}",
        )
    ),
    re.IGNORECASE,
)
"""Day, month and year; lists of three small numbers too, so only beside a word for birth."""

_NAMED_MONTH = re.compile(
    "|".join(
        (
            rf"\b{_EN_MONTH},? {_DAY}{_SEP}{_YEAR}\b",
            rf"\b{_DAY} (?:of )?{_EN_MONTH}{_SEP}{_YEAR}\b",
            rf"(?<!\d)\d{{1,2}}(?:er|\.)? (?:de )?{_MONTH},? (?:del? )?{_ROMANCE_YEAR}",
            rf"\b{_ROMANCE_DAY} (?:de )?{_MONTH},? (?:del? |de l'an )?{_ROMANCE_YEAR}",
            rf"\b{_GERMAN_DAY} {_MONTH},? {_GERMAN_YEAR}\b",
            rf"(?<!\d)(?:19|20)\d\d ?{_HAN_REST}",
        )
    ),
    re.IGNORECASE,
)
_OPEN = re.compile(rf"{_HAN}{{2,4}} ?{_HAN_REST}")
_SURE = 0.5


def find_dates_by_sound(text: str) -> Iterator[Finding]:
    """Chinese dates that are dates only once characters and syllables are read for the digits they sound like."""
    plain = canonical(text)
    if plain is None:
        return
    for match in _NAMED_MONTH.finditer(plain.text):
        start, end = plain.place(match.start(), match.end())
        if "年" in match[0] and _OPEN.match(text, start, end) is None:
            yield Finding(EvidenceKind.DATE_OF_BIRTH, start, end, _SURE)


def find_dates_across(text: str, boundary: int) -> Iterator[Finding]:
    """Dates that begin before the boundary, a place in the text, and end after it."""
    plain = canonical(text) or Folded(text, None)
    for match in _NAMED_MONTH.finditer(plain.text):
        start, end = plain.place(match.start(), match.end())
        if start < boundary < end:
            yield Finding(EvidenceKind.DATE_OF_BIRTH, start, end, _SURE)
