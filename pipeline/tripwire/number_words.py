"""Words for numbers as they are read out, in the languages and spellings heard; data for "
"`pipeline.tripwire.digits`."""

import re
import unicodedata
from itertools import product


def plain_word(word: str) -> str:
    """Small letters without accents: recognisers drop them, and so do people."""
    if word.isascii():
        return word
    parts = "".join(part for part in unicodedata.normalize("NFD", word) if not "\u0300" <= part <= "\u036f")
    return unicodedata.normalize("NFC", parts)


def _words(text: str) -> list[str]:
    return text.split()


# Zero to nine. After the languages come spellings of one language in the letters of another.
_NINE = (
    "zero one two three four five six seven eight nine",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zero un deux trois quatre cinq six sept huit neuf",
    "null eins zwei drei vier funf sechs sieben acht neun",
    "zero um dois tres quatro cinco seis sete oito nove",
    "zero uno due tre quattro cinque sei sette otto nove",
    "ноль один два три четыре пять шесть семь восемь девять",
    "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة",
    "صفر واحد اثنين تلاتة اربعة خمسة ستة سبعة تمانية تسعة",
    "शून्य एक दो तीन चार पांच छह सात आठ नौ",
    "जीरो एक दो तीन चार पाँच छः सात आठ नौ",
    "ling yi er san si wu liu qi ba jiu",
    "dong yao liang san si wu liu guai ba gou",
    "nol odin dva tri chetyre pyat shest sem vosem devyat",
    "shunya ek do teen char paanch chhe saat aath nau",
    "sifr wahid ithnan thalatha arbaa khamsa sitta sabaa thamania tisaa",
    "zero ichi ni san yon go roku nana hachi kyu",
    "зиро уан ту три фор файв сикс севен эйт найн",
    "ноль адин тва три фо файф сэкс сэвэн эйч наин",
)
# By digit: other words, misspellings, and what a recogniser writes for them.
_MORE = (
    "oh o nought naught nil нуль maru rei zeero owe hero",
    "una une ein uma раз won wun juan",
    "zwo duas to too tew tu twu",
    "tree free thee thrie",
    "fower shi for fore foar phor door",
    "fife fuenf fyve fiv vive hive dive jive",
    "meia sicks siks sics sicc sex seeks",
    "shichi sevin sevun savin seben sebbin heaven",
    "ate ait eyt eit hate aid",
    "niner ku nein nyne nain nayn mine line",
)
UNITS = {plain_word(word): str(value) for words in _NINE for value, word in enumerate(words.split())} | {
    plain_word(word): str(value) for value, words in enumerate(_MORE) for word in words.split()
}

WEAK = frozenset(
    _words(
        "to too for fore won ate do due sei si ni go er ba once nil tree sem tri char dong gou nein "
        "ku shi maru rei раз san tew tu owe hero free thee door hive dive jive vive sex seeks heaven hate aid mine "
        "line juan"
    )
)
"""Words that are mostly something else: they count inside a number that others make."""

ARTICLES = frozenset(_words("un una une uma ein o vier sept"))
"""Digits among digits, but so common alone that they hint at nothing."""

BEFORE_OR = frozenset(
    _words("una uno dos tres cuatro cinco seis siete ocho nueve due tre quattro cinque sei sette otto nove")
)
"""After these `o` is "or", not the letter that stands for zero."""

PINYIN = frozenset(_words("ling yi er san si wu liu qi ba jiu dong yao liang guai gou"))
TONES = frozenset("12345")
"""Sounds of Chinese digits, and what may be written after one for its tone: `yao1`."""


def _english() -> dict[str, str]:
    teens = _words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
    tens = _words("twenty thirty forty fifty sixty seventy eighty ninety")
    units = _words("one two three four five six seven eight nine")
    found = {word: str(value) for value, word in enumerate(teens, start=10)} | {"fourty": "40"}
    found |= {word: f"{value}0" for value, word in enumerate(tens, start=2)}
    found |= {f"{ten} {unit}": f"{a}{b}" for (a, ten), (b, unit) in product(enumerate(tens, 2), enumerate(units, 1))}
    return found | {f"{unit} hundred": f"{value}00" for value, unit in enumerate(units, 1)}


