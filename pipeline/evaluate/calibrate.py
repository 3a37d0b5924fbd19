"""A policy calibrated for one model: fitted on half of the rows, told by the other half."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pipeline.decide.calibrated import calibrated
from pipeline.decide.writer import next_version
from pipeline.domain.judgment import ModelIdentity
from pipeline.domain.policy import Calibration, CalibrationMethod, CategoryThreshold, Policy
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import InputError
from pipeline.evaluate.calibration import calibration
from pipeline.evaluate.findings import Found, with_scores
from pipeline.evaluate.fit import fit_curves, fit_temperature, split
from pipeline.evaluate.judged import Judged
from pipeline.evaluate.measure import Rates, labelled, rates
from pipeline.evaluate.propose import label_weights, propose, weighted_cost

LEAST_ROWS = 60
"""Rows with probabilities in each half: on fewer, the fit would be of these rows and not of the model."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a policy does on some rows: its calibration's errors as in pipeline.evaluate.calibration, its rates, and
    what a row of ordinary talk would cost (labels weighted to the mix that the labelling guide expects)."""

    rows: int
    scored: int
    brier: float | None
    ece: float | None
    ece_safe: float | None
    rates: Rates
    cost_expected_mix: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    safe: float
    unsafe: float
    band: float
    categories: dict[str, CategoryThreshold]


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """`before` is the policy with raw scores and its old thresholds, `after` the new one; on the rows fitted on and on
    those held out. Without a preset."""

    policy: str
    method: CalibrationMethod
    temperature: float | None
    curve_points: int
    dataset_sha256: str
    model: ModelIdentity
    seed: int
    max_unsafe_to_safe: float
    thresholds_before: Thresholds
    thresholds_after: Thresholds
    fit_before: Measured
    fit_after: Measured
    held_out_before: Measured
    held_out_after: Measured


def calibrate(
    found: Sequence[Found],
    policy: Policy,
    *,
    method: CalibrationMethod,
    model: ModelIdentity,
    dataset_sha256: str,
    seed: int,
    max_unsafe_to_safe: float,
) -> tuple[Policy, CalibrationReport]:
    """The calibrated policy, its version raised, and what it does. `policy` has no calibration and no preset's shift.

    Raises InputError where there are too few rows, or no threshold keeps to the limit.
    """
    fit, held_out = split(found, seed=seed)
    if min(len(with_scores(fit)), len(with_scores(held_out))) < LEAST_ROWS:
        raise InputError(
            f"too few rows with probabilities: {2 * LEAST_ROWS} at least are needed, half of them held out"
        )
    fitted = replace(
        policy,
        version=next_version(policy.version),
        calibration=_fitted(fit, method, model, dataset_sha256),
    )
    fitted = propose(fit, fitted, max_unsafe_to_safe=max_unsafe_to_safe)
    report = CalibrationReport(
        policy=f"{fitted.id}/{fitted.version}",
        method=method,
        temperature=fitted.calibration.temperature if method is CalibrationMethod.TEMPERATURE else None,
        curve_points=sum(map(len, fitted.calibration.curves.values())),
        dataset_sha256=dataset_sha256,
        model=model,
        seed=seed,
        max_unsafe_to_safe=max_unsafe_to_safe,
        thresholds_before=_thresholds(policy),
        thresholds_after=_thresholds(fitted),
        fit_before=measured(fit, policy),
        fit_after=measured(fit, fitted),
        held_out_before=measured(held_out, policy),
        held_out_after=measured(held_out, fitted),
    )
    return fitted, report


def hash_of(datasets: Sequence[Path]) -> str:
    """SHA-256 of the file; of several, over their hashes in hexadecimal, a line each, in the order given."""
    hashes = [sha256(path.read_bytes()).hexdigest() for path in datasets]
    return hashes[0] if len(hashes) == 1 else sha256("".join(f"{one}\n" for one in hashes).encode()).hexdigest()


def measured(found: Sequence[Found], policy: Policy) -> Measured:
    rows = labelled(_judged(one, policy) for one in found)
    errors = calibration(rows)
    return Measured(
        rows=len(rows),
        scored=errors.rows,
        brier=errors.brier,
        ece=errors.ece,
        ece_safe=errors.ece_safe,
        rates=rates(rows),
        cost_expected_mix=weighted_cost(found, policy, label_weights(found)),
    )


def _fitted(fit: Sequence[Found], method: CalibrationMethod, model: ModelIdentity, dataset_sha256: str) -> Calibration:
    rows = [(judgment.scores, one.label) for one, judgment in with_scores(fit) if judgment.scores is not None]
    return Calibration(
        method=method,
        temperature=fit_temperature(rows) if method is CalibrationMethod.TEMPERATURE else 1.0,
        curves=fit_curves(rows) if method is CalibrationMethod.ISOTONIC else {},
        dataset_sha256=dataset_sha256,
        model_revision=model.revision,
        prompt_version=model.prompt_version,
    )


def _judged(one: Found, policy: Policy) -> Judged:
    scores = getattr(one.finding, "scores", None)
    told = None if scores is None else calibrated(scores, policy.calibration)
    level: RiskLevel = one.level(policy)
    return Judged(one.case, level, (), "", told, "", "")


def _thresholds(policy: Policy) -> Thresholds:
    threshold = policy.threshold
    own = {category.value: one for category, one in threshold.categories.items()}
    return Thresholds(threshold.safe, threshold.unsafe, threshold.band, own)
