"""The figures of a load run."""

import pytest

from pipeline.bench.latency import Latency, Throughput
from pipeline.bench.schedule import Step
from tests.unit.bench.runs import BEGAN, load_plan, load_run, observed, report_of, usage_at


def test_latency_counts_from_the_schedule_and_from_the_broker() -> None:
    report = report_of(load_run())
    assert report.spoken_to_committed_ms == Latency(100, 100, 100, 100)
    assert report.produced_to_committed_ms == Latency(95, 95, 95, 95)
    assert report.sent_late_ms == Latency(5, 5, 5, 5)


def test_a_sender_that_was_held_up_shows_in_spoken_to_committed_though_the_broker_was_quick() -> None:
    late = {f"chunk-{number}": int(1000 * (BEGAN + number)) + 4_900 for number in range(10)}
    seen = {f"chunk-{number}": BEGAN + number + 5 for number in range(10)}
    report = report_of(load_run(seen=seen, found=observed(arrived_ms=late)))
    assert report.spoken_to_committed_ms == Latency(5000, 5000, 5000, 5000)
    assert report.produced_to_committed_ms == Latency(100, 100, 100, 100)


def test_a_backlog_has_a_throughput_and_no_latency() -> None:
    report = report_of(load_run(), plan=load_plan(steps=()))
    assert report.per_second == Throughput(1.0, 1.0)
    assert report.seconds == 9.0
    assert (report.spoken_to_committed_ms, report.produced_to_committed_ms, report.sent_late_ms) == (None, None, None)
    assert (report.steps, report.latency_over_time) == ((), ())


def test_each_step_has_the_latency_of_its_own_chunks() -> None:
    due = {f"chunk-{number}": BEGAN + number for number in range(10)}
    seen = {chunk_id: at + (0.1 if number < 4 else 0.7) for number, (chunk_id, at) in enumerate(due.items())}
    report = report_of(load_run(due=due, seen=seen), plan=load_plan(steps=(Step(1.0, 4), Step(1.0, 6))))
    assert [step.spoken_to_committed_ms.max for step in report.steps] == [100, 700]
    assert [step.committed_per_second for step in report.steps] == [1.0, 1.0]


def test_a_chunk_nobody_has_seen_has_no_latency_and_is_missed_by_nobody_else() -> None:
    seen = {f"chunk-{number}": BEGAN + number + 0.1 for number in range(9)}
    report = report_of(load_run(seen=seen, found=observed(lost=1)))
    assert report.spoken_to_committed_ms == Latency(100, 100, 100, 100)
    assert report.lost == 1


def test_a_process_has_its_cpu_by_second_and_by_chunk_and_its_growth() -> None:
    samples = [usage_at(second, rss_mb=80 + second, fds=12 + second // 5) for second in range(20)]
    worker, bench = report_of(load_run(samples=samples)).processes
    assert (worker.name, worker.exit_code, worker.told) == ("worker-0", 0, {"committed": 10})
    assert worker.cores == pytest.approx(0.1)
    assert worker.cpu_ms_per_chunk == pytest.approx(190)
    assert (worker.rss_mb.first, worker.rss_mb.max, worker.rss_mb.growth) == (80, 99, 12)
    assert worker.fds.growth == 2
    assert worker.threads.growth == 0
    assert (bench.name, bench.exit_code, bench.cores) == ("bench", None, pytest.approx(0.2))


def test_lag_is_told_with_its_peak_and_its_growth() -> None:
    lag = report_of(load_run(samples=[usage_at(second, lag=second) for second in range(10)])).lag
    assert (lag.first, lag.max, lag.last, lag.growth) == (0, 9, 9, 6)


def test_the_ceiling_is_the_mean_of_the_judge_before_and_after() -> None:
    report = report_of(load_run(), ceiling=(Throughput(1.0, 1.0), Throughput(4.0, 4.0)))
    assert report.ceiling is not None
    assert report.ceiling.share == 0.4


def test_points_are_thinned_and_figures_are_not() -> None:
    report = report_of(load_run(samples=[usage_at(second, lag=second) for second in range(1000)]))
    assert len(report.points) <= 300
    assert report.lag.max == 999
