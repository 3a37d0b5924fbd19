"""The sentence that says why, where the model gives none: built from rule, category and evidence, quoting no text.

The words are data, one file a language in `reasons/`, read and checked when this module is first imported, so that a
worker whose words are incomplete does not start.
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.decide.words import Words, load_words
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.verdict import Evidence

REASONS = Path(__file__).parent / "reasons"
FALLBACK = "en"

_WORDS = load_words(REASONS, fallback=FALLBACK)


def reason_for(
    level: RiskLevel,
    rule: Rule,
    *,
    categories: Sequence[Category],
    evidence: Sequence[Evidence],
    finding: Judgment | Abstention,
    language: str | None,
) -> str:
    """One sentence in the language of the tag (BCP 47; its primary subtag counts), English where there are no words
    for it. The model's own reason is used where it gave one."""
    if isinstance(finding, Judgment) and finding.reason and rule is not Rule.TRIPWIRE and level is not RiskLevel.SAFE:
        return finding.reason
    words = _words_for(language)
    parts: list[str] = []
    if rule is Rule.TRIPWIRE:
        parts = [words.evidence[kind] for kind in sorted({item.kind for item in evidence})]
    elif isinstance(finding, Abstention):
        parts = [words.abstention[finding.reason]]
    elif level is not RiskLevel.SAFE:
        parts = [words.category[category] for category in categories]
    return words.rule[rule] + (words.colon + words.joint.join(parts) if parts else "") + words.stop


def _words_for(language: str | None) -> Words:
    primary = (language or FALLBACK).replace("_", "-").partition("-")[0].lower()
    return _WORDS.get(primary, _WORDS[FALLBACK])
