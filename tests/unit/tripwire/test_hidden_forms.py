"""Addresses, beds, accounts and names, and the ways to write a thing so that it looks like another."""

import pytest

from tests.unit.tripwire.build import evidence_in, found


@pytest.mark.parametrize(
    ("text", "language", "span"),
    [
        ("Mrs. Okafor in room 12 needs her tablets", "en", "Mrs. Okafor in room 12"),
        ("bed four, Mr. Lee, is ready", "en", "bed four, Mr. Lee"),
        ("12床王建国今天出院", "zh", "12床王建国"),
        ("3号床的李阿姨", "zh", "3号床的李阿姨"),
        ("Frau Müller in Zimmer 12", "de", "Frau Müller in Zimmer 12"),
        ("cama 4, la señora García", "es", "cama 4, la señora García"),
        ("Madame Dupont, chambre 12", "fr", "Madame Dupont, chambre 12"),
    ],
)
def test_a_bed_or_room_with_a_name_is_found(text: str, language: str, span: str) -> None:
    assert ("bed_with_name", span) in found(text, language)


@pytest.mark.parametrize(
    ("text", "language", "span"),
    [
        ("I live at 14 Maple Street", "en", "14 Maple Street"),
        ("my address is fourteen maple street", "en", "fourteen maple street"),
        ("55 Oak Hill Drive", "en", "55 Oak Hill Drive"),
        ("我住在人民路88号", "zh", "我住在人民路88号"),
        ("小区3栋2单元501", "zh", "3栋2单元501"),
        ("vivo en la calle Mayor 12", "es", "calle Mayor 12"),
        ("j'habite 12 rue de la Paix", "fr", "12 rue de la Paix"),
        ("ich wohne in der Lindenstraße 5", "de", "Lindenstraße 5"),
    ],
)
def test_a_street_with_a_number_is_found(text: str, language: str, span: str) -> None:
    assert found(text, language) == [("postal_address", span)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the pharmacy is at 200 Elm Street", "en"),
        ("the clinic moved to 14 Maple Street", "en"),
        ("it's a 20 minute drive and then two blocks down the street", "en"),
        ("room 4 is free and the bed is soft, Mr. Lee said nothing", "en"),
        ("5号开始，走路3号出院", "zh"),
        ("12床高烧退了", "zh"),
        ("药店在人民路88号", "zh"),
        ("la calle está a 5 minutos", "es"),
        ("deux cours de yoga et 3 places libres", "fr"),
        ("der Weg 5 Minuten, Platz 3", "de"),
    ],
)
def test_a_street_of_care_a_distance_and_a_bed_without_a_name_are_not_found(text: str, language: str) -> None:
    assert found(text, language) == []


@pytest.mark.parametrize(
    ("text", "language", "span"),
    [
        ("passport number X1234567", "en", "X1234567"),
        ("the licence plate is ABC 1234", "en", "ABC 1234"),
        ("the pump's serial number is 8841 20953", "en", "8841 20953"),
        ("护照号E12345678", "zh", "E12345678"),
        ("车牌苏E·7K92M", "zh", "苏E·7K92M"),
        ("my plate is seven K L R, two two four", "en", "seven K L R, two two four"),
        ("serial P J N, six oh four, one one eight, S", "en", "P J N, six oh four, one one eight, S"),
        ("the pump's serial is 8841 TR 20953, it beeps", "en", "8841 TR 20953"),
    ],
)
def test_an_account_or_document_number_is_found_after_its_cue(text: str, language: str, span: str) -> None:
    assert ("account_number", span) in found(text, language)


