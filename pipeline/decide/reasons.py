"""The sentence that says why, where the model gives none: built from rule, category and evidence, quoting no text."""

from collections.abc import Sequence

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment
from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import Category, EvidenceKind, RiskLevel
from pipeline.domain.verdict import Evidence

_EN = {
    Category.PHI: "it identifies a person beside health information",
    Category.DISCRIMINATION: "it demeans or treats worse because of who someone is",
    Category.MEDICAL_ADVICE: "it departs from safe care",
    Category.SELF_HARM: "it encourages self-harm",
    Category.VIOLENCE: "it threatens or encourages violence",
    Category.SEXUAL: "it is sexual content outside care",
    Category.ILLEGAL: "it instructs an illegal act",
    Category.JAILBREAK: "it tries to instruct the reader or the model",
    Category.OTHER: "it falls under another category of the model",
    EvidenceKind.PHONE: "telephone number",
    EvidenceKind.EMAIL: "e-mail address",
    EvidenceKind.URL: "web address",
    EvidenceKind.IP_ADDRESS: "IP address",
    EvidenceKind.NATIONAL_ID: "national identity number",
    EvidenceKind.RECORD_NUMBER: "medical record number",
    EvidenceKind.INSURANCE_NUMBER: "insurance number",
    EvidenceKind.DATE_OF_BIRTH: "date of birth",
    EvidenceKind.CARD_NUMBER: "card number",
    EvidenceKind.SPOKEN_DIGITS: "number spoken digit by digit",
    EvidenceKind.SPELLED_NAME: "name spelled letter by letter",
    AbstentionReason.UNREADABLE: "the judge's answer could not be read",
    AbstentionReason.UNKNOWN_LABEL: "the judge gave a label this policy does not know",
    AbstentionReason.LOW_LABEL_MASS: "the judge was about to say something other than a label",
    AbstentionReason.PROMPT_TOO_LONG: "the chunk is too long for the judge",
    AbstentionReason.REFUSED: "the judge refused the request",
    AbstentionReason.UNAVAILABLE: "no judge answered in time",
    Rule.JUDGE_SAFE: "No finding",
    Rule.IGNORED_CATEGORY: "The model's category is one this policy does not act on",
    Rule.JUDGE_CONTESTED: "The judge is in doubt",
    Rule.JUDGE_UNSAFE: "The judge finds it unsafe",
    Rule.UNMEASURED: "The judge's answer came without probabilities to hold against the policy's thresholds",
    Rule.CATEGORY_THRESHOLD: "The judge is in doubt, and the policy blocks such a doubt",
    Rule.IN_BAND: "The judge's probability is too near the policy's threshold",
    Rule.UNCALIBRATED: "The policy's thresholds were set for another version of the model",
    Rule.BELOW_SAFE_THRESHOLD: "The judge leans to safe, below the policy's threshold",
    Rule.BELOW_UNSAFE_THRESHOLD: "The judge leans to unsafe, below the policy's threshold",
    Rule.TRIPWIRE: "A deterministic rule found",
    Rule.ABSTAINED: "No judgment",
}
_ZH = {
    Category.PHI: "健康信息旁出现可识别个人身份的内容",
    Category.DISCRIMINATION: "因身份而贬低或区别对待",
    Category.MEDICAL_ADVICE: "偏离安全的诊疗",
    Category.SELF_HARM: "鼓励自伤",
    Category.VIOLENCE: "威胁或鼓励暴力",
    Category.SEXUAL: "与诊疗无关的性内容",
    Category.ILLEGAL: "指导违法行为",
    Category.JAILBREAK: "试图指挥读者或模型",
    Category.OTHER: "属于模型的其他类别",
    EvidenceKind.PHONE: "电话号码",
    EvidenceKind.EMAIL: "电子邮箱",
    EvidenceKind.URL: "网址",
    EvidenceKind.IP_ADDRESS: "IP 地址",
    EvidenceKind.NATIONAL_ID: "身份证件号码",
    EvidenceKind.RECORD_NUMBER: "病案号",
    EvidenceKind.INSURANCE_NUMBER: "保险号码",
    EvidenceKind.DATE_OF_BIRTH: "出生日期",
    EvidenceKind.CARD_NUMBER: "卡号",
    EvidenceKind.SPOKEN_DIGITS: "逐字念出的号码",
    EvidenceKind.SPELLED_NAME: "逐字母拼出的姓名",
    AbstentionReason.UNREADABLE: "模型的回答无法读取",
    AbstentionReason.UNKNOWN_LABEL: "模型给出了未知标签",
    AbstentionReason.LOW_LABEL_MASS: "模型并未打算给出标签",
    AbstentionReason.PROMPT_TOO_LONG: "片段超出模型长度",
    AbstentionReason.REFUSED: "模型拒绝了请求",
    AbstentionReason.UNAVAILABLE: "模型未及时答复",
    Rule.JUDGE_SAFE: "未发现问题",
    Rule.IGNORED_CATEGORY: "模型给出的类别不在本策略处理范围内",
    Rule.JUDGE_CONTESTED: "模型存疑",
    Rule.JUDGE_UNSAFE: "模型判为不安全",
    Rule.UNMEASURED: "模型的回答没有可与策略阈值比较的概率",
    Rule.CATEGORY_THRESHOLD: "模型存疑，而策略对此类存疑予以拦截",
    Rule.IN_BAND: "模型的概率过于接近策略阈值",
    Rule.UNCALIBRATED: "策略阈值是为模型的另一版本设定的",
    Rule.BELOW_SAFE_THRESHOLD: "模型倾向安全但低于策略阈值",
    Rule.BELOW_UNSAFE_THRESHOLD: "模型倾向不安全但低于策略阈值",
    Rule.TRIPWIRE: "确定性规则发现",
    Rule.ABSTAINED: "无判断",
}


def reason_for(
    level: RiskLevel,
    rule: Rule,
    *,
    categories: Sequence[Category],
    evidence: Sequence[Evidence],
    finding: Judgment | Abstention,
    language: str | None,
) -> str:
    """One sentence in Chinese for `zh…`, else in English. The model's own reason is used where it gave one."""
    if isinstance(finding, Judgment) and finding.reason and rule is not Rule.TRIPWIRE and level is not RiskLevel.SAFE:
        return finding.reason
    chinese = language is not None and language.lower().startswith("zh")
    words = _ZH if chinese else _EN
    stop, joint, colon = ("。", "、", "：") if chinese else (".", ", ", ": ")
    parts: list[str] = []
    if rule is Rule.TRIPWIRE:
        parts = [words[kind] for kind in sorted({item.kind for item in evidence})]
    elif isinstance(finding, Abstention):
        parts = [words[finding.reason]]
    elif level is not RiskLevel.SAFE:
        parts = [words[category] for category in categories]
    return words[rule] + (colon + joint.join(parts) if parts else "") + stop
