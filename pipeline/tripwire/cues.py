"""Words before a number that say what it is: somebody's number, or a measurement of care."""

import re
from enum import StrEnum
from functools import lru_cache

_FLAGS = re.IGNORECASE | re.ASCII

PERSONAL = re.compile(
    r"\b(?:tele)?phone\b|\bmobile\b|\bcell\b|\bcell number|\bcall (?:me|him|her|us|back)\b|\btext me\b|\bfax\b|"
    r"\breach (?:me|him|her|us)\b|"
    r"\b(?:my|your|his|her|their|the|a|that|this|callback|contact|home|work|id|account|card|social|security|"
    r"reference|case|"
    r"policy|member|passport|licen[cs]e|insurance) number(?! of)\b|\bnumber(?:'s| is)\b|\bdigits\b|\bssn\b|"
    r"\bsocial\b|\bm\.?r\.?n\b|\bnhs\b|"
    r"\bmrn\b|\brecord\b|\bchart\b|\bserial\b|\bplate\b|\bmember\b|\baccount\b|\blicen[cs]e\b|\bpassport\b|"
    r"\bwristband\b|"
    r"\bpolicy\b|\btext\b|\bring me|\breached (?:at|on)|\blandline\b|护照|腕带|保险|保单|社保|门诊号|证号|"
    r"编号|\bqq\b|"
    r"マイナンバー|番号|携帯|電話|"
    r"\bwhatsapp\b|\bwechat\b|\bpager\b|\bpin\b|\bcpf\b|\bdni\b|\bnie\b|\baadhaar\b|"
    r"电话|電話|手机|手機|号码|號碼|身份证|證|卡号|编号|联系方式|微信|病案号|病历号|住院号|医保|"
    r"n[uú]mero de|\bmi n[uú]mero|\bsu n[uú]mero|el n[uú]mero es|tel[eé]fono|m[oó]vil|celular|"
    r"mon num[eé]ro|num[eé]ro de|le num[eé]ro|t[eé]l[eé]phone|portable|s[eé]curit[eé] sociale|"
    r"\bnummer\b|telefon|handy|mobil|versichert|телефон|номер|電話番号|전화|번호|फोन|नंबर|هاتف|رقم|celular|telefone",
    _FLAGS,
)
CLINICAL = re.compile(
    r"blood pressure|\bbp\b|pressures?\b|pulse|heart rate|\bsugars?\b|glucose|readings?\b|\bpain\b|\bscore|"
    r"\bscale\b|\brat(?:e|ed|ing)\b|"
    r"\bweigh|\btemperature|\bsats?\b|oxygen|\bsaturation|\blevels?\b|\bdose|\bmilligrams|\bcount(?:s|ing|"
    r"ed)?\b|peak flow|\bphq|\bgad\b|"
    r"\bapgar|\bcreatinine|h(?:a|)emoglobin|cholesterol|platelets|\bpotassium|\bsodium|\binr\b|\ba1c\b|\bstep|"
    r"\bcontractions|\brepeat after|"
    r"\bhours?\b|\bsleep|\bage[sd]?\b|\bmonths\b|\bunits\b|\bpress\b|\bdial\b|\bpeaks?\b|"
    r"血压|血糖|心率|脉搏|体温|疼|痛|分数|打分|评分|体重|血氧|数值|指标|岁|剂量|呼吸|心跳|餐后|空腹|每次|数到|数数|"
    r"presi[oó]n|tensi[oó]n|glucosa|az[uú]car|pulso|dolor|peso|temperatura|saturaci[oó]n|escala|dosis|"
    r"frecuencia|contar|cuente|"
    r"tension|glyc[eé]mie|\bpouls\b|douleur|\bpoids\b|temp[eé]rature|saturation|[eé]chelle|fr[eé]quence|comptez|"
    r"compter|"
    r"blutdruck|blutzucker|zucker|\bpuls\b|schmerz|gewicht|temperatur|s[aä]ttigung|skala|werte?\b|frequenz|z[aä]hl",
    _FLAGS,
)