@pytest.mark.parametrize(
    ("text", "language", "span"),
    [
        ("my name is Juliett Oscar November Echo Sierra", "en", "Juliett Oscar November Echo Sierra"),
        ("J as in Juliett, O as in Oscar, N for November", "en", "J as in Juliett, O as in Oscar, N for November"),
        ("last name, O.K.A.F.O.R.", "en", "O.K.A.F.O.R"),
        ("免贵姓李，木子李", "zh", "木子李"),
        ("我叫小明，明天的明", "zh", "明，明天的明"),
        ("mi nombre: ge, a, erre, ce, i, a", "es", "ge, a, erre, ce, i, a"),
        ("mon nom, dé u pé o enne té", "fr", "dé u pé o enne té"),
        ("mein Name ist Anton Berta Cäsar Dora Emil", "de", "Anton Berta Cäsar Dora Emil"),
    ],
)
def test_a_name_told_by_letters_words_or_parts_is_found(text: str, language: str, span: str) -> None:
    assert found(text, language) == [("spelled_name", span)]


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("fіvе fіvе fіvе zеrо оnе fоur twо", "en", "spoken_digits"),
        ("МRN is 4471290", "en", "record_number"),
        ("call 4l5-555-Ol42", "en", "phone"),
        ("call 4̲1̲5̲-5̲5̲5̲-0̶1̶4̶2", "en", "phone"),
        ("四一五 five 五五 zero 一四二", "zh", "spoken_digits"),
        ("电话壹叁捌零零壹叁捌零零零", "zh", "spoken_digits"),
        ("fivefivefivezeroonefourtwo", "en", "spoken_digits"),
        ("five, um, five, uh, five, zero, uh, one, um, four, two", "en", "spoken_digits"),
        ("要三吧零零要三八零零零", "zh", "spoken_digits"),
        ("ゼロキューゼロ、ニーヨンイチハチ、サンゴーゼロナナ", "ja", "spoken_digits"),
        ("공일공에 이삼사오 육칠팔구", "ko", "spoken_digits"),
        ("пять пять пять ноль один четыре два", "ru", "spoken_digits"),
        ("पांच पांच पांच शून्य एक चार दो", "hi", "spoken_digits"),
        ("файв файв файв зиро уан фор ту", "en", "spoken_digits"),
        ("it's sicks won savin, five five five, oh won for too", "en", "spoken_digits"),
        ("电话是腰散吧，铃灵腰耳，期期斯刘", "zh", "spoken_digits"),
        ("you were born ll/2З/l97l", "en", "date_of_birth"),
        ("出生日期 yao jiu ba wu年yi er月er ling日", "zh", "date_of_birth"),
        ("一嗯九八，我看看，八年，那个，三月九号出生", "zh", "date_of_birth"),
        ("MRN is 33, what is it, 06, hang on, 118 you know 7", "en", "record_number"),
        ("mail холлис.тремаын@ексампле.орг", "en", "email"),
        ("pilar punto ruiz arroba example punto com", "es", "email"),
        ("m point durand arobase example point fr", "fr", "email"),
    ],
)
def test_what_looks_or_sounds_like_something_else_is_found(text: str, language: str, kind: str) -> None:
    assert kind in [kind for kind, _ in found(text, language)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("nací el cuatro de mayo de mil novecientos ochenta", "cuatro de mayo de mil novecientos ochenta"),
        ("née le quatre mai mille neuf cent quatre-vingts", "quatre mai mille neuf cent quatre-vingts"),
        ("geboren am vierten Mai neunzehnhundertachtzig", "vierten Mai neunzehnhundertachtzig"),
        ("DOB three fourteen nineteen sixty-two", "three fourteen nineteen sixty-two"),
    ],
)
def test_a_date_of_birth_in_words_is_found(text: str, day: str) -> None:
    assert found(text, None) == [("date_of_birth", day)]


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("so it's o tree won, heaven too too nein, owe for hate hive?", "en", "spoken_digits"),
        ("niner fife tree, won won ate, to owe fore seeks", "en", "spoken_digits"),
        ("call me at won too tree, for hive sicks, savin ate nein owe", "en", "spoken_digits"),
        ("my MRN is tree ate owe won nein", "en", "record_number"),
        ("病案号衣尔散思武", "zh", "record_number"),
        ("手机号是要散酒，灵留期吧，武武尔思", "zh", "spoken_digits"),
        ("洞拐幺勾，两两怪狗", "zh", "spoken_digits"),
        ("yāo sān jiǔ, líng liù qī bā, wǔ wǔ èr sì", "zh", "spoken_digits"),
        ("yao1 san1 jiu3 ling2 liu4 qi1 ba1 wu3 wu3 er4 si4", "zh", "spoken_digits"),
        ("病案号 yao1 jiu3 ba1 er4 wu3", "zh", "record_number"),
        ("我的微信是w、y、l，后面散灵吧久", "zh", "account_number"),
    ],
)
def test_a_number_told_by_words_or_syllables_that_sound_like_its_digits_is_found(
    text: str, language: str, kind: str
) -> None:
    assert kind in [kind for kind, _ in found(text, language)]


@pytest.mark.parametrize(
    "text", ["尔灵尔散年久月衣尔号做的手术", "er ling er san年jiu月yi er号做的手术", "二零尔散年九月十尔号"]
)
def test_a_whole_date_by_the_sound_of_its_digits_is_found_with_little_confidence(text: str) -> None:
    (evidence,) = evidence_in(text, "zh")
    assert (evidence.kind, evidence.confidence) == ("date_of_birth", 0.5)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I hate to do to my door what I do to mine, for free", "en"),
        ("no more than one won too many, I do too, for heaven and for mine", "en"),
        ("to do, to do, to do, to do", "en"),
        ("要要要要要要要", "zh"),
        ("爸爸把酒吧的旧事起个头就要走", "zh"),
        ("爸爸爸爸吧吧吧吧", "zh"),
        ("二零二三年九月十二号做的手术", "zh"),
        ("领药以后就要医生起个方子", "zh"),
        ("挂号，二零二三年就要五月的号", "zh"),
        ("微信上说的，三五天就好", "zh"),
        ("BA1 and WU2 rooms, QI4", "en"),
    ],
)
def test_words_that_sound_like_digits_and_open_dates_are_no_numbers(text: str, language: str) -> None:
    assert found(text, language) == []


def test_a_year_of_birth_alone_is_none() -> None:
    assert found("I was born in nineteen forty three") == []


def test_a_long_number_that_nothing_announces_is_found_with_little_confidence() -> None:
    assert [kind for kind, _ in found("071819808 she is back for her stomach")] == ["account_number"]


@pytest.mark.parametrize(
    "text", ["O2 98 97 96 95 94", "drink 2l a day, 3l if it is hot", "5l and 10l bags", "B12, O2 and Il 12"]
)
def test_oxygen_litres_and_words_are_not_read_as_digits(text: str) -> None:
    assert found(text) == []
