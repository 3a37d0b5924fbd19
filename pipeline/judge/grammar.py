"""From what a guard model answers to what it found, or to an abstention; never a guess.

::

    answer     = "Safety: " label "\\nCategories:" rest
    rest       = " " ( "None" | word { ", " word } ) [ "\\nRefusal: " ( "Yes" | "No" ) ] [ "\\nReason: " sentence ]

Matched whole and case by case: an answer that is nearly of the grammar is an answer of a model that drifted.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.judge.labels import CATEGORY_WORDS, LABEL_WORDS, NO_CATEGORY, WORD_OF_LABEL
from pipeline.judge.sentence import is_line

MIN_LABEL_MASS = 0.5
"""Below this the model was about to say something else than a label: template drift, or a text that confused it."""

MAX_FINDINGS_TOKENS = 48
"""Room for all of Qwen3Guard's categories at once; a longer answer is not of the grammar."""

ANSWER_TOKENS = MAX_FINDINGS_TOKENS + 16
"""A prompt must leave this much of the model's context free: the label's line, and the findings."""

# float32 servers compute `logit - logsumexp`, which may round a certain label to just above zero.
_ROUNDING = 1e-4

_ANSWER = re.compile(r"Safety: (?P<label>[^\n]*)\nCategories:(?P<rest>.*)", re.DOTALL)
_REST = re.compile(r" (?P<words>[^\n]+?)(?:\nRefusal: (?:Yes|No))?(?:\nReason: (?P<reason>[^\n]+))?")


@dataclass(frozen=True, slots=True)
class Findings:
    """What follows the label: the categories in the model's order, and its own sentence where it gave one."""

    categories: tuple[Category, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer read as text."""

    label: RiskLevel
    findings: Findings


def read_label(
    logprobs: Mapping[RiskLevel, float], *, model: ModelIdentity, min_label_mass: float = MIN_LABEL_MASS
) -> Judgment | Abstention:
    """The judgment that three log-probabilities carry.

    `logprobs` are natural logs over the whole vocabulary. The scores are their softmax; of equal scores the more
    severe label wins. A missing or NaN value, one above zero, or labels more than certain together are UNREADABLE; a
    label mass below `min_label_mass` is LOW_LABEL_MASS.
    """
    values = {level: logprobs.get(level, math.nan) for level in RiskLevel}
    if any(math.isnan(value) or value > _ROUNDING for value in values.values()):
        return Abstention(AbstentionReason.UNREADABLE, model)
    weights = {level: math.exp(value) for level, value in values.items()}
    mass = sum(weights.values())
    if mass > 1 + 10 * _ROUNDING:
        return Abstention(AbstentionReason.UNREADABLE, model)
    mass = min(mass, 1.0)
    if mass == 0.0 or mass < min_label_mass:
        return Abstention(AbstentionReason.LOW_LABEL_MASS, model, label_mass=mass)
    scores = _softmax(values)
    label = max(RiskLevel, key=lambda level: (values[level], level.severity))
    return Judgment(label=label, scores=scores, label_mass=mass, model=model)


def parse_answer(text: str) -> Answer | AbstentionReason:
    """A whole answer, from `Safety:` to its end. A safe label beside a category contradicts itself: UNREADABLE."""
    match = _ANSWER.fullmatch(text)
    if match is None:
        return AbstentionReason.UNREADABLE
    label = LABEL_WORDS.get(match["label"])
    if label is None:
        return AbstentionReason.UNKNOWN_LABEL
    findings = parse_findings(match["rest"])
    if not isinstance(findings, Findings):
        return findings
    if label is RiskLevel.SAFE and findings.categories:
        return AbstentionReason.UNREADABLE
    return Answer(label, findings)


def parse_findings(
    rest: str, *, category_words: Mapping[str, Category] = CATEGORY_WORDS
) -> Findings | AbstentionReason:
    """What a model wrote after `Categories:`, where the label is already known. A word that `category_words` does not
    have makes it UNREADABLE as a whole: part of a list is not what the model found."""
    match = _REST.fullmatch(rest)
    if match is None:
        return AbstentionReason.UNREADABLE
    reason = match["reason"]
    if reason is not None and not is_line(reason):
        return AbstentionReason.UNREADABLE
    if match["words"] == NO_CATEGORY:
        return Findings((), reason)
    categories = [category_words.get(word) for word in match["words"].split(", ")]
    known = tuple(dict.fromkeys(category for category in categories if category is not None))
    return Findings(known, reason) if None not in categories else AbstentionReason.UNREADABLE


def continuation_of(label: RiskLevel) -> str:
    """What is appended to the prompt, after `Safety:`, to hear the categories of a label already read."""
    return f" {WORD_OF_LABEL[label]}\nCategories:"


def _softmax(values: Mapping[RiskLevel, float]) -> Scores:
    highest = max(values.values())
    weights = {level: math.exp(value - highest) for level, value in values.items()}
    total = sum(weights.values())
    return Scores(
        safe=weights[RiskLevel.SAFE] / total,
        contested=weights[RiskLevel.CONTESTED] / total,
        unsafe=weights[RiskLevel.UNSAFE] / total,
    )
