"""Words that stand for letters and characters; data for `pipeline.tripwire.spelled`."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CODE_WORDS = _words(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliett? kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey whisky x-?ray yankee zulu anton berta cäsar "
    "caesar dora emil friedrich gustav heinrich ida julius kaufmann konrad ludwig martha nordpol otto "
    "paula quelle richard samuel siegfried theodor ulrich viktor wilhelm xanthippe ypsilon zacharias "
    "zeppelin"
)
"""The alphabet of the ICAO, and the one of DIN 5009 before 2022; patterns."""

_SPANISH = "a be ce de e efe ge hache i jota ka ele eme ene eñe o pe cu erre ere ese te u uve equis ye zeta"
_FRENCH = "bé cé dé effe gé ache ji elle emme enne pé ku erre esse té vé ixe zède zed"
_GERMAN = "eff ef ha jott jot el ell em emm en enn er err es ess vau we ix zett zet ä ö ü"
COMMON_LETTER_NAMES = frozenset(_words("a be ce de e ge i ka o pe te u ye ese ha el em en er es we elle"))
"""Those that are words, too."""
LETTER_NAMES = tuple(sorted(set(_words(f"{_SPANISH} {_FRENCH} {_GERMAN}")), key=len, reverse=True))

SURNAME_PARTS = _words(
    "弓长张 立早章 木子李 耳东陈 口天吴 古月胡 双木林 草头黄 大肚黄 言午许 双人徐 木易杨 禾呈程 人可何 "
    "三横王 干勾于 双口吕 三点水江 美女姜 卯金刀刘 文刀刘 走肖赵 小月肖 草头肖 草头蒋 草头苏 草头范 "
    "草头葛 草头董 草头薛 草头叶 口十叶 水工江 三点水沈 三点水汪 三点水潘 三点水温 三点水洪 四夕罗 木土杜 "
    "木白柏 木每梅 木公松 千里马 两点马 两点冯 二马冯 秋耳邱 丘耳邱 耳丘邱 耳奠郑 关耳郑 包耳旁郑 耳旁郑 "
    "耳朵郑 人禾余 委鬼魏 鬼委魏 广龙庞 龙共龚 共龙龚 宝盖宋 宀木宋 言射谢 言身寸谢 身寸谢 讠射谢 "
    "竹字头管 单人傅 单人何 单人任 单人侯 人壬任 言旁谭 西早谭 言西早谭 言覃谭 金戈钱 金旁钱 金童钟 "
    "金中钟 田共黄 共田黄 门三闫 三门闫 阎王阎 贝加贺 加贝贺 山今岑 山佳崔 山隹崔 山字头崔 子小孙 子系孙 "
    "小子孙 草字头黄 草字头蔡 草祭蔡 吉衣袁 竹旦笪 革斤靳 十八公松 三撇彭 士豆彭"
)
"""How a Chinese surname is told from its homophones: by the parts it is written with."""
