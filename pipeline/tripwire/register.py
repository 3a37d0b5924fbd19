"""Numbers of registers that nothing need announce: long ones, number plates, names in messengers."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.codes import code_at
from pipeline.tripwire.finding import Finding, Reading
from pipeline.tripwire.series import is_public

_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCE}] ?[^\W\d_一-鿿][· .,，-]{{0,3}}(?=(?:[^\W\d_一-鿿][ .,-]{{0,3}}){{0,4}}\d)"
    r"(?:[^\W_一-鿿][ .,-]{0,3}){4,5}[^\W_一-鿿](?![^\W_一-鿿])"
)
_HANDLE = re.compile(
    r"(?:微信号?|QQ号?|\bwechat(?: id)?|\bwhatsapp|\binstagram|\btelegram)(?:[是：:吧，, ]|is|id|加我){0,6}"
    r"((?=[\w.-]*[\d_])[A-Za-z][\w.-]{4,30}|\d{5,12})",
    re.IGNORECASE | re.ASCII,
)
_HANDLE_CUE = re.compile(
    r"(?:微信号?|QQ号?|\bwechat(?: id)?|\bwhatsapp|\binstagram|\btelegram)"
    r"(?:[是：:吧，, ]|\bis\b|\bid\b|加我|开头是?){0,6}",
    re.IGNORECASE | re.ASCII,
)
_FEWEST_LETTERS, _FEWEST_DIGITS = 2, 3
_LONG = re.compile(r"(?<![A-Za-z0-9_.#/-])\d{8,24}(?![A-Za-z0-9_/]|[.,]\d)")
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_ROUND = re.compile(r"\d+0000")


def find_long_numbers(reading: Reading) -> Iterator[Finding]:
    """Eight digits or more in one piece are some register's number, whosever: a person should look."""
    for match in _LONG.finditer(reading.plain):
        if _DAY.fullmatch(match[0]) is None and _ROUND.fullmatch(match[0]) is None and not is_public(match[0]):
            yield Finding(EvidenceKind.ACCOUNT_NUMBER, match.start(), match.end(), 0.5)


def find_handles(reading: Reading) -> Iterator[Finding]:
    """Chinese number plates; names and numbers in messengers, written or told letter by letter, after its name."""
    for match in _PLATE.finditer(reading.text):
        yield Finding(EvidenceKind.ACCOUNT_NUMBER, match.start(), match.end(), 0.9)
    for match in _HANDLE.finditer(reading.text):
        yield Finding(EvidenceKind.ACCOUNT_NUMBER, match.start(1), match.end(1), 0.85)
    for cue in _HANDLE_CUE.finditer(reading.text):
        code = code_at(reading.text, cue.end())
        if code.letters >= _FEWEST_LETTERS and code.digits >= _FEWEST_DIGITS:
            yield Finding(EvidenceKind.ACCOUNT_NUMBER, cue.end(), code.end, 0.8)
