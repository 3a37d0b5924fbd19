"""Load runs made up for tests, and their reports."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.bench.load import LoadPlan, LoadRun, Sample
from pipeline.bench.load_figures import LoadReport
from pipeline.bench.load_report import load_report
from pipeline.bench.observe import Observed
from pipeline.bench.samples import Usage
from pipeline.bench.schedule import Step
from pipeline.bench.talk import Talk
from pipeline.domain.taxonomy import RiskLevel
from pipeline.settings import Settings

BEGAN = 1_000_000.0


def observed(**changes: Any) -> Observed:
    """A whole run of ten chunks that reached the broker 5 ms after they were due, unless told otherwise."""
    fields: dict[str, Any] = {
        "levels": {RiskLevel.SAFE: 9, RiskLevel.UNSAFE: 1},
        "skipped": 0,
        "dead_letter": 0,
        "duplicates_refused": 0,
        "lost": 0,
        "duplicated": 0,
        "out_of_order": 0,
        "orphaned": 0,
        "audit_records": 10,
        "flaws": (),
        "latencies_ms": (),
        "first_ms": 0,
        "last_ms": 0,
        "arrived_ms": {f"chunk-{number}": int(1000 * (BEGAN + number)) + 5 for number in range(10)},
    }
    return Observed(**{**fields, **changes})


def load_run(
    *,
    due: Mapping[str, float] | None = None,
    seen: Mapping[str, float] | None = None,
    samples: Sequence[Sample] = (),
    exit_code: int | None = 0,
    faults: Sequence[str] = (),
    found: Observed | None = None,
) -> LoadRun:
    """One chunk a second, ten of them, each committed 100 ms after it was due."""
    due = due or {f"chunk-{number}": BEGAN + number for number in range(10)}
    return LoadRun(
        began=BEGAN,
        due=dict(due),
        seen=dict(seen) if seen is not None else {chunk_id: at + 0.1 for chunk_id, at in due.items()},
        late_seconds=[0.005] * len(due),
        samples=list(samples) or [usage_at(second) for second in range(10)],
        observed=found or observed(),
        exit_codes=[exit_code],
        told=[{"committed": 10}],
        processes=("worker-0", "bench"),
        faults=list(faults),
    )


def usage_at(second: float, *, lag: int = 1, rss_mb: float = 80.0, fds: int = 12, threads: int = 3) -> Sample:
    """The worker uses a tenth of a core; the bench a fifth."""
    return Sample(second, lag, (Usage(1 + second / 10, rss_mb, fds, threads), Usage(2 + second / 5, 120.0, 20, 7)))


def load_plan(*, steps: tuple[Step, ...] = (Step(1.0, 10),)) -> LoadPlan:
    return LoadPlan(Talk(10, 2, 2), steps, 1, ("worker",))


def report_of(run: LoadRun, *, plan: LoadPlan | None = None, **others: Any) -> LoadReport:
    return load_report(run, plan or load_plan(), Settings(), judge="instant", **others)
