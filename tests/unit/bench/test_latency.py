"""Times and rates."""

import pytest

from pipeline.bench.latency import Latency, Throughput, latency_of, throughput_of


def test_percentiles_are_by_nearest_rank_in_any_order() -> None:
    assert latency_of(reversed([float(number) for number in range(1, 101)])) == Latency(51, 96, 100, 100)


def test_of_nothing_there_is_nothing() -> None:
    assert latency_of([]) == Latency(None, None, None, None)
    assert throughput_of([]) == Throughput(None, None)
    assert throughput_of([5.0]) == Throughput(None, None)


def test_a_slow_start_and_a_slow_end_count_in_the_whole_and_not_in_the_middle() -> None:
    slow_start, middle, slow_end = [0, 10], [20 + number / 100 for number in range(96)], [31, 41]
    rates = throughput_of([*slow_start, *middle, *slow_end])
    assert rates.whole == pytest.approx(99 / 41, abs=0.1)
    assert rates.steady == pytest.approx(100, rel=0.01)


def test_what_comes_together_with_the_first_is_not_counted_as_done_in_no_time() -> None:
    assert throughput_of([1.0, 1.0, 1.0, 2.0]).whole == 1.0