def _spanish() -> dict[str, str]:
    units = _words("uno dos tres cuatro cinco seis siete ocho nueve")
    found = {
        word: str(value)
        for value, word in enumerate(
            _words("diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte"), start=10
        )
    }
    found |= {f"veinti{unit}": f"2{value}" for value, unit in enumerate(units, 1)}
    tens = _words("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
    found |= {word: f"{value}0" for value, word in enumerate(tens, start=3)}
    return found | {
        f"{ten} y {unit}": f"{a}{b}" for (a, ten), (b, unit) in product(enumerate(tens, 3), enumerate(units, 1))
    }


def _french() -> dict[str, str]:
    low = _words("un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize")
    low += ["dix sept", "dix huit", "dix neuf"]
    found = {word: str(value) for value, word in enumerate(low, start=1) if value >= 10}
    tens = {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
    tens |= {"quatre vingt": 80, "quatre vingts": 80, "septante": 70, "huitante": 80, "nonante": 90}
    for ten, start in tens.items():
        found[ten] = str(start)
        reach = 19 if start in (60, 80) and ten.startswith(("soix", "quatre")) else 9
        for value, word in enumerate(low[:reach], start=1):
            found[f"{ten} {word}"] = found[f"{ten} et {word}"] = str(start + value)
    return found


def _german() -> dict[str, str]:
    units = _words("ein zwei drei vier funf sechs sieben acht neun")
    found = {word: str(value) for value, word in enumerate(["zehn", "elf", "zwolf"], start=10)}
    stems = _words("drei vier funf sech sieb acht neun")
    found |= {f"{stem}zehn": str(value) for value, stem in enumerate(stems, start=13)}
    tens = _words("zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig")
    for ten_value, ten in enumerate(tens, start=2):
        found[ten] = f"{ten_value}0"
        found |= {f"{unit}und{ten}": f"{ten_value}{value}" for value, unit in enumerate(units, 1)}
    return found | {word.replace("ss", "ß"): value for word, value in found.items() if "ss" in word}


COMPOUNDS = _english() | _spanish() | _french() | _german()
"""Ten to ninety-nine and round hundreds, as phrases of up to four words."""

LONGEST_COMPOUND = 4
COMPOUND_HEADS = frozenset(phrase.split()[0] for phrase in COMPOUNDS)

TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4, "doble": 2, "doppel": 2, "doppelt": 2, "dreifach": 3}

HAN = {character: str(value) for value, character in enumerate("零一二三四五六七八九")}
HAN |= {character: str(value) for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
HAN |= {character: str(value) for value, character in enumerate("零壹貳參肆伍陸柒捌玖")}
# 幺 is how one is said in numbers read aloud; soldiers and railwaymen say 洞 and 拐 for zero and seven.
HAN |= {"〇": "0", "○": "0", "幺": "1", "洞": "0", "拐": "7", "勾": "9", "两": "2", "兩": "2"}
_HAN_SOUNDS = (
    "灵铃令玲凌龄另领冻栋",
    "要么腰邀妖夭依衣医伊姨易亿",
    "而耳儿尔",
    "散伞山衫",
    "司思丝似寺斯撕死",
    "午舞屋无吴武雾勿",
    "留流柳刘溜瘤榴",
    "其奇妻期起棋齐骑怪",
    "吧爸把巴罢疤",
    "酒久就旧舅救狗沟钩",
)
HAN_WEAK = {character: str(value) for value, sounds in enumerate(_HAN_SOUNDS) for character in sounds}
"""Characters a recogniser may write for a digit that sounds alike."""

_KANA = (
    "ゼロ|れい|れー|まる|マル いち|イチ|ワン に|ニー|ニ|ツー さん|サン|スリー よん|ヨン|し|フォー ご|ゴー|ゴ|ファイブ "
    "ろく|ロク|シックス なな|ナナ|しち|セブン はち|ハチ|エイト きゅう|キュウ|キュー|く|ナイン"
)
KANA = {word: str(value) for value, words in enumerate(_KANA.split()) for word in words.split("|")}
HANGUL = dict(zip("공영일이삼사오육륙칠팔구", "001234566789", strict=True))
HANGUL_PARTICLES = "에의요"

GAP_WORDS = frozenset(
    _words(
        "um umm uh uhh uhm erm er hm hmm mm ah eh then and dash hyphen space dot so well like wait "
        "okay ok yeah yes sorry again next minus area code extension eee este pues luego "
        "guion espacio bueno entonces y euh ben alors puis tiret espace et hum heu ahm aeh also dann "
        "moment espere espera attendez voyons warte strich und leerzeichen nochmal mal tipo entao "
        "traco e nage na neige ranhou ну э эм потом "
        "дефис тире"
    )
)
"""What people say between the digits of one number."""

GAP_PHRASES = (
    *("let me see", "hold on", "hang on", "you know", "i mean", "i think", "i guess", "let's see", "one sec"),
    *("one moment", "just a second", "what is it", "what was it", "a ver", "un momento", "un instant", "mal sehen"),
    *("那个", "那個", "这个", "這個", "然后是", "然后", "然後", "就是", "好像是", "应该是", "后面是", "后面", "接着"),
    *("等一下", "等等", "还有", "再来", "我看看", "我想想", "开头是", "开头", "嗯", "呃", "额", "啊", "哦"),
    *("唔", "诶", "欸", "杠", "橫", "横", "空格"),
    *("ちょっと待って", "えっと", "えーと", "ええと", "ええ", "それから", "あの", "の", "ハイフン", "다시", "에"),
    *("يعني", "لحظة", "طيب", "اه"),
)  # fmt: skip

# Scales and sums: beside these a Han digit is part of a quantity.
HAN_SCALES = "十百千万萬亿億點点第"

GLUED = re.compile(
    "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine){4,}|(?:ling|yao|yi|er|san|si|wu|liu|qi|ba|jiu|dong|guai)+"
)
GLUED_PARTS = re.compile(
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|ling|liu|yao|yi|er|san|si|wu|qi|ba|jiu|dong|guai"
)
FEWEST_GLUED_LETTERS = 6
