"""How much of natural talk the judge's cache answers, and whether what it answers is what the judge would have said."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from pipeline.clock import Clock
from pipeline.decide.evaluate import evaluate
from pipeline.domain.judgment import Abstention, AnsweredBy, Judgment, ModelIdentity
from pipeline.domain.policy import Policy
from pipeline.domain.transcript import TranscriptChunk
from pipeline.domain.verdict import Evidence
from pipeline.domain.window import ContextWindow
from pipeline.errors import InputError
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.findings import RecordingJudge, build_flow
from pipeline.evaluate.judged import as_chunks
from pipeline.judge.base import Judge
from pipeline.runtime.assembly import build_context_limits
from pipeline.runtime.single import judge_chunks
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """A window in the order of the talk, what the judge said of it, and what the tripwires found."""

    window: ContextWindow
    fresh: Judgment | Abstention
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class CacheReport:
    """`windows` came to the judge; `exact` and `template` of them were answered without it. `differing_labels` and
    `differing_levels` count those of them for which the judge's own answer has another label, or gets another verdict;
    `differing_exact` the exact hits whose answer is not the judge's own to the last digit. `entries` are the tables'
    at the end."""

    dataset: str
    dialogues: int
    turns: int
    windows: int
    exact: int
    template: int
    rechecks: int
    promoted: int
    demoted: int
    hit_rate: float
    exact_rate: float
    template_rate: float
    differing_exact: int
    differing_labels: int
    differing_levels: int
    differing_ids: tuple[str, ...]
    entries: Mapping[str, int]


def dialogues_of(cases: Iterable[Case], *, limit: int | None) -> Iterator[list[TranscriptChunk]]:
    """The first `limit` dialogues of a natural set, each whole and a consultation of its own. Raises InputError of a
    labelled row."""
    grouped = groupby(cases, key=lambda case: case.id.rpartition(":")[0])
    for number, (name, some) in enumerate(islice(grouped, limit)):
        turns = list(some)
        if any(case.label is not None for case in turns):
            raise InputError(f"{turns[0].dataset}: labelled rows are no talk to measure a cache on")
        whole = Case(turns[0].dataset, name, turns[0].lang, tuple(case.turns[-1] for case in turns))
        yield list(as_chunks(whole, number))


async def ask(
    judge: Judge,
    chunks: Sequence[TranscriptChunk],
    *,
    settings: Settings,
    policy: Policy,
    clock: Clock,
    concurrency: int,
    on_row: Callable[[], None] = lambda: None,
) -> list[Asked]:
    """Every window of the talk judged afresh, in order. `judge` is started already; raises what it raises."""
    recording = RecordingJudge(judge)
    flow, context = build_flow(settings, policy, clock=clock), build_context_limits(settings)
    asked: list[Asked] = []
    async for chunk, outcome in judge_chunks(
        chunks, flow=flow, judge=recording, context=context, clock=clock, concurrency=concurrency
    ):
        on_row()
        if outcome.audit.verdict is not None:
            asked.append(Asked(*recording.answers[chunk.chunk_id], outcome.audit.verdict.evidence))
    return asked


class ReplayedJudge:
    """Keeps the `Judge` contract with answers that were given before, by chunk id."""

    def __init__(self, asked: Iterable[Asked], identity: ModelIdentity) -> None:
        self._answers = {one.window.chunk.chunk.chunk_id: one.fresh for one in asked}
        self.identity = identity

    async def start(self) -> None:
        return None

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        return self._answers[window.chunk.chunk.chunk_id]

    async def close(self) -> None:
        return None


async def measure_cache(
    asked: Sequence[Asked], cache: Judge, events: Counter[str], *, policy: Policy, dataset: str, turns: int
) -> CacheReport:
    """One window after the other through `cache`, whose events `events` counts and whose inner judge replays."""
    hits: Counter[AnsweredBy] = Counter()
    differing: Counter[str] = Counter()
    ids: list[str] = []
    for one in asked:
        found = await cache.judge(one.window)
        if isinstance(found, Abstention) or found.answered_by is AnsweredBy.MODEL:
            continue
        hits[found.answered_by] += 1
        differs = differences(found, one, policy)
        differing.update(differs)
        if differs:
            ids.append(one.window.chunk.chunk.chunk_id)
    windows = len(asked)
    exact, template = hits[AnsweredBy.CACHE], hits[AnsweredBy.TEMPLATE]
    return CacheReport(
        dataset=dataset,
        dialogues=len({one.window.chunk.chunk.consult_id for one in asked}),
        turns=turns,
        windows=windows,
        exact=exact,
        template=template,
        rechecks=events["recheck"],
        promoted=events["promoted"],
        demoted=events["demoted"],
        hit_rate=(exact + template) / windows if windows else 0.0,
        exact_rate=exact / windows if windows else 0.0,
        template_rate=template / windows if windows else 0.0,
        differing_exact=differing["exact"],
        differing_labels=differing["label"],
        differing_levels=differing["level"],
        differing_ids=tuple(ids),
        entries=dict(getattr(cache, "sizes", {})),
    )


def differences(found: Judgment, one: Asked, policy: Policy) -> tuple[str, ...]:
    """In what the remembered answer is not the judge's own: `exact`, `label`, `level`; a phrase's scores may differ."""
    fresh = one.fresh
    language = one.window.chunk.chunk.language
    levels = [evaluate(each, one.evidence, policy=policy, language=language).level for each in (found, fresh)]
    told = ["level"] if levels[0] is not levels[1] else []
    if isinstance(fresh, Abstention) or fresh.label is not found.label:
        told.append("label")
    same = isinstance(fresh, Judgment) and _content(found) == _content(fresh)
    if found.answered_by is AnsweredBy.CACHE and not same:
        told.append("exact")
    return tuple(told)


def _content(judgment: Judgment) -> tuple[object, ...]:
    return judgment.label, judgment.scores, judgment.label_mass, judgment.categories, judgment.reason
