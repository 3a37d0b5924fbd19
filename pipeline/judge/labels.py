"""The words guard models say, and what each means here. Data only."""

from types import MappingProxyType

from pipeline.domain.taxonomy import Category, RiskLevel

LABEL_WORDS = MappingProxyType(
    {
        "Safe": RiskLevel.SAFE,
        "Controversial": RiskLevel.CONTESTED,
        "Unsafe": RiskLevel.UNSAFE,
    }
)
"""Qwen3Guard's three severities. `Controversial` is its learned disagreement band, which is what contested means."""

WORD_OF_LABEL = MappingProxyType({level: word for word, level in LABEL_WORDS.items()})

NO_CATEGORY = "None"

CATEGORY_WORDS = MappingProxyType(
    {
        "PII": Category.PHI,
        "Unethical Acts": Category.DISCRIMINATION,
        "Suicide & Self-Harm": Category.SELF_HARM,
        "Violent": Category.VIOLENCE,
        "Sexual Content or Sexual Acts": Category.SEXUAL,
        "Non-violent Illegal Acts": Category.ILLEGAL,
        "Jailbreak": Category.JAILBREAK,
        "Politically Sensitive Topics": Category.OTHER,
        "Copyright Violation": Category.OTHER,
        # No word of Qwen3Guard's: the mini guard and our adapters are trained to say it.
        "Medical Advice": Category.MEDICAL_ADVICE,
    }
)
"""For a judge that is given no policy's table (`Policy.categories`); the built-in policy says the same."""
