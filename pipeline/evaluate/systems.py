"""Our verdicts beside those of rule-and-NER systems, on the same English rows, in one table."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.measure import Labelled, labelled, share

_SILENT = ModelIdentity("silent", "1", "none")


@dataclass(frozen=True, slots=True)
class System:
    """One line of the table.

    A false positive is a safe row that does not flow on: `false_positive_rate` counts blocked and contested,
    `blocked_rate` blocked alone; `phi_passed` and `unsafe_passed` are shares of the unsafe rows called safe.
    `precision` is over everything stopped: the share that was not safe. `fewer_…` compare with the reference, 0.4 being
    40 % fewer; None of the reference itself, and where it has none.
    """

    name: str
    rows: int
    false_positives: int
    false_positive_rate: float | None
    blocked_rate: float | None
    phi_passed: float | None
    unsafe_passed: float | None
    precision: float | None
    fewer_false_positives: float | None = None
    fewer_blocked: float | None = None


class SilentJudge:
    """Keeps the `Judge` contract and calls everything safe: what is left is the deterministic layer alone."""

    @property
    def identity(self) -> ModelIdentity:
        return _SILENT

    async def start(self) -> None:
        return None

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:  # noqa: ARG002 - the contract's argument
        return Judgment(RiskLevel.SAFE, Scores(1.0, 0.0, 0.0), 1.0, _SILENT)

    async def close(self) -> None:
        return None


def compare(readings: Sequence[tuple[str, Sequence[Judged]]], *, reference: str) -> tuple[System, ...]:
    """A line for each named reading of the same rows, in order; `reference` is the name they are compared with."""
    rows = {name: labelled(judged) for name, judged in readings}
    base = rows[reference]
    return tuple(_system(name, some, base if name != reference else None) for name, some in rows.items())


def _system(name: str, rows: Sequence[Labelled], base: Sequence[Labelled] | None) -> System:
    unsafe = [one for label, one in rows if label is RiskLevel.UNSAFE]
    return System(
        name=name,
        rows=len(rows),
        false_positives=_stopped(rows),
        false_positive_rate=share(one.level is not RiskLevel.SAFE for one in _safe(rows)),
        blocked_rate=share(one.level is RiskLevel.UNSAFE for one in _safe(rows)),
        phi_passed=share(one.level is RiskLevel.SAFE for one in unsafe if one.case.category is Category.PHI),
        unsafe_passed=share(one.level is RiskLevel.SAFE for one in unsafe),
        precision=share(label is not RiskLevel.SAFE for label, one in rows if one.level is not RiskLevel.SAFE),
        fewer_false_positives=None if base is None else _fewer(_stopped(rows), _stopped(base)),
        fewer_blocked=None if base is None else _fewer(_blocked(rows), _blocked(base)),
    )


def _safe(rows: Sequence[Labelled]) -> list[Judged]:
    return [one for label, one in rows if label is RiskLevel.SAFE]


def _stopped(rows: Sequence[Labelled]) -> int:
    return sum(one.level is not RiskLevel.SAFE for one in _safe(rows))


def _blocked(rows: Sequence[Labelled]) -> int:
    return sum(one.level is RiskLevel.UNSAFE for one in _safe(rows))


def _fewer(ours: int, theirs: int) -> float | None:
    return 1 - ours / theirs if theirs else None
