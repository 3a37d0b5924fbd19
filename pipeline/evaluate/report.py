"""One evaluation as a value: everything `--json` prints and the page shows. It carries ids, and no text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.domain.judgment import ModelIdentity
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.agreement import Agreement
from pipeline.evaluate.attacks_report import Attacked
from pipeline.evaluate.band import Band, band
from pipeline.evaluate.calibration import Calibration, calibration
from pipeline.evaluate.costs import cost
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.measure import (
    CategoryScore,
    Labelled,
    LevelScore,
    Mix,
    Rates,
    category_scores,
    confusion,
    labelled,
    level_scores,
    mix,
    rates,
)
from pipeline.evaluate.systems import System

WORST = 20
"""Errors listed for an engine."""


@dataclass(frozen=True, slots=True)
class Group:
    """Labelled rows taken together: all of them, or one language's."""

    rows: int
    rates: Rates
    confusion: Mapping[str, Mapping[str, int]]
    levels: tuple[LevelScore, ...]
    categories: tuple[CategoryScore, ...]
    calibration: Calibration
    contested_band: Band


@dataclass(frozen=True, slots=True)
class Mistake:
    """`text` only where it was asked for."""

    id: str
    dataset: str
    label: RiskLevel
    category: Category | None
    risk_level: RiskLevel
    decided_by: str
    cost: float
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """One judge's readings. `labelled` is None without a labelled row; `natural` is by data set.

    `prefix_cache_hit_rate` is the share of prompt tokens that vLLM's servers found in their prefix cache, by their own
    metrics; None of another judge, and of servers that do not tell.
    """

    judge: str
    model: ModelIdentity
    rows: int
    seconds: float
    labelled: Group | None
    languages: Mapping[str, Group]
    natural: Mapping[str, Mix]
    decided_by: Mapping[str, int]
    worst: tuple[Mistake, ...]
    prefix_cache_hit_rate: float | None = None

    @property
    def groups(self) -> Mapping[str, Group]:
        """All labelled rows as `all`, then each language's."""
        return {} if self.labelled is None else {"all": self.labelled, **self.languages}


@dataclass(frozen=True, slots=True)
class Report:
    """`engines` of labelled and natural sets, or `attacks` on the unsafe rows of labelled ones."""

    datasets: Mapping[str, int]
    policy: str
    tripwires: bool
    engines: tuple[Engine, ...]
    agreement: Agreement | None = None
    systems: tuple[System, ...] = ()
    attacks: tuple[Attacked, ...] = ()
    broken: tuple[str, ...] = ()


def engine_report(
    judged: Sequence[Judged],
    *,
    judge: str,
    model: ModelIdentity,
    seconds: float,
    show_text: bool,
    prefix_cache_hit_rate: float | None = None,
) -> Engine:
    """Everything measured of one engine. `judged` holds at least one row."""
    rows = labelled(judged)
    natural = [one for one in judged if one.case.label is None]
    languages = sorted({one.case.lang for _, one in rows})
    return Engine(
        judge=judge,
        model=model,
        rows=len(judged),
        seconds=round(seconds, 3),
        labelled=_group(rows) if rows else None,
        languages={lang: _group([pair for pair in rows if pair[1].case.lang == lang]) for lang in languages},
        natural={
            name: mix([one for one in natural if one.case.dataset == name])
            for name in dict.fromkeys(one.case.dataset for one in natural)
        },
        decided_by=dict(Counter(one.decided_by for one in judged).most_common()),
        worst=worst(rows, show_text=show_text),
        prefix_cache_hit_rate=prefix_cache_hit_rate,
    )


def worst(rows: Sequence[Labelled], *, show_text: bool) -> tuple[Mistake, ...]:
    """The dearest errors, those the judge was surest of first among equals."""
    errors = [
        (cost(label, one.case.category, one.level), 0.0 if one.scores is None else one.scores.of(one.level), label, one)
        for label, one in rows
        if one.level is not label
    ]
    errors.sort(key=lambda error: (-error[0], -error[1], error[3].case.id))
    return tuple(
        Mistake(
            id=one.case.id,
            dataset=one.case.dataset,
            label=label,
            category=one.case.category,
            risk_level=one.level,
            decided_by=one.decided_by,
            cost=price,
            text=one.case.text if show_text else None,
        )
        for price, _, label, one in errors[:WORST]
    )


def _group(rows: Sequence[Labelled]) -> Group:
    return Group(
        rows=len(rows),
        rates=rates(rows),
        confusion=confusion(rows),
        levels=level_scores(rows),
        categories=category_scores(rows),
        calibration=calibration(rows),
        contested_band=band(rows),
    )
