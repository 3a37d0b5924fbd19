"""A bed or a room together with a name: in a hospital that is one person."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.finding import Finding, Reading

_UNIT = "one|two|three|four|five|six|seven|eight|nine"
_NUMBER = rf"(?:\d{{1,4}}[A-Za-z]?|(?:twenty|thirty|forty)(?:[ -](?:{_UNIT}))?|{_UNIT}|ten|eleven|twelve|fourteen)"
_NAME = (
    r"(?:(?:Mr|Mrs|Ms|Miss|Mister|Señora|Señor|Sra|Sr|Doña|Don|Madame|Monsieur|Mme|Herrn?|Frau)\.? "
    r"(?:[A-ZÀ-Þ][\w'’-]+|(?!(?:is|in|are|on|was|est|ist|está|and)\b)[a-zà-ÿ][\w'’-]{2,20}))"
)
_PLACE = (
    rf"(?:room|bed|bay|cubicle|cama|habitación|cuarto|chambre|lit|Zimmer|Bett)(?: number| número| numéro)? "
    rf"(?:{_NUMBER}|\d{{1,4}})"
)
_PATTERN = re.compile(
    rf"\b{_PLACE}\b[^.!?\n]{{0,20}}?\b{_NAME}|{_NAME}[^.!?\n\d]{{0,25}}?"
    rf"(?:\b(?:in|from|to|en|de la|au|à la|auf|aus|im|dans la) |, ?| )"
    rf"(?:the |la |le |el |l')?{_PLACE}\b",
    re.IGNORECASE,
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱郭何罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴夏汪田任姜范姚谭廖邹熊陆郝孔"
    "崔康毛邱秦顾侯邵孟龙段雷钱汤尹黎武贺赖龚"
)
_TITLE = "(?:先生|女士|大爷|大妈|阿姨|叔叔|老师|奶奶|爷爷|老伯|同志|小姐|太太)"
_HAN = re.compile(
    rf"[0-9一二三四五六七八九十]{{1,4}}(?:号|號)?(?:病)?(?:床|房|室|病房)(?:的|是|，|,|那个|患者|病人|叫){{0,3}}"
    rf"(?:[一-鿿]{{1,2}}{_TITLE}|(?:叫)[{_SURNAMES}][一-鿿]{{1,2}}|"
    rf"[{_SURNAMES}](?:某某|[一-鿿]{{2}})(?=[，。,.！!？?的今昨明这那血体术后]|\Z))"
)


def find_beds(reading: Reading) -> Iterator[Finding]:
    """`Mrs. Okafor in room 12`, `bed four, Mr. Lee`, `12床王建国`."""
    for match in _PATTERN.finditer(reading.text):
        yield Finding(EvidenceKind.BED_WITH_NAME, match.start(), match.end(), 0.85)
    for match in _HAN.finditer(reading.text):
        yield Finding(EvidenceKind.BED_WITH_NAME, match.start(), match.end(), 0.85)
