"""Record, insurance and account numbers: no plan to check, so the word before them decides."""

import re
from collections.abc import Iterator

from pipeline.domain.taxonomy import EvidenceKind
from pipeline.tripwire.codes import code_at
from pipeline.tripwire.digits import digit_runs
from pipeline.tripwire.finding import Finding, Reading

_NUMBER = r"(?:\W{0,2}(?:number|numbers|no\.?|num|id|#))"
_RECORD_CUE = re.compile(
    rf"\bm\.?r\.?n\b\.?|\bm r n\b|\b(?:medical |health |hospital |patient )?record{_NUMBER}|"
    rf"\b(?:chart|patient|hospital|accession){_NUMBER}|"
    r"\b(?:medical record|chart|dossier|case file|wristband|hospital card)(?=(?: (?:is|reads|says|number|"
    r"numéro|mrn|no))*,? )|腕带|"
    rf"ملف رقم|診察券番号|カルテ番号|患者番号|진료번호|등록번호|"
    r"病案号|病历号|住院号|门诊号|就诊号|登记号|档案号|检查号|"
    r"número de historia|historia clínica|numéro de dossier|patientennummer|fallnummer",
    re.IGNORECASE | re.ASCII,
)
_INSURANCE_CUE = re.compile(
    rf"\bmember(?=,? [A-Z])|\b(?:member(?:ship)?|policy|insurance|subscriber|group|plan|medicare|medicaid|"
    rf"beneficiary|claim){_NUMBER}|"
    r"\b(?:medicare|medicaid)\b|医保卡?号?|社保卡?号?|保单号|保险号|número de póliza|póliza|número de afiliado|"
    r"numéro d['’]assuré|versicherten?nummer|versicherungsnummer",
    re.IGNORECASE | re.ASCII,
)
_ACCOUNT_CUE = re.compile(
    rf"\b(?:account|bank|routing|passport|licen[cs]e|driver'?s|visa|permit|serial|device|plate|case|"
    rf"reference|confirmation|"
    rf"order|customer|student|employee|badge|iban){_NUMBER}|\blicen[cs]e plate\b|\bpassport\b|\biban\b|"
    r"\b(?:plate|licen[cs]e|serial|passport|(?:checking|savings|bank) account)(?=,? )|居留证|证件|证号|QQ|序列|"
    r"seriennummer|n[uú]mero de serie|"
    r"(?:工行|建行|农行|中行|招行|储蓄|信用|银行)卡|"
    r"national insurance|"
    r"车牌号?[是：:，, ]{0,2}[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]|护照号?码?|"
    r"驾照号?码?|驾驶证号?码?|银行卡号?|账号|帐号|车牌号?|军官证号?|学号|工号|订单号|序列号|"
    r"n[uú]mero de (?:cuenta|pasaporte|licencia|tarjeta)|pasaporte|matr[ií]cula|"
    r"num[eé]ro de (?:compte|passeport|permis)|passeport|kontonummer|reisepass(?:nummer)?|kennzeichen|ausweisnummer",
    re.IGNORECASE | re.ASCII,
)
# One of these is in every cue; looking for them first spares nearly all texts the patterns.
_PIECES = (
    *("mrn", "mr.n", "m.rn", "m.r.n", "m r n", "record", "chart", "patient", "hospital", "accession"),
    *("number", "member", "policy", "plan"),
    *("insurance", "subscriber", "group", "medic", "beneficiary", "claim", "historia", "dossier", "fallnummer"),
    *("póliza", "poliza", "número", "numero", "numéro", "versicher", "licen", "account", "passport", "plate"),
    *("nummer", "pass", "matr", "kennzeichen", "iban", "badge", "serial", "serie", "case", "wristband", "رقم", "번호"),
    *("号", "医保", "社保", "护照", "驾", "账", "帐", "车牌", "军官", "银行", "学号", "番号", "卡", "证", "腕带"),
    *("qq", "保险"),
)  # fmt: skip
# Between the cue and the number stand only words that join them; anything else starts another thought.
_JOIN = re.compile(
    r"(?:[\s:：,，.#=-]|\brest of the\b|\b(?:is|was|are|it's|it|that's|here|number|no|id|card|reads|starts|with|um|uh|"
    r"yeah|so|then|and|okay|sure|"
    r"yes|says|es|est|ist|lautet)\b|'s|"
    r"号码|号|是|为|呃|嗯|卡){0,24}",
    re.IGNORECASE | re.ASCII,
)
_WRITTEN = re.compile(r"[^\W\d_一-鿿]{0,4}[- ]?\d[\dA-Za-z]*(?:[ -]?[\dA-Za-z]*\d[\dA-Za-z]*){0,6}")
_FEWEST_DIGITS = 4
_FEWEST_DIGITS_OF_CODE = 3
_SHORTEST_CODE = 5
_CODE_CHARACTERS = " -0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_YEAR = re.compile(r"(?:19|20)\d\d")


def find_record_numbers(reading: Reading) -> Iterator[Finding]:
    """At least four digits, written or spoken, right after a word for a record or an insurance number."""
    text = reading.text
    lowered = text.lower()
    if not any(map(lowered.__contains__, _PIECES)):
        return
    cues = [(match, EvidenceKind.RECORD_NUMBER) for match in _RECORD_CUE.finditer(text)]
    cues += [(match, EvidenceKind.INSURANCE_NUMBER) for match in _INSURANCE_CUE.finditer(text)]
    cues += [(match, EvidenceKind.ACCOUNT_NUMBER) for match in _ACCOUNT_CUE.finditer(text)]
    if not cues:
        return
    spoken = {run.start: run for run in digit_runs(text)}
    for cue, kind in cues:
        joined = _JOIN.match(text, cue.end())
        start = joined.end() if joined else cue.end()
        written = _WRITTEN.match(text, start)
        if written is not None and _enough(written[0]):
            yield Finding(kind, start, _code_end(text, start, written.end()), 0.95)
        elif start in spoken and len(spoken[start].digits) >= _FEWEST_DIGITS:
            yield Finding(kind, start, spoken[start].end, 0.9)
        else:
            code = code_at(text, start)
            if code.digits >= _FEWEST_DIGITS_OF_CODE and code.digits + code.letters >= _SHORTEST_CODE:
                yield Finding(kind, start, code.end, 0.85)


def _code_end(text: str, start: int, end: int) -> int:
    """A group of letters may stand among those of digits: `8841 TR 20953`."""
    code = code_at(text, start)
    return code.end if code.end > end and not text[end : code.end].strip(_CODE_CHARACTERS) else end


def _enough(written: str) -> bool:
    return sum(map(str.isdigit, written)) >= _FEWEST_DIGITS and _YEAR.fullmatch(written) is None
