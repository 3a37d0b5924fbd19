"""The words of the policy: three levels, and what may be wrong with a chunk."""

from enum import StrEnum


class RiskLevel(StrEnum):
    """Where a chunk may go: on, to a person, or nowhere."""

    SAFE = "safe"
    CONTESTED = "contested"
    UNSAFE = "unsafe"

    @property
    def severity(self) -> int:
        return _SEVERITY[self]


_SEVERITY = {RiskLevel.SAFE: 0, RiskLevel.CONTESTED: 1, RiskLevel.UNSAFE: 2}


class Category(StrEnum):
    """What a finding is about; `other` is what a model names and this policy does not act on."""

    PHI = "phi"
    DISCRIMINATION = "discrimination"
    MEDICAL_ADVICE = "medical_advice"
    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    SEXUAL = "sexual"
    ILLEGAL = "illegal"
    JAILBREAK = "jailbreak"
    OTHER = "other"


class EvidenceKind(StrEnum):
    """What a tripwire can find; each is an identifier of 45 CFR 164.514(b)(2)(i)."""

    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    IP_ADDRESS = "ip_address"
    NATIONAL_ID = "national_id"
    RECORD_NUMBER = "record_number"
    INSURANCE_NUMBER = "insurance_number"
    DATE_OF_BIRTH = "date_of_birth"
    CARD_NUMBER = "card_number"
    SPOKEN_DIGITS = "spoken_digits"
    SPELLED_NAME = "spelled_name"
    POSTAL_ADDRESS = "postal_address"
    BED_WITH_NAME = "bed_with_name"
    ACCOUNT_NUMBER = "account_number"
