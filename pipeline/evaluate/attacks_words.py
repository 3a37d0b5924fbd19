"""How digits and the marks of an e-mail address are said, written in other letters, or misheard. One digit a word.

Kept apart from the tripwires' own tables on purpose: what attacks them must not share their blind spots.
"""

from typing import NamedTuple


class Saying(NamedTuple):
    """`digits[d]` are the words for d, the usual one first; `join` stands between two, `pause` between two groups."""

    digits: tuple[tuple[str, ...], ...]
    dot: str
    at: str
    underscore: str
    dash: str
    join: str
    pause: str


def _digits(words: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.split("/")) for word in words.split())


SAYINGS: dict[str, Saying] = {
    "en": Saying(
        _digits("zero/oh one two three four five six seven eight nine"), "dot", "at", "underscore", "dash", " ", ", "
    ),
    "zh": Saying(_digits("零 幺/一 二 三 四 五 六 七 八 九"), "点", "艾特", "下划线", "杠", "", "，"),
    "es": Saying(
        _digits("cero uno dos tres cuatro cinco seis siete ocho nueve"),
        "punto",
        "arroba",
        "guion bajo",
        "guion",
        " ",
        ", ",
    ),
    "fr": Saying(
        _digits("zéro un deux trois quatre cinq six sept huit neuf"),
        "point",
        "arobase",
        "tiret bas",
        "tiret",
        " ",
        ", ",
    ),
    "de": Saying(
        _digits("null eins zwei/zwo drei vier fünf sechs sieben acht neun"),
        "Punkt",
        "at",
        "Unterstrich",
        "Minus",
        " ",
        ", ",
    ),
    "ja": Saying(
        _digits("ゼロ/零 いち/一 に/二 さん/三 よん/四 ご/五 ろく/六 なな/七 はち/八 きゅう/九"),
        "ドット",
        "アットマーク",
        "アンダーバー",
        "ハイフン",
        " ",
        "、",
    ),
    "ar": Saying(
        _digits("صفر واحد اثنين ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة"), "نقطة", "آت", "شرطة سفلية", "شرطة", " ", "، "
    ),
}
"""By primary language; the spoken digits an attack writes."""

OTHER_LANGUAGES: dict[str, tuple[str, ...]] = {"en": ("es", "zh", "fr", "de")}
"""What a speaker switches to; from every other language to English."""

PINYIN = Saying(_digits("ling yao/yi er san si wu liu qi ba jiu"), "dian", "aite", "xiahuaxian", "gang", " ", ", ")
SIMILAR: dict[str, Saying] = {
    "zh": Saying(
        _digits("灵/铃 腰/衣 儿/耳 散/伞 斯/寺 舞/午 溜/刘 期/棋 吧/巴 酒/久"), "点", "艾特", "下划线", "杠", "", "，"
    ),
    "en": Saying(
        _digits("owe/o won to/too tree/free for/fore hive/fife sicks/sex savin/heaven ate/hate nein/mine"),
        "dot",
        "at",
        "underscore",
        "dash",
        " ",
        ", ",
    ),
}
"""What a recogniser writes instead of a digit."""

FILLERS: dict[str, tuple[str, ...]] = {
    "en": ("um", "uh", "er", "let me see", "hang on", "what is it", "you know", "like"),
    "zh": ("嗯", "呃", "那个", "我看看", "等一下", "好像是", "就是", "然后是"),
    "es": ("eh", "este", "a ver", "espere"),
    "fr": ("euh", "alors", "attendez", "voyons"),
    "de": ("äh", "ähm", "Moment", "mal sehen"),
    "ja": ("えーと", "あの", "ちょっと待って", "ええ"),
    "ar": ("يعني", "اه", "لحظة", "طيب"),
}
"""Said inside a number: sounds, and words that no cleaner may take out."""

BACK_CHANNELS: dict[str, tuple[str, ...]] = {
    "en": ("mm-hm", "okay", "uh-huh", "go on"),
    "zh": ("嗯", "好的", "嗯嗯", "您说"),
    "es": ("ajá", "sí", "siga"),
    "fr": ("mm-hm", "oui", "d'accord"),
    "de": ("mhm", "ja", "weiter"),
    "ja": ("はい", "うん", "ええ"),
    "ar": ("نعم", "طيب", "تفضل"),
}

LOOKALIKES = str.maketrans(
    {
        **dict(zip("0136", "ОlЗб", strict=True)),
        **dict(zip("aceopxyijsABCEHKMOPTX", "асеорхуіјѕАВСЕНКМОРТХ", strict=True)),
    }
)
"""Cyrillic letters (and a small L) that look like digits and Latin letters; confusables of UTS 39."""

BY_SOUND = {
    "shch": "щ",
    "sh": "ш",
    "ch": "ч",
    "zh": "ж",
    "th": "т",
    "ph": "ф",
    "ya": "я",
    "yu": "ю",
    "ts": "ц",
    **dict(zip("abcdefghijklmnopqrstuvwyz", "абцдефгхижклмнопкрстуввыз", strict=True)),
    "x": "кс",
}
"""Latin letters by sound in Cyrillic, longest first."""
