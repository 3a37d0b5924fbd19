"""From an instruction model's whole answer to what it found, or to an abstention; never a guess.

::

    json   = { "risk_level": "safe" | "contested" | "unsafe", "categories": [ word … ], "reason": sentence }
    marked = "【风险等级】" ( "安全" | "有争议" | "不安全" ) "【理由】" sentence

Nothing before it, nothing after it but white space, no key twice, no other key. The marked form is what such models are
often tuned to say; it names no category.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.domain.judgment import AbstentionReason, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.judge.chat import Token
from pipeline.judge.sentence import is_line

_MARKED_LABELS = MappingProxyType(
    {"安全": RiskLevel.SAFE, "有争议": RiskLevel.CONTESTED, "不安全": RiskLevel.UNSAFE},
)
_LABELS = MappingProxyType({level.value: level for level in RiskLevel})
_CATEGORIES = MappingProxyType({one.value: one for one in Category if one is not Category.OTHER})

ANSWER_SCHEMA: Mapping[str, object] = MappingProxyType(
    {
        "type": "object",
        "properties": {
            "risk_level": {"type": "string", "enum": list(_LABELS)},
            "categories": {"type": "array", "items": {"type": "string", "enum": list(_CATEGORIES)}},
            "reason": {"type": "string"},
        },
        "required": ["risk_level", "categories", "reason"],
        "additionalProperties": False,
    }
)
"""The label stands first, so that it is made before its reason, and nothing but the prompt stands before it."""

_MOST_CHARS = 4_000
_JSON_LABEL = re.compile(r'\s*\{\s*"risk_level"\s*:\s*"(?P<label>[a-z_]+)"')
_MARKED = re.compile(
    r"\s*【风险等级】[:：]?\s*(?P<label>[^\s【】:：,，;；.。]+)[,，;；.。]?\s*【理由】[:：]?\s*(?P<reason>[^\n【】]+?)\s*"
)
_LEAST_TOLD = 0.9
"""Of the label's probability; the rest may be tokens beyond the likeliest, or such as end before the label begins."""

_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Instructed:
    """A whole answer. `label_at` is where the label's word begins in the text, None where it does not come first."""

    label: RiskLevel
    categories: tuple[Category, ...]
    reason: str
    label_at: int | None


def parse_instructed(text: str) -> Instructed | AbstentionReason:
    """Either form, whole. A safe label beside a category contradicts itself: UNREADABLE."""
    if len(text) > _MOST_CHARS:
        return AbstentionReason.UNREADABLE
    marked = _MARKED.fullmatch(text)
    found = _of_json(text) if marked is None else _of_marks(marked)
    if isinstance(found, AbstentionReason):
        return found
    if not is_line(found.reason) or (found.label is RiskLevel.SAFE and found.categories):
        return AbstentionReason.UNREADABLE
    return found


EXPLANATION_SCHEMA: Mapping[str, object] = MappingProxyType(
    {
        "type": "object",
        "properties": {"reason": {"type": "string"}},
        "required": ["reason"],
        "additionalProperties": False,
    }
)


def parse_explanation(text: str) -> str | None:
    """The sentence of `{"reason": sentence}`, whole and with nothing else; None of anything else."""
    match _loaded(text):
        case {"reason": str(reason), **others} if not others and is_line(reason):
            return reason
        case _:
            return None


def label_scores(text: str, tokens: Sequence[Token], *, label_at: int | None) -> Scores | None:
    """The labels' probabilities, from the likeliest tokens at the place where the label's first letter is written.

    The three words begin with different letters, so that letter settles the label. Under a schema the probabilities
    are over what the schema allows there, so they say which label, and not whether the model wanted to say one. None
    where the tokens are not those of the text, or tell less than nine tenths.
    """
    if label_at is None:
        return None
    start, spelled = len(text[:label_at].encode("utf-8", "surrogatepass")), text.encode("utf-8", "surrogatepass")
    token, before = _token_over(tokens, spelled, start)
    if token is None:
        return None
    sums = dict.fromkeys(RiskLevel, 0.0)
    for letters, logprob in dict(token.likeliest).items():
        level = _label_of(letters, before)
        if math.isnan(logprob) or logprob > _ROUNDING:
            return None
        if level is not None:
            sums[level] += math.exp(logprob)
    told = sum(sums.values())
    if not _LEAST_TOLD <= told <= 1 + 10 * _ROUNDING:
        return None
    return Scores(*(sums[level] / told for level in (RiskLevel.SAFE, RiskLevel.CONTESTED, RiskLevel.UNSAFE)))


def _of_marks(match: re.Match[str]) -> Instructed | AbstentionReason:
    label = _MARKED_LABELS.get(match["label"])
    if label is None:
        return AbstentionReason.UNKNOWN_LABEL
    return Instructed(label, (), match["reason"], match.start("label"))


def _of_json(text: str) -> Instructed | AbstentionReason:
    match _loaded(text):
        case {"risk_level": str(word), "categories": list(words), "reason": str(reason), **others} if not others:
            label = _LABELS.get(word)
            if label is None:
                return AbstentionReason.UNKNOWN_LABEL
            if any(not isinstance(one, str) or one not in _CATEGORIES for one in words):
                return AbstentionReason.UNREADABLE
            first = _JSON_LABEL.match(text)
            at = first.start("label") if first is not None and first["label"] == word else None
            return Instructed(label, tuple(dict.fromkeys(_CATEGORIES[one] for one in words)), reason, at)
        case _:
            return AbstentionReason.UNREADABLE


def _loaded(text: str) -> object:
    """The JSON value, or None for what is none, too long for an answer, or says a key twice."""
    if len(text) > _MOST_CHARS:
        return None
    try:
        answer: object = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError):
        return None
    return answer


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _token_over(tokens: Sequence[Token], spelled: bytes, start: int) -> tuple[Token | None, bytes]:
    """The token that writes byte `start`, and what it writes before it; None where the tokens are not of the text."""
    written = b""
    for token in tokens:
        before, written = spelled[len(written) : start], written + token.spelled
        if not (spelled.startswith(written) or written.startswith(spelled)):
            return None, b""
        if len(written) > start:
            return token, before
    return None, b""


def _label_of(letters: bytes, before: bytes) -> RiskLevel | None:
    """The label that a token begins, where it first writes `before`; a token may write less or more than the word."""
    rest = letters[len(before) :]
    if not rest or not letters.startswith(before):
        return None
    for words in (_LABELS, _MARKED_LABELS):
        for word, level in words.items():
            whole = word.encode()
            if whole.startswith(rest) or rest.startswith(whole):
                return level
    return None
