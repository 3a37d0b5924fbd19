"""Judged rows for tests."""

from pipeline.domain.judgment import Scores
from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.judged import Judged

SAFE, CONTESTED, UNSAFE = RiskLevel
PHI = Category.PHI


def case(
    label: RiskLevel | None = SAFE,
    category: Category | None = None,
    *,
    identifier: str = "r",
    text: str = "It still hurts when I bend.",
    context: tuple[tuple[SpeakerRole, str], ...] = (),
    lang: str = "en",
) -> Case:
    return Case("set", identifier, lang, (*context, (SpeakerRole.PATIENT, text)), label, category)


def judged(
    label: RiskLevel | None,
    level: RiskLevel,
    category: Category | None = None,
    *,
    scores: Scores | None = None,
    named: tuple[Category, ...] = (),
    identifier: str = "r",
    lang: str = "en",
    rule: str = Rule.JUDGE_SAFE,
    decided_by: str = "judge",
) -> Judged:
    return Judged(case(label, category, identifier=identifier, lang=lang), level, named, "", scores, decided_by, rule)


def scores(safe: float, contested: float = 0.0) -> Scores:
    return Scores(safe, contested, 1 - safe - contested)
