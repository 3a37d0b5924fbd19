"""When a load run counts as failed."""

import pytest

from pipeline.bench.latency import Throughput
from pipeline.bench.load_figures import LoadReport
from pipeline.bench.thresholds import Thresholds, held_to
from tests.unit.bench.runs import load_plan, load_run, observed, report_of, usage_at


def broken(report: LoadReport, **thresholds: float) -> tuple[str, ...]:
    return held_to(report, Thresholds(**thresholds)).broken


def test_a_whole_run_without_thresholds_breaks_none() -> None:
    assert broken(report_of(load_run())) == ()


@pytest.mark.parametrize("flaw", ["lost", "duplicated", "out_of_order", "orphaned", "dead_letter"])
def test_a_run_that_is_not_whole_is_broken_whatever_was_asked(flaw: str) -> None:
    [told] = broken(report_of(load_run(found=observed(**{flaw: 3}))))
    assert told == f"{flaw.replace('_', ' ')}: 3"


def test_an_audit_chain_that_does_not_verify_breaks_a_run() -> None:
    assert len(broken(report_of(load_run(found=observed(flaws=("chunks/0: gap at offset 3",)))))) == 1


def test_a_worker_that_failed_and_a_run_that_was_given_up_break_it() -> None:
    assert broken(report_of(load_run(exit_code=1))) == ("worker-0 ended with exit code 1",)
    assert broken(report_of(load_run(faults=["no verdict for 60 s"]))) == ("no verdict for 60 s",)


@pytest.mark.parametrize(
    ("threshold", "held", "crossed"),
    [
        ("p99_ms", 95, 94),
        ("spoken_p99_ms", 100, 99),
        ("lag", 1, 0),
        ("per_second", 1.0, 1.1),
        ("of_ceiling", 0.5, 0.6),
        ("growth_mb", 12, 11),
        ("growth_handles", 2, 1),
    ],
)
def test_each_threshold_holds_at_its_limit_and_breaks_beyond(threshold: str, held: float, crossed: float) -> None:
    samples = [usage_at(second, rss_mb=80 + second, fds=12 + second // 5) for second in range(20)]
    report = report_of(load_run(samples=samples), ceiling=(Throughput(2.0, 2.0), Throughput(2.0, 2.0)))
    assert broken(report, **{threshold: held}) == ()
    assert len(broken(report, **{threshold: crossed})) == 1


def test_a_threshold_on_what_was_not_measured_is_broken() -> None:
    backlog = report_of(load_run(), plan=load_plan(steps=()))
    assert len(broken(backlog, p99_ms=500)) == 1
    assert len(broken(report_of(load_run()), of_ceiling=0.9)) == 1