class Asked(StrEnum):
    """What a question asks for, as the words that stand for it before an answer."""

    PHONE = "phone number is "
    RECORD = "MRN is "
    INSURANCE = "member number is "
    ACCOUNT = "account number is "
    CARD = "patient number is "
    NATIONAL = "SSN "
    BIRTH = "date of birth "
    BIRTH_PART = "birth "
    NAME = "last name "
    SPELLING = "spelled "
    ADDRESS = "home address is "
    EMAIL = "e-mail is "
    HANDLE = "WeChat is "
    POSTCODE = "zip code is "
    REST = "rest of the number is "
    LAST_FEW = "last digits are "


_LAST = (
    r"\blast (?:three|four|five|six|\d)\b(?! (?:days|nights|weeks|months|years|hours|visits|times|doses|"
    r"pounds))|\blast (?:few )?digits|"
    r"\bending in\b|后[四三五六几]位|后面[四三五六几]位|末[四三五六]位|尾号|尾數|[uú]ltim[oa]s (?:cuatro|"
    r"tres|d[ií]gitos)|"
    r"(?:quatre|trois) derniers|derniers chiffres|letzten (?:vier|drei|ziffern|stellen)"
)
_QUESTIONS = (
    (Asked.LAST_FEW, _LAST),
    (
        Asked.REST,
        r"\brest of (?:the|that|your|it)\b|\bremaining (?:digits|numbers)|后面(?:的|几位|呢|是)|剩下的|其余|"
        r"\b(?:more|other) (?:digits|numbers)|\b(?:digits|numbers) left|\bso far\b|آخر|続けて|"
        r"resto del n[uú]mero|\bla suite\b|le reste du num[eé]ro|rest der nummer|und weiter",
    ),
    (
        Asked.BIRTH,
        r"date of birth|birth ?da(?:te|y)|\bborn\b|\bd\.?o\.?b\b|出生日期|生日|哪年出生|"
        r"什么时候出生|fecha de nacimiento|"
        r"cu[aá]ndo naci|date de naissance|geburtsdatum|wann sind sie geboren",
    ),
    (
        Asked.BIRTH_PART,
        r"(?:what|which|and the|the) (?:year|month|day)\b|哪年|几几年|几月|几号|(?:de )?qu[eé] a[nñ]o|"
        r"y el (?:a[nñ]o|mes|d[ií]a)|quelle ann[eé]e|und das jahr|welches jahr|welcher monat",
    ),
    (
        Asked.NATIONAL,
        r"social security|national insurance|\byour social\b|\bssn\b|national id|\bid number|"
        r"身份证|n[uú]mero de (?:seguro social|"
        r"identidad)|\bdni\b|"
        r"s[eé]curit[eé] sociale|\bcpf\b|\bnhs number|sozialversicherungsnummer|ausweisnummer",
    ),
    (
        Asked.RECORD,
        r"\bmrn\b|\bm r n\b|(?:record|chart|patient|hospital|case) (?:number|id)|病案号|病历号|住院号|"
        r"门诊号|就诊号|登记号|"
        r"historia cl[ií]nica|num[eé]ro de dossier|patientennummer|fallnummer",
    ),
    (
        Asked.INSURANCE,
        r"(?:member|membership|policy|insurance|subscriber|group|plan|medicare|medicaid) (?:number|id)|医保|社保|"
        r"保单号|p[oó]liza|"
        r"num[eé]ro d'assur|versicher\w*nummer|insurance card",
    ),
    (
        Asked.ACCOUNT,
        r"(?:account|passport|card|licen[cs]e|serial|reference|case|claim) (?:number|no)|\bplate\b|"
        r"\bserial\b|\bpassport\b|driver'?s licen[cs]e|\baccount\b|seriennummer|车牌|序列号|护照|银行卡|账号|驾照|"
        r"num[eé]ro de (?:cuenta|tarjeta|compte)",
    ),
    (Asked.HANDLE, r"微信|\bwechat\b|\bwhatsapp\b|\btelegram\b|\binstagram\b|\bqq\b"),
    (
        Asked.POSTCODE,
        r"\bzip\b|\bpost(?:al)? ?code\b|邮编|邮政编码|c[oó]digo postal|code postal|postleitzahl|\bplz\b|郵便番号",
    ),
    (
        Asked.PHONE,
        r"phone|mobile|\bcell\b|\b(?:best|callback|contact|good|your) number|reach you|call you back|digits|"
        r"电话|电话号|電話|手机|手機|号码|號碼|联系方式|tel[eé]fono|m[oó]vil|celular|su n[uú]mero|"
        r"t[eé]l[eé]phone|portable|"
        r"num[eé]ro|"
        r"telefon|handy|nummer",
    ),
    (Asked.CARD, r"number on (?:the|your)(?: \w+)? card|(?:hospital|clinic|patient) card|番号|번호|رقم|診察券"),
    (Asked.EMAIL, r"\be-?mail\b|邮箱|correo|courriel"),
    (
        Asked.ADDRESS,
        r"\baddress\b|where do you live|住址|地址|住在哪|住哪|direcci[oó]n|d[oó]nde vive|\badresse\b|wo wohnen",
    ),
    (
        Asked.NAME,
        r"\b(?:last|first|full|sur|your) ?name|who am i speaking|贵姓|姓名|名字|叫什么|apellido|nombre|"
        r"\bnom\b|nachname|"
        r"wie hei[sß]en sie|"
        r"\bmy name|\bname is\b|我叫|me llamo|je m'appelle|ich hei[sß]e",
    ),
    (Asked.SPELLING, r"spell|怎么写|哪个字|deletrea|se escribe|[eé]pel|buchstabier|geschrieben"),
)
_ASKED = re.compile("|".join(f"(?P<{asked.name}>{words})" for asked, words in _QUESTIONS), _FLAGS)


