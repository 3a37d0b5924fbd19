"""The project's own guard, in this process: no server, no graphics card."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, ModelIdentity
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.grammar import (
    ANSWER_TOKENS,
    MAX_FINDINGS_TOKENS,
    MIN_LABEL_MASS,
    Findings,
    continuation_of,
    parse_findings,
    read_label,
)
from pipeline.judge.label_tokens import label_tokens
from pipeline.judge.labels import CATEGORY_WORDS, LABEL_WORDS
from pipeline.judge.onnx_guard import OnnxGuard, Pass, log_probabilities
from pipeline.judge.prompt import PREFILL, Message, Profile
from pipeline.judge.sentence import publishable
from pipeline.judge.template import PROBE_TEXTS, FolderTemplate, Roles, Skeleton, probe_messages, roles_of

MINI_GUARD = Path(__file__).parent / "mini" / "onnx"
"""The guard that comes with the package."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """`threads` chunks are judged at once, each on `intra_op_threads` cores; one is fastest while chunks queue."""

    model_dir: Path = MINI_GUARD
    name: str = "consultguard-mini"
    threads: int = 2
    intra_op_threads: int = 1
    min_label_mass: float = MIN_LABEL_MASS
    category_words: Mapping[str, Category] = field(default_factory=lambda: CATEGORY_WORDS)


class EmbeddedJudge:
    """Keeps the `Judge` contract with an `OnnxGuard` on threads of its own, so that the event loop never waits."""

    def __init__(self, config: EmbeddedConfig, profile: Profile) -> None:
        self._config = config
        self._profile = profile
        self._executor: ThreadPoolExecutor | None = None
        self._model: _LoadedModel | None = None

    @property
    def identity(self) -> ModelIdentity:
        return self._loaded().identity

    async def start(self) -> None:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._config.threads, thread_name_prefix="embedded-judge")
        loop = asyncio.get_running_loop()
        self._model = await loop.run_in_executor(self._executor, _LoadedModel, self._config, self._profile)
        _log.info("judge_started", model=self.identity.name, revision=self.identity.revision)

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        model = self._loaded()
        return await asyncio.get_running_loop().run_in_executor(self._executor, model.judge, window)

    async def close(self) -> None:
        executor, self._executor, self._model = self._executor, None, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)

    def _loaded(self) -> "_LoadedModel":
        if self._model is None:
            raise JudgeUnavailable("the embedded judge is not started")
        return self._model


class _LoadedModel:
    """Model, template and label tokens, checked against each other."""

    def __init__(self, config: EmbeddedConfig, profile: Profile) -> None:
        if not config.model_dir.is_dir():
            raise JudgeMisconfigured(f"no model folder at {config.model_dir}: set another one, or reinstall")
        self._profile = profile
        self._min_label_mass = config.min_label_mass
        self._category_words = config.category_words
        self._guard = OnnxGuard(config.model_dir, intra_op_threads=config.intra_op_threads)
        self._template = FolderTemplate.load(config.model_dir)
        self._skeletons: dict[Roles, Skeleton] = {}
        single = (Message("user", PROBE_TEXTS[0]),)
        skeleton = self._skeleton(single)
        prompt = skeleton.fill(probe_messages(single)) + PREFILL
        continued = {level: self._guard.encode(f"{prompt} {word}") for word, level in LABEL_WORDS.items()}
        self._label_ids = label_tokens(self._guard.encode(prompt), continued=continued)
        version = f"{profile.version}+{skeleton.digest}"
        self.identity = ModelIdentity(config.name, self._guard.revision, version)

    def judge(self, window: ContextWindow) -> Judgment | Abstention:
        messages = self._profile.messages(window)
        prompt = self._skeleton(messages).fill(messages) + PREFILL
        ids = self._guard.encode(prompt)
        if len(ids) + ANSWER_TOKENS > self._guard.context_length:
            return Abstention(AbstentionReason.PROMPT_TOO_LONG, self.identity)
        first = self._guard.read(ids)
        levels = list(self._label_ids)
        logprobs = log_probabilities(first.logits, [self._label_ids[level] for level in levels])
        found = read_label(
            dict(zip(levels, logprobs, strict=True)), model=self.identity, min_label_mass=self._min_label_mass
        )
        if isinstance(found, Abstention) or found.label is RiskLevel.SAFE:
            return found
        return self._with_findings(found, window, prompt, ids, first)

    def _with_findings(
        self, found: Judgment, window: ContextWindow, prompt: str, ids: list[int], first: Pass
    ) -> Judgment:
        """`found` with its categories; an unreadable answer does not undo the label."""
        more = self._guard.encode(prompt + continuation_of(found.label))[len(ids) :]
        text = self._guard.write(self._guard.read(more, after=first), max_tokens=MAX_FINDINGS_TOKENS)
        findings = None if text is None else parse_findings(text, category_words=self._category_words)
        if not isinstance(findings, Findings):
            return found
        return replace(found, categories=findings.categories, reason=publishable(findings.reason, window))

    def _skeleton(self, messages: Sequence[Message]) -> Skeleton:
        roles = roles_of(messages)
        if roles not in self._skeletons:
            self._skeletons[roles] = self._template.skeleton(messages)
        return self._skeletons[roles]
