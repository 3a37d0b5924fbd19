"""Which short phrases carry nothing, learned from the judge's own answers and never taken on trust for good."""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.domain.judgment import Abstention, AbstentionReason, AnsweredBy, Judgment
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.window import ContextWindow

MAX_PHRASE_CHARS = 40
SURE = 0.95
"""The probability of safe, and of a label at all, that every answer about a phrase must reach."""

# `B`, `J.`: one letter alone was spelled. English has two words of one letter.
_SPELLED = re.compile(r"(?<![^\W_])(?<!['’])(?![IiAa](?![^\W_]))[A-Za-z](?![^\W_])(?!['’])")
# In any script with a mark of its own for it, and the particles that ask in Chinese and Japanese without one.
_ASKS = re.compile(r"[?？؟\u037e]|[吗嗎呢么]\s*[。.…]?\s*$|か\s*[。.]?\s*$")


class PhraseChange(StrEnum):
    PROMOTED = "promoted"
    DEMOTED = "demoted"


def is_phrase(text: str, *, holds_number: Callable[[str], bool]) -> bool:
    """Short, with no numeral, no word for a number, no letter that was spelled, and no sign of an address."""
    if not 0 < len(text) <= MAX_PHRASE_CHARS or "@" in text or any(map(str.isnumeric, text)):
        return False
    return _SPELLED.search(text) is None and not holds_number(text)


def answers_a_question(window: ContextWindow) -> bool:
    """The turn before asks: then `yes` is an answer, and may carry all that was asked."""
    return bool(window.turns) and _ASKS.search(window.turns[-1].text) is not None


@dataclass(frozen=True, slots=True)
class PhraseRules:
    """A phrase is taken as known after `promote_after` consultations in which every answer about it was surely safe.
    `entries` bounds the phrases under trial, those promoted and those refused, each."""

    promote_after: int = 20
    entries: int = 20_000


class PhraseTable:
    """Phrases under digests; no text is kept. One thread.

    The first other answer refuses a phrase for good. A refusal is never forgotten: when their table is full, no phrase
    is learned any more, because one that was refused could be among the new ones.
    """

    def __init__(self, rules: PhraseRules) -> None:
        self._rules = rules
        self._trial: OrderedDict[bytes, set[bytes]] = OrderedDict()
        self._known: dict[bytes, Judgment] = {}
        self._refused: set[bytes] = set()

    def known(self, key: bytes) -> Judgment | None:
        """The latest answer of the judge about a promoted phrase, marked as the table's."""
        return self._known.get(key)

    def learn(
        self, key: bytes, finding: Judgment | Abstention, *, consultation: bytes, counts: bool
    ) -> PhraseChange | None:
        """Take the judge's own answer in. With `counts` false it can refuse the phrase and not promote it."""
        if isinstance(finding, Abstention):
            # That nobody answered says nothing of the phrase; any other abstention is an answer that is not safe.
            return None if finding.reason is AbstentionReason.UNAVAILABLE else self._refuse(key)
        if not is_surely_safe(finding):
            return self._refuse(key)
        if key in self._known:
            self._known[key] = replace(finding, answered_by=AnsweredBy.TEMPLATE, reason_seconds=0.0)
        elif counts and key not in self._refused and len(self._refused) < self._rules.entries:
            return self._count(key, finding, consultation)
        return None

    def sizes(self) -> dict[str, int]:
        return {"phrases_on_trial": len(self._trial), "phrases": len(self._known), "refused": len(self._refused)}

    def _count(self, key: bytes, finding: Judgment, consultation: bytes) -> PhraseChange | None:
        seen = self._trial.setdefault(key, set())
        self._trial.move_to_end(key)
        seen.add(consultation)
        if len(seen) >= self._rules.promote_after and len(self._known) < self._rules.entries:
            del self._trial[key]
            self._known[key] = replace(finding, answered_by=AnsweredBy.TEMPLATE, reason_seconds=0.0)
            return PhraseChange.PROMOTED
        if len(self._trial) > self._rules.entries:
            self._trial.popitem(last=False)
        return None

    def _refuse(self, key: bytes) -> PhraseChange | None:
        if len(self._refused) < self._rules.entries:
            self._refused.add(key)
        self._trial.pop(key, None)
        return None if self._known.pop(key, None) is None else PhraseChange.DEMOTED


def is_surely_safe(judgment: Judgment) -> bool:
    scores, mass = judgment.scores, judgment.label_mass
    measured = scores is not None and scores.safe >= SURE
    return judgment.label is RiskLevel.SAFE and measured and mass is not None and mass >= SURE