_NAMED_THING = re.compile(
    r"\b(?:drug|medicine|medication|tablet|pill|cream|brand|condition|disease|syndrome|test|clinic|pharmacy|"
    r"medicamento|"
    r"m[eé]dicament|medikament)|药|病名",
    _FLAGS,
)
_NOT_OF_THINGS = frozenset({Asked.NAME, Asked.SPELLING})
# "Your sugar number?" asks for no telephone.
_NOT_OF_MEASURES = frozenset({Asked.PHONE, Asked.REST, Asked.LAST_FEW})


# A turn is looked at again for each of the chunks whose window it is in.
@lru_cache(maxsize=4096)
def asked_in(text: str) -> tuple[Asked, ...]:
    """What a turn asks for or announces, each once."""
    found = {Asked[match.lastgroup] for match in _ASKED.finditer(text) if match.lastgroup}
    if found & _NOT_OF_THINGS and _NAMED_THING.search(text):
        found -= _NOT_OF_THINGS
    if found & _NOT_OF_MEASURES and CLINICAL.search(text):
        found -= _NOT_OF_MEASURES
    return tuple(asked for asked in Asked if asked in found)


_ENDS_SENTENCE = re.compile(r"[.?!。？！](?= |\Z)")
_LOOK_BACK = 60


def last_before(pattern: re.Pattern[str], text: str, position: int, *, look_back: int = _LOOK_BACK) -> int:
    """Where the last match before `position` ends, within `look_back` characters; -1 without one."""
    end = -1
    for match in pattern.finditer(text, max(0, position - look_back), position):
        end = match.end()
    return end


def is_personal(text: str, position: int) -> bool:
    """Whether the nearest cue before `position` announces somebody's number."""
    personal = last_before(PERSONAL, text, position)
    return personal >= 0 and personal > last_before(CLINICAL, text, position)


def is_clinical(text: str, position: int) -> bool:
    """Whether the nearest cue before `position`, in its sentence, announces a measurement."""
    clinical = last_before(CLINICAL, text, position)
    if clinical < 0 or clinical < last_before(PERSONAL, text, position):
        return False
    return _ENDS_SENTENCE.search(text, clinical, position) is None
