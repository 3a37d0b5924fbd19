"""Limits on what was measured, for a build that must fail: `unsafe_to_safe=0.08`, `zh.phi_to_safe=0.05`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from pipeline.errors import InputError
from pipeline.evaluate.datasets import Case
from pipeline.evaluate.measure import Rates
from pipeline.evaluate.report import Engine, Group

_CALIBRATION = ("brier", "ece", "ece_safe")
_MIX = ("safe", "contested", "unsafe")
_NO_ROW = "--fail-above {}: no row to measure it on"
NAMES = (*(field.name for field in fields(Rates)), *_CALIBRATION, *_MIX)
"""What can be limited. Those of the mix are for a natural set, the others for labelled rows."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`group` is a language, or the name of a natural set; None is all labelled rows, or all natural sets."""

    group: str | None
    metric: str
    most: float

    @property
    def name(self) -> str:
        return self.metric if self.group is None else f"{self.group}.{self.metric}"


def parse_limit(text: str) -> Limit:
    """`[GROUP.]NAME=NUMBER`. Raises ValueError naming what is wrong."""
    name, equals, number = text.partition("=")
    group, _, metric = name.strip().rpartition(".")
    if not equals or metric not in NAMES:
        raise ValueError(f"wants NAME=NUMBER or GROUP.NAME=NUMBER with one of {', '.join(NAMES)}")
    try:
        most = float(number)
    except ValueError:
        most = float("nan")
    if not most >= 0:
        raise ValueError(f"{name}: not a number of 0 or more")
    return Limit(group or None, metric, most)


def require_rows(limit: Limit, cases: Sequence[Case]) -> None:
    """Raises InputError where no case is of the limit's group: told before the judging, which may be long."""
    if limit.metric in _MIX:
        groups = {case.dataset for case in cases if case.label is None}
    else:
        groups = {case.lang for case in cases if case.label is not None}
    if not groups or limit.group not in {None, *groups}:
        raise InputError(_NO_ROW.format(limit.name))


def broken(limit: Limit, engine: Engine) -> tuple[str, ...]:
    """What of the engine's figures is above the limit, in words. Raises InputError where there is nothing to compare:
    a limit that could never break would pass for a kept one."""
    values = _values(limit, engine)
    if not values or None in values.values():
        raise InputError(_NO_ROW.format(limit.name))
    return tuple(
        f"{engine.judge}: {name} is {value:.4g}, above {limit.most:g}"
        for name, value in values.items()
        if value is not None and value > limit.most
    )


def _values(limit: Limit, engine: Engine) -> dict[str, float | None]:
    if limit.metric in _MIX:
        mixes = {name: found for name, found in engine.natural.items() if limit.group in (None, name)}
        return {f"{name}.{limit.metric}": asdict(found)[limit.metric] for name, found in mixes.items()}
    group = engine.labelled if limit.group is None else engine.languages.get(limit.group)
    return {} if group is None else {limit.name: _of(group, limit.metric)}


def _of(group: Group, metric: str) -> float | None:
    value: float | None = {**asdict(group.rates), **asdict(group.calibration)}[metric]
    return value
