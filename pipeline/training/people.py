"""Invented people and addresses: Faker's locales, and names put together from syllables that no list holds."""

import random
from dataclasses import dataclass

from pipeline.training.spoken import words

_LOCALES: dict[str, tuple[str, ...]] = {
    "en": ("en_US", "en_US", "en_GB", "en_IN", "es_MX", "fr_FR", "de_DE", "it_IT", "pl_PL", "pt_BR", "vi_VN", "tr_TR"),
    "zh": ("zh_CN", "zh_CN", "zh_TW"),
    "es": ("es_ES", "es_MX", "es_CO"),
    "fr": ("fr_FR", "fr_CA"),
    "de": ("de_DE", "de_AT"),
    "ja": ("ja_JP",),
    "ar": ("ar_SA", "ar_PS", "ar_AA"),
}
_ADDRESS_LOCALES = {
    "en": ("en_US", "en_US", "en_GB", "en_CA", "en_AU"), "zh": ("zh_CN", "zh_CN", "zh_TW"),
    "es": ("es_ES", "es_MX"), "fr": ("fr_FR",), "de": ("de_DE",), "ja": ("ja_JP",),
}  # fmt: skip
_PINYIN_FAMILY = words(
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Han "
    "Cao Deng Xiao Feng Cheng Cai Peng Pan Yuan Dong Yu Su Ye Lu Wei Jiang Tian Du Ding Shen Ren Nguyen Tran Kim "
    "Park Choi Tanaka Suzuki Sato Watanabe Yamamoto Singh Patel Sharma Khan Ahmed Hassan Ali Okafor Adeyemi "
    "Mensah Abebe Osei "
)
_PINYIN_GIVEN = words(
    "Wei Fang Na Min Jing Lei Qiang Yang Jie Juan Yong Yan Tao Ming Chao Xiuying Xia Ping Gang Guihua Mei Hong "
    "Jun Yu Xin Hui Lan Ling Bo Haoran Zihan Yuxuan Kenji Hiroshi Yuki Aiko Haruto Priya Arjun Anjali Rahul "
    "Fatima Omar Layla Yusuf Amina Kwame Chidi Ngozi Ama Tunde Minh Linh Jiho Soyeon "
)
_ONSETS = [*words("b br c ch d dr f g gr h j k kl l m n p pr r s sh st t th tr v w y z kh dj ny mb sz"), "", ""]
_NUCLEI = words("a e i o u ai ei au ou ee ia io y aa oa")
_CODAS = [
    "",
    "",
    "",
    "",
    *words("n r l m s t k ng rd ck ska vic nen ssen witz ez ian ley ton ham ford man berg"),
]
# Faker has no Arabic addresses.
_ARABIC_STREETS = (
    "النيل|الجمهورية|التحرير|الملك فهد|الأمير سلطان|الزهراء|الورود|"
    "المدينة المنورة|القدس|بغداد|الوحدة|الخليج|الكورنيش|الجامعة|الاستقلال"
)
_ARABIC_DISTRICTS = (
    "النخيل|الروضة|المعادي|السلامة|الياسمين|الربيع|الشاطئ|"
    "المنصورة|العزيزية|الحمراء|النزهة|الصفا|المرجان|الفيصلية|الزيتون"
)
_ARABIC_TOWNS = "الرياض|جدة|الدمام|القاهرة|الإسكندرية|عمّان|إربد|دبي|العين|الدوحة|مسقط|طنطا|أسيوط|بيروت|رام الله"
_POOL = 1500


@dataclass(frozen=True, slots=True)
class Person:
    """A name as people of one place write it; `full` has its parts in that place's order."""

    first: str
    last: str
    full: str


class People:
    """Pools of people and addresses by language, the same for the same seed."""

    def __init__(self, people: dict[str, list[Person]], addresses: dict[str, list[str]]) -> None:
        self._people = people
        self._addresses = addresses

    def person(self, lang: str, rng: random.Random) -> Person:
        if lang in ("en", "es", "fr", "de") and rng.random() < 0.2:
            return _syllabic(rng)
        return rng.choice(self._people[lang])

    def address(self, lang: str, rng: random.Random) -> str:
        return rng.choice(self._addresses[lang])


def load_people(seed: int) -> People:
    """Draw the pools from Faker, which is imported here alone."""
    from faker import Faker

    people: dict[str, list[Person]] = {}
    addresses: dict[str, list[str]] = {}
    rng = random.Random(seed)  # noqa: S311 - seeded words, not secrets
    for lang, locales in _LOCALES.items():
        fakers = [Faker(locale) for locale in locales]
        for index, faker in enumerate(fakers):
            faker.seed_instance(seed + index)
        people[lang] = [_faker_person(rng.choice(fakers), lang) for _ in range(_POOL)]
        if lang == "en":
            people[lang] += [_romanised(rng) for _ in range(_POOL // 2)]
        if lang == "ar":
            addresses[lang] = [_arabic_address(rng) for _ in range(_POOL)]
            continue
        homes = [Faker(locale) for locale in _ADDRESS_LOCALES[lang]]
        for index, faker in enumerate(homes):
            faker.seed_instance(seed + index)
        addresses[lang] = [" ".join(rng.choice(homes).address().replace("\n", ", ").split()) for _ in range(_POOL)]
    return People(people, addresses)


def _faker_person(faker: "object", lang: str) -> Person:
    first = str(faker.first_name())  # type: ignore[attr-defined]
    last = str(faker.last_name())  # type: ignore[attr-defined]
    if lang == "zh":
        return Person(first, last, last + first)
    if lang == "ja":
        return Person(first, last, f"{last} {first}")
    return Person(first, last, f"{first} {last}")


def _arabic_address(rng: random.Random) -> str:
    street, district, town = (
        rng.choice(names.split("|")) for names in (_ARABIC_STREETS, _ARABIC_DISTRICTS, _ARABIC_TOWNS)
    )
    house = rng.randint(1, 240)
    return rng.choice(
        (
            f"{house} شارع {street}، {town}",
            f"شارع {street}، حي {district}، {town}",
            f"حي {district}، شارع {street}، عمارة {house}، شقة {rng.randint(1, 40)}",
            f"عمارة {house} شارع {street}، الدور {rng.randint(1, 12)}",
        )
    )


def _romanised(rng: random.Random) -> Person:
    first, last = rng.choice(_PINYIN_GIVEN), rng.choice(_PINYIN_FAMILY)
    return Person(first, last, f"{first} {last}")


def _syllabic(rng: random.Random) -> Person:
    def word() -> str:
        syllables = rng.choice((1, 2, 2, 3))
        body = "".join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(syllables))
        return (body + rng.choice(_CODAS)).capitalize()

    first, last = word(), word()
    return Person(first, last, f"{first} {last}")


def first_names() -> frozenset[str]:
    """English given names in lower case, to find natural turns that name somebody."""
    from faker.providers.person.en_GB import Provider as British
    from faker.providers.person.en_US import Provider as American

    names: set[str] = set()
    for provider in (American, British):
        for attribute in ("first_names_male", "first_names_female"):
            names.update(str(name).lower() for name in getattr(provider, attribute))
    return frozenset(name for name in names if len(name) > 2)
