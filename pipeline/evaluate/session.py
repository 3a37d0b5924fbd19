"""Reads cases with one judge after another, each through the stages that the settings describe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.broker.topics import TopicNames
from pipeline.clock import Clock
from pipeline.domain.policy import Policy
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.judged import Judged, judge_cases
from pipeline.evaluate.presidio import DIRECT_IDENTIFIERS, Entities, PresidioJudge
from pipeline.evaluate.systems import SilentJudge
from pipeline.judge.base import Judge
from pipeline.runtime.assembly import build_context_limits, build_stages
from pipeline.runtime.flow import Flow
from pipeline.settings import Settings

RULE_SYSTEMS = 4
"""How many systems `read_rule_systems` reads with."""


@dataclass(frozen=True, slots=True)
class Session:
    """`on_row` hears of each row as it is judged."""

    settings: Settings
    policy: Policy
    clock: Clock
    on_row: Callable[[], None] = lambda: None

    async def read(self, judge: Judge, cases: Sequence[Case], *, tripwires: bool, concurrency: int = 1) -> list[Judged]:
        """Every case judged, in order. `judge` is started already; raises what it raises."""
        stages = build_stages(self.policy, max_text_chars=self.settings.worker.max_text_chars)
        if not tripwires:
            stages = replace(stages, trip=lambda _clean: ())
        names = TopicNames(self.settings.topics.prefix)
        flow = Flow(stages, topics=names, actor="consultguard-eval", clock=self.clock)
        context = build_context_limits(self.settings)
        judged: list[Judged] = []
        async for one in judge_cases(
            cases, flow=flow, judge=judge, context=context, clock=self.clock, concurrency=concurrency
        ):
            judged.append(one)
            self.on_row()
        return judged

    async def read_rule_systems(
        self, entities: Entities, cases: Sequence[Case], *, name: str
    ) -> list[tuple[str, list[Judged]]]:
        """The rule-and-NER systems under their names, the reference first: Presidio's direct identifiers; with our
        tripwires; every kind of entity it knows; and the tripwires with no judge at all."""
        direct = PresidioJudge(entities, name=name, counted=DIRECT_IDENTIFIERS)
        every = PresidioJudge(entities, name=name, counted=None)
        return [
            (name, await self.read(direct, cases, tripwires=False)),
            (f"{name} and our tripwires", await self.read(direct, cases, tripwires=True)),
            (f"{name}, every entity kind", await self.read(every, cases, tripwires=False)),
            ("our tripwires alone", await self.read(SilentJudge(), cases, tripwires=True)),
        ]
