"""Each kind of identifier, as people write and say it. All are invented or reserved for fiction."""

import pytest

from pipeline.domain.taxonomy import EvidenceKind
from tests.unit.tripwire.build import evidence_in, found


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("call me at 415-555-0142", "en", "415-555-0142"),
        ("It's (212) 555 0199 if you need me", "en", "(212) 555 0199"),
        ("my cell is 5550142", "en", "5550142"),
        ("555-0142", "en", "555-0142"),
        ("2125550142", "en", "2125550142"),
        ("take 20 mg and call 212-555-0142", "en", "212-555-0142"),
        ("07700 900123", "en", "07700 900123"),
        ("手机号是13800138000", "zh", "13800138000"),
        ("我电话 138 0013 8000", "zh", "138 0013 8000"),
        ("+86 138 0013 8000", "zh", "138 0013 8000"),
        ("reach me at 415 555 0142 days or nights", "en", "415 555 0142"),
        ("call 555-0142 days", "en", "555-0142"),
        ("06 12 34 56 78", "fr", "06 12 34 56 78"),
    ],
)
def test_a_telephone_number_is_found(text: str, language: str, number: str) -> None:
    assert found(text, language) == [("phone", number)]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("jane.doe@example.com please", "email", "jane.doe@example.com"),
        ("邮箱是jane@example.com谢谢", "email", "jane@example.com"),
        ("it's jane dot doe at example dot com", "email", "jane dot doe at example dot com"),
        ("see https://example.org/portal?x=1.", "url", "https://example.org/portal?x=1"),
        ("go to www.example.org", "url", "www.example.org"),
        ("go to patientportal.example.com now", "url", "patientportal.example.com"),
        ("it was 192.168.10.44", "ip_address", "192.168.10.44"),
        ("2001:db8::8a2e:370:7334", "ip_address", "2001:db8::8a2e:370:7334"),
    ],
)
def test_an_address_on_a_network_is_found(text: str, kind: str, span: str) -> None:
    assert found(text) == [(kind, span)]


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("social is 123-45-6789", "en", "123-45-6789"),
        ("123-45-6789", "en", "123-45-6789"),
        ("SSN 123456789", "en", "123456789"),
        ("她的SSN是123456789", "zh", "123456789"),
        ("身份证号是11010519491231002X", "zh", "11010519491231002X"),
        ("110105 19491231 002X", "zh", "110105 19491231 002X"),
        ("NHS number 943 476 5919", "en", "943 476 5919"),
        ("12345678Z", "es", "12345678Z"),
        ("NIE X1234567L", "es", "X1234567L"),
        ("111.444.777-35", "pt", "111.444.777-35"),
    ],
)
def test_a_national_id_is_found_by_check_digit_or_cue(text: str, language: str, number: str) -> None:
    assert found(text, language) == [("national_id", number)]


def test_a_misheard_resident_id_is_found_after_its_cue_only() -> None:
    assert [kind for kind, _ in found("身份证 110105194912310021", "zh")] == ["national_id"]
    assert ("national_id", "110105194912310021") not in found("110105194912310021", "zh")


@pytest.mark.parametrize(
    ("text", "language", "kind", "number"),
    [
        ("MRN is 4471290", "en", "record_number", "4471290"),
        ("你的MRN是4471290", "zh", "record_number", "4471290"),
        ("medical record number, um, four four seven one", "en", "record_number", "four four seven one"),
        ("chart number: AB-10442", "en", "record_number", "AB-10442"),
        ("病案号是 00123456", "zh", "record_number", "00123456"),
        ("住院号：二零二三零四五六", "zh", "record_number", "二零二三零四五六"),
        ("member ID is XHP 883 201 445", "en", "insurance_number", "XHP 883 201 445"),
        ("policy number 88-2931-77", "en", "insurance_number", "88-2931-77"),
        ("医保卡号是 3301998822", "zh", "insurance_number", "3301998822"),
    ],
)
def test_a_record_or_insurance_number_is_found_after_its_cue(text: str, language: str, kind: str, number: str) -> None:
    assert found(text, language) == [(kind, number)]


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("date of birth is March third nineteen eighty-four", "en", "March third nineteen eighty-four"),
        ("DOB 03/14/1962", "en", "03/14/1962"),
        ("born on the 5th of May, 1970", "en", "the 5th of May, 1970"),
        ("June 2nd, 1991, that's my birthday", "en", "June 2nd, 1991"),
        ("我是1984年3月5号出生的", "zh", "1984年3月5号"),
        ("出生日期一九八四年三月五日", "zh", "一九八四年三月五日"),
        ("我一九六八年七月二十一号生的", "zh", "一九六八年七月二十一号"),
        ("nací el 4 de mayo de 1980", "es", "4 de mayo de 1980"),
        ("née le 4 mai 1980", "fr", "4 mai 1980"),
        ("geboren am 4. Mai 1980", "de", "4. Mai 1980"),
    ],
)
def test_a_full_date_beside_a_word_for_birth_is_found(text: str, language: str, day: str) -> None:
    assert found(text, language) == [("date_of_birth", day)]


def test_the_date_of_the_visit_after_a_date_of_birth_is_none() -> None:
    assert found("date of birth 09/18/1949, seen on 07/09/2021") == [("date_of_birth", "09/18/1949")]


def test_a_card_number_is_found_by_its_luhn_digit() -> None:
    assert ("card_number", "4111 1111 1111 1111") in found("card 4111 1111 1111 1111")
    assert "card_number" not in [kind for kind, _ in found("card 4111 1111 1111 1112")]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("five five five, oh one, forty two", "en"),
        ("four one five, five five five, zero one four two", "en"),
        ("double five five oh one nine nine", "en"),
        ("five-five-five-zero-one-four-two", "en"),
        ("five five um five uh zero one four two", None),
        ("5 5 5 0 1 4 2", "en"),
        ("five five five 0142", "en"),
        ("一三八零零一三八零零零", "zh"),
        ("幺三八，零零幺三，八零零零", "zh"),
        ("幺三八，呃，零零幺三八零零零", "zh"),
        ("siete cuatro uno dos cinco cinco nueve", "es"),
        ("eins sieben sechs fünf fünf neun null", "de"),
    ],
)
def test_digits_said_one_by_one_are_found_whole(text: str, language: str | None) -> None:
    assert found(text, language) == [("spoken_digits", text)]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("my last name is Okafor, O-K-A-F-O-R", "O-K-A-F-O-R"),
        ("the surname, S, M, I, double T", "S, M, I, double T"),
        ("my name: S as in Sam, M as in Mary, I, T, H", "S as in Sam, M as in Mary, I, T, H"),
        ("免贵姓张，弓长张", "弓长张"),
    ],
)
def test_a_name_told_letter_by_letter_is_found(text: str, span: str) -> None:
    assert found(text, "zh" if "张" in text else "en") == [("spelled_name", span)]


def test_one_identifier_seen_twice_is_reported_once_by_the_surer_finding() -> None:
    (evidence,) = evidence_in("MRN 415-555-0142")
    assert evidence.kind in {EvidenceKind.RECORD_NUMBER, EvidenceKind.PHONE}
    assert evidence.confidence >= 0.95


def test_several_identifiers_come_in_the_order_of_the_text() -> None:
    kinds = [kind for kind, _ in found("MRN 4471290, DOB 03/14/1962, call 415-555-0142 or jane@example.com")]
    assert kinds == ["record_number", "date_of_birth", "phone", "email"]
