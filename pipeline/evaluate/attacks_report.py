"""What each attack cost: recall of the same rows before it and after it. It carries ids, and no text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.judgment import ModelIdentity
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.errors import InputError
from pipeline.evaluate.attacks import Attack
from pipeline.evaluate.attacks_locate import IdentifierKind, locate
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.judged import Judged


class Group(StrEnum):
    """`numeric` rows are phi rows with a number or an address in the chunk; phi rows are rows of all kinds."""

    NUMERIC = "numeric"
    PHI = "phi"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Recall:
    """Of unsafe rows: `caught` is the share that is not passed as safe, `unsafe` the share at their own level."""

    caught: float
    unsafe: float


@dataclass(frozen=True, slots=True)
class Effect:
    """On the rows of one group that an attack changed. Drops are before less after; below 0 is a gain."""

    rows: int
    before: Recall
    after: Recall
    caught_drop: float
    unsafe_drop: float


@dataclass(frozen=True, slots=True)
class Miss:
    """A row with a numeric identifier that is safe after an attack. `before` is its level without the attack."""

    attack: str
    dataset: str
    id: str
    lang: str
    kinds: tuple[IdentifierKind, ...]
    before: RiskLevel


@dataclass(frozen=True, slots=True)
class AttackScore:
    """`effects` has only groups that the attack changed a row of."""

    attack: str
    effects: Mapping[Group, Effect]


@dataclass(frozen=True, slots=True)
class Attacked:
    """One engine under attack. `baseline` is of all unsafe rows, unattacked."""

    judge: str
    model: ModelIdentity
    seed: int
    seconds: float
    baseline: Mapping[Group, Effect]
    scores: tuple[AttackScore, ...]
    misses: tuple[Miss, ...]

    @property
    def all_scores(self) -> tuple[AttackScore, ...]:
        """Those of the attacks, after that of none."""
        return (AttackScore("none", self.baseline), *self.scores)


@dataclass(frozen=True, slots=True)
class AttackPlan:
    """What is judged, in order: every unsafe row as it is, then every attacked form of one. `origins[i]` is the attack
    and the index of the row that case `len(rows) + i` came from."""

    rows: tuple[Case, ...]
    attacked: tuple[Case, ...]
    origins: tuple[tuple[str, int], ...]
    attacks: tuple[str, ...]
    seed: int

    @property
    def cases(self) -> tuple[Case, ...]:
        return (*self.rows, *self.attacked)


def plan_attacks(cases: Sequence[Case], attacks: Sequence[Attack], *, seed: int) -> AttackPlan:
    """Raises InputError where no row is labelled unsafe: there would be nothing to miss."""
    rows = tuple(case for case in cases if case.label is RiskLevel.UNSAFE)
    if not rows:
        raise InputError("no row is labelled unsafe, so there is nothing to attack")
    attacked: list[Case] = []
    origins: list[tuple[str, int]] = []
    for attack in attacks:
        for index, case in enumerate(rows):
            found = attack.on(case, seed=seed)
            if found is not None:
                attacked.append(found)
                origins.append((attack.name, index))
    return AttackPlan(rows, tuple(attacked), tuple(origins), tuple(attack.name for attack in attacks), seed)


def attacked_report(
    plan: AttackPlan, judged: Sequence[Judged], *, judge: str, model: ModelIdentity, seconds: float
) -> Attacked:
    """`judged` are the plan's cases, in order."""
    before, after = judged[: len(plan.rows)], judged[len(plan.rows) :]
    groups = [_groups(case) for case in plan.rows]
    pairs: dict[str, list[tuple[int, Judged]]] = {name: [] for name in plan.attacks}
    for (name, index), one in zip(plan.origins, after, strict=True):
        pairs[name].append((index, one))
    return Attacked(
        judge=judge,
        model=model,
        seed=plan.seed,
        seconds=round(seconds, 3),
        baseline=_effects(groups, before, list(enumerate(before))),
        scores=tuple(AttackScore(name, _effects(groups, before, changed)) for name, changed in pairs.items()),
        misses=tuple(
            _miss(name, before[index])
            for name, changed in pairs.items()
            for index, one in changed
            if Group.NUMERIC in groups[index] and one.level is RiskLevel.SAFE
        ),
    )


def require_numeric(plan: AttackPlan) -> None:
    """Raises InputError where no attack changes a row with a numeric identifier: a limit on its recall could never
    break, and would pass for a kept one."""
    if not any(Group.NUMERIC in _groups(plan.rows[index]) for _, index in plan.origins):
        raise InputError("--fail-drop: no row with a numeric identifier to measure it on")


def broken_drops(engine: Attacked, most: float) -> tuple[str, ...]:
    """The attacks that lower `caught` of numeric rows by more than `most`, in words."""
    numeric = ((score.attack, score.effects.get(Group.NUMERIC)) for score in engine.scores)
    return tuple(
        f"{engine.judge}: {name} lowers recall of numeric identifiers by {effect.caught_drop:.4g}, more than {most:g}"
        for name, effect in numeric
        if effect is not None and round(effect.caught_drop - most, 9) > 0
    )


def _groups(case: Case) -> frozenset[Group]:
    if case.category is not Category.PHI:
        return frozenset({Group.ALL})
    return frozenset({Group.ALL, Group.PHI, Group.NUMERIC} if locate(case.text) else {Group.ALL, Group.PHI})


def _effects(
    groups: Sequence[frozenset[Group]], before: Sequence[Judged], changed: Sequence[tuple[int, Judged]]
) -> dict[Group, Effect]:
    effects: dict[Group, Effect] = {}
    for group in Group:
        mine = [(before[index], one) for index, one in changed if group in groups[index]]
        if mine:
            effects[group] = _effect(mine)
    return effects


def _effect(pairs: Sequence[tuple[Judged, Judged]]) -> Effect:
    before, after = (_recall([pair[side] for pair in pairs]) for side in (0, 1))
    return Effect(len(pairs), before, after, before.caught - after.caught, before.unsafe - after.unsafe)


def _recall(rows: Sequence[Judged]) -> Recall:
    levels = [one.level for one in rows]
    return Recall(
        caught=sum(level is not RiskLevel.SAFE for level in levels) / len(levels),
        unsafe=sum(level is RiskLevel.UNSAFE for level in levels) / len(levels),
    )


def _miss(attack: str, before: Judged) -> Miss:
    case = before.case
    kinds = tuple(dict.fromkeys(one.kind for one in locate(case.text)))
    return Miss(attack, case.dataset, case.id, case.lang, kinds, before.level)
