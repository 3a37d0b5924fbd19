"""A judge that remembers: exactly the same window, or a short phrase that carries nothing."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2b

import structlog

from pipeline.domain.judgment import Abstention, AnsweredBy, Judgment, ModelIdentity
from pipeline.domain.window import ContextWindow
from pipeline.judge.base import Judge
from pipeline.judge.phrases import PhraseChange, PhraseRules, PhraseTable, answers_a_question, is_phrase
from pipeline.judge.sentence import publishable

_log = structlog.get_logger()


class CacheEvent(StrEnum):
    """What a call was answered by, and what became of a phrase."""

    EXACT = "exact"
    TEMPLATE = "template"
    MISS = "miss"
    RECHECK = "recheck"
    PROMOTED = "promoted"
    DEMOTED = "demoted"


@dataclass(frozen=True, slots=True)
class CacheRules:
    """`entries` exact windows are remembered, the least recently used forgotten first; 0 remembers none.

    `phrases` is None where no phrase is to be learned. One in `recheck_every` hits of a phrase is judged all the same.
    """

    entries: int = 50_000
    phrases: PhraseRules | None = field(default_factory=PhraseRules)
    recheck_every: int = 50


class CachedJudge:
    """Keeps the `Judge` contract around a judge that does. An answer that it did not ask for says so
    (`Judgment.answered_by`). Only judgments are remembered, never an abstention, and only in memory.

    An exact key covers all that the answer depends on: policy (`scope`), model, prompt, the speaker's role, language,
    cleaned text, and the turns before. A phrase's leaves the turns and the language out: so it is neither learned nor
    used where the turn before asks something. Which hits are judged again follows from the chunk's id, so a replay
    judges the same. `on_event` hears each event and the tables' sizes, on the event loop; it must not block.
    """

    def __init__(
        self,
        inner: Judge,
        *,
        scope: str,
        rules: CacheRules | None = None,
        holds_number: Callable[[str], bool] = lambda _text: False,
        on_event: Callable[[CacheEvent, Mapping[str, int]], None] = lambda _event, _sizes: None,
    ) -> None:
        self._inner = inner
        self._scope = scope
        self._rules = rules or CacheRules()
        self._holds_number = holds_number
        self._on_event = on_event
        self._exact: OrderedDict[bytes, Judgment] = OrderedDict()
        self._phrases = None if self._rules.phrases is None else PhraseTable(self._rules.phrases)

    @property
    def identity(self) -> ModelIdentity:
        return self._inner.identity

    @property
    def sizes(self) -> dict[str, int]:
        """Entries by table."""
        return {"exact": len(self._exact), **(self._phrases.sizes() if self._phrases else {})}

    async def start(self) -> None:
        await self._inner.start()

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        phrase = self._phrase_key(window)
        known = self._phrases.known(phrase) if self._phrases and phrase else None
        if known is not None and self._is_rechecked(window):
            self._tell(CacheEvent.RECHECK)
            return await self._asked(window, phrase)
        exact = self._remembered(window)
        if exact is not None:
            self._tell(CacheEvent.EXACT)
            return exact
        if known is not None and not answers_a_question(window):
            self._tell(CacheEvent.TEMPLATE)
            return known
        self._tell(CacheEvent.MISS)
        return await self._asked(window, phrase)

    async def close(self) -> None:
        await self._inner.close()

    async def _asked(self, window: ContextWindow, phrase: bytes | None) -> Judgment | Abstention:
        finding = await self._inner.judge(window)
        if isinstance(finding, Judgment) and self._rules.entries:
            # Under the model that answered: it may have changed since the call began.
            key = _window_key(window, self._scope, finding.model)
            self._exact[key] = replace(finding, answered_by=AnsweredBy.CACHE, reason_seconds=0.0)
            self._exact.move_to_end(key)
            if len(self._exact) > self._rules.entries:
                self._exact.popitem(last=False)
        if self._phrases and phrase:
            consultation = digest(window.chunk.chunk.tenant, window.chunk.chunk.consult_id)
            change = self._phrases.learn(
                phrase, finding, consultation=consultation, counts=not answers_a_question(window)
            )
            if change is not None:
                self._tell(CacheEvent(change.value))
            if change is PhraseChange.DEMOTED:
                _log.warning("phrase_demoted", **self.sizes)
        return finding

    def _remembered(self, window: ContextWindow) -> Judgment | None:
        if not self._exact:
            return None
        key = _window_key(window, self._scope, self._inner.identity)
        found = self._exact.get(key)
        if found is None:
            return None
        self._exact.move_to_end(key)
        # The same words after cleaning can have been said otherwise: the sentence may quote what this chunk held.
        return found if found.reason is None else replace(found, reason=publishable(found.reason, window))

    def _phrase_key(self, window: ContextWindow) -> bytes | None:
        text = window.chunk.text
        if self._phrases is None or not is_phrase(text, holds_number=self._holds_number):
            return None
        model = self._inner.identity
        role = window.chunk.chunk.speaker.role
        return digest(self._scope, model.name, model.revision, model.prompt_version, role, text)

    def _is_rechecked(self, window: ContextWindow) -> bool:
        return int.from_bytes(digest(window.chunk.chunk.chunk_id)[:8]) % self._rules.recheck_every == 0

    def _tell(self, event: CacheEvent) -> None:
        self._on_event(event, self.sizes)


def _window_key(window: ContextWindow, scope: str, model: ModelIdentity) -> bytes:
    chunk = window.chunk
    turns = (part for turn in window.turns for part in (turn.role, turn.text))
    identity = (model.name, model.revision, model.prompt_version)
    return digest(scope, *identity, chunk.chunk.speaker.role, chunk.chunk.language or "", chunk.text, *turns)


def digest(*parts: str) -> bytes:
    """128 bits over the parts; where one ends and the next begins counts."""
    made = blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        made.update(len(encoded).to_bytes(8))
        made.update(encoded)
    return made.digest()
