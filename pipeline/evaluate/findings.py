"""What the judge itself found about each case, so that other policies can be tried on it without asking again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.broker.topics import TopicNames
from pipeline.clock import Clock
from pipeline.decide.evaluate import evaluate
from pipeline.domain.audit import AuditEvent
from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity
from pipeline.domain.policy import Policy
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.verdict import Evidence
from pipeline.domain.window import ContextWindow
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.judged import as_chunks
from pipeline.judge.base import Judge
from pipeline.runtime.assembly import build_context_limits, build_stages
from pipeline.runtime.flow import Flow
from pipeline.runtime.single import judge_last_chunks
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Found:
    """`finding` is None of a case that no judge was asked about; its level then stands: skipped is safe, and a dead
    letter is contested."""

    case: Case
    label: RiskLevel
    finding: Judgment | Abstention | None
    evidence: tuple[Evidence, ...]
    unjudged: RiskLevel = RiskLevel.SAFE

    def level(self, policy: Policy) -> RiskLevel:
        """What the policy makes of it."""
        if self.finding is None:
            return self.unjudged
        return evaluate(self.finding, self.evidence, policy=policy, language=self.case.lang).level


class RecordingJudge:
    """Keeps the `Judge` contract around a judge that does, and every window with its answer, by chunk id."""

    def __init__(self, inner: Judge) -> None:
        self._inner = inner
        self.answers: dict[str, tuple[ContextWindow, Judgment | Abstention]] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._inner.identity

    async def start(self) -> None:
        await self._inner.start()

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        finding = await self._inner.judge(window)
        self.answers[window.chunk.chunk.chunk_id] = window, finding
        return finding

    async def close(self) -> None:
        await self._inner.close()


async def find(
    judge: Judge,
    cases: Iterable[Case],
    *,
    settings: Settings,
    policy: Policy,
    clock: Clock,
    concurrency: int,
    on_row: Callable[[], None] = lambda: None,
) -> list[Found]:
    """The labelled ones of `cases`, in order. `judge` is started already; raises what it raises."""
    recording = RecordingJudge(judge)
    flow = build_flow(settings, policy, clock=clock)
    chosen = [(case, case.label) for case in cases if case.label is not None]
    consultations = (as_chunks(case, number) for number, (case, _) in enumerate(chosen))
    context = build_context_limits(settings)
    found: list[Found] = []
    remaining = iter(chosen)
    async for chunk, outcome in judge_last_chunks(
        consultations, flow=flow, judge=recording, context=context, clock=clock, concurrency=concurrency
    ):
        case, label = next(remaining)
        verdict = outcome.audit.verdict
        if verdict is None:
            skipped = outcome.audit.event is AuditEvent.SKIPPED
            found.append(Found(case, label, None, (), RiskLevel.SAFE if skipped else RiskLevel.CONTESTED))
        else:
            found.append(Found(case, label, recording.answers[chunk.chunk_id][1], verdict.evidence))
        on_row()
    return found


def build_flow(settings: Settings, policy: Policy, *, clock: Clock) -> Flow:
    stages = build_stages(policy, max_text_chars=settings.worker.max_text_chars)
    return Flow(stages, topics=TopicNames(settings.topics.prefix), actor="consultguard-eval", clock=clock)


def with_scores(found: Sequence[Found]) -> list[tuple[Found, Judgment]]:
    """Those whose judgment measured probabilities."""
    judged = ((one, one.finding) for one in found if isinstance(one.finding, Judgment))
    return [(one, finding) for one, finding in judged if finding.scores is not None]


def without_calibration(policy: Policy) -> Policy:
    """The policy with the judge's scores taken raw."""
    return replace(policy, calibration=type(policy.calibration)())
