"""Cases through the real stages: clean, context, tripwires, judge, decide."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from pipeline.clock import Clock
from pipeline.context.consultations import ContextLimits
from pipeline.domain.audit import AuditEvent, AuditRecord
from pipeline.domain.judgment import Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SourceRef, Speaker, TranscriptChunk
from pipeline.evaluate.datasets import Case
from pipeline.judge.base import Judge
from pipeline.runtime.flow import Flow
from pipeline.runtime.single import judge_last_chunks

_TURN_MS = 3000
_PAUSE_MS = 400


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a case.

    `decided_by` is the verdict's, or `skipped` (nothing to judge: it flows on, so its level is safe) or `dead_lettered`
    (unreadable: it goes to operators, so its level is contested). `scores` are the judge's, where it gave any.
    """

    case: Case
    level: RiskLevel
    categories: tuple[Category, ...]
    reason: str
    scores: Scores | None
    decided_by: str
    rule: str


async def judge_cases(
    cases: Iterable[Case], *, flow: Flow, judge: Judge, context: ContextLimits, clock: Clock, concurrency: int
) -> AsyncIterator[Judged]:
    """Each case judged, in order. `judge` is started already; raises what it raises."""
    held = list(cases)
    consultations = (as_chunks(case, number) for number, case in enumerate(held))
    judged = judge_last_chunks(
        consultations, flow=flow, judge=judge, context=context, clock=clock, concurrency=concurrency
    )
    remaining = iter(held)
    async for _, outcome in judged:
        yield _judged(next(remaining), outcome.audit)


def as_chunks(case: Case, number: int) -> Sequence[TranscriptChunk]:
    """The case as a consultation of its own, one turn after the other; a turn's speaker is its role, and only the last
    has a name, where the case gives one."""
    last = len(case.turns) - 1
    return [
        TranscriptChunk(
            tenant="evaluation",
            consult_id=f"case-{number}",
            seq=seq,
            speaker=Speaker(f"spk_{role}", role, case.speaker_name if seq == last else None),
            text=text,
            started_at_ms=seq * _TURN_MS,
            ended_at_ms=(seq + 1) * _TURN_MS - _PAUSE_MS,
            spoken_at="1970-01-01T00:00:00.000Z",
            source=SourceRef("file", "jsonl", case.dataset),
            language=case.lang,
        )
        for seq, (role, text) in enumerate(case.turns)
    ]


def _judged(case: Case, audit: AuditRecord) -> Judged:
    verdict = audit.verdict
    if verdict is None:
        level = RiskLevel.SAFE if audit.event is AuditEvent.SKIPPED else RiskLevel.CONTESTED
        return Judged(case, level, (), audit.outcome, None, audit.event, f"{audit.event}:{audit.outcome}")
    return Judged(
        case, verdict.level, verdict.categories, verdict.reason, verdict.scores, verdict.decided_by, verdict.rule
    )
