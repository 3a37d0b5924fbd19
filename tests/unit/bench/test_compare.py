"""What a comparison makes of the verdicts it reads."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.compare import (
    Measured,
    Published,
    Window,
    duplicated_of,
    lost_of,
    out_of_order_of,
    rate_of,
    repeated_of,
    times_faster,
    window_of,
)
from pipeline.bench.contenders import BASELINE, CONTENDERS, DEFAULT_NAMES, OURS, Contender, Promise, chosen
from pipeline.errors import InputError, MissingExtra


def published(seq: int, *, consult: str = "a", partition: int = 0) -> Published:
    return Published(f"{consult}-{seq}", consult, seq, at_ms=1000 * seq, source=(partition, seq))


def measured(name: str, rate: float) -> Measured:
    return Measured(
        name=name,
        what="",
        versions="",
        promise=Promise("", "", "", ""),
        chunks_per_second=rate,
        verdicts=0,
        seconds=1.0,
        finished=False,
        cpu_ms_per_chunk=None,
        prompt_tokens=None,
        answer_tokens=None,
        lost=0,
        repeated=0,
        duplicated=0,
        out_of_order=0,
    )


@given(period=st.integers(100, 3000), burst=st.integers(1, 64))
def test_a_steady_run_of_bursts_has_the_rate_of_its_bursts_within_one_burst(period: int, burst: int) -> None:
    times = [period * number for number in range(1, 1000) for _ in range(burst)]
    window = window_of(times, warm_up_seconds=6, seconds=30, finished=False)
    assert abs(rate_of(times, window) - burst * 1000 / period) <= burst / window.seconds + 1e-9


def test_the_first_verdicts_are_outside_the_window_for_their_work_began_before_it() -> None:
    window = window_of([0, 0, 0, 500, 900], warm_up_seconds=0, seconds=1, finished=False)
    assert rate_of([0, 0, 0, 500, 900], window) == 2.0


def test_a_contender_that_stands_still_in_its_window_pays_for_the_stand_still() -> None:
    times = [0, 1000, 2000]
    window = window_of(times, warm_up_seconds=0, seconds=10, finished=False)
    assert rate_of(times, window) == pytest.approx(0.2)


def test_a_contender_that_is_done_early_is_measured_to_its_last_verdict() -> None:
    times = [0, 1000, 2000]
    window = window_of(times, warm_up_seconds=0, seconds=10, finished=True)
    assert (window.seconds, rate_of(times, window)) == (2.0, 1.0)


def test_a_contender_that_was_done_within_the_warm_up_has_no_rate() -> None:
    window = window_of([0, 10], warm_up_seconds=1, seconds=10, finished=True)
    assert rate_of([0, 10], window) == 0.0
    assert not Window(5, 5).holds(5)


def test_lost_are_committed_chunks_without_a_verdict_and_repeated_are_verdicts_that_are_not_committed() -> None:
    sent = [(partition, offset) for partition in (0, 1) for offset in range(10)]
    found = [published(0), published(2), published(5), published(0, consult="b", partition=1)]
    committed = {0: 4}
    assert lost_of(found, committed=committed, sent=sent) == 2
    assert repeated_of(found, committed=committed) == 2


@given(st.integers(0, 50), st.integers(0, 50))
def test_what_is_committed_with_its_verdicts_is_neither_lost_nor_repeated(done: int, waiting: int) -> None:
    found = [published(seq) for seq in range(done)]
    sent = [(0, offset) for offset in range(done + waiting)]
    assert lost_of(found, committed={0: done}, sent=sent) == 0
    assert repeated_of(found, committed={0: done}) == 0


def test_a_second_verdict_of_a_chunk_is_a_duplicate_and_out_of_order() -> None:
    found = [published(0), published(1), published(1)]
    assert (duplicated_of(found), out_of_order_of(found)) == (1, 1)


@given(st.permutations(range(8)))
def test_each_step_back_within_a_consultation_is_counted_and_none_between_consultations(order: list[int]) -> None:
    found = [published(seq) for seq in order]
    assert out_of_order_of(found) == sum(after < before for before, after in pairwise(order))
    assert out_of_order_of([replace(one, consult_id=str(one.seq)) for one in found]) == 0


def test_ratios_are_of_the_worker_to_each_other_that_has_a_rate() -> None:
    assert times_faster([measured(BASELINE, 2.0), measured("quix", 0.0), measured(OURS, 50.0)]) == {BASELINE: 25.0}
    assert times_faster([measured(BASELINE, 2.0)]) == {}


def test_every_contender_of_the_default_is_there_and_names_its_guarantees() -> None:
    assert set(DEFAULT_NAMES) <= {contender.name for contender in CONTENDERS}
    for contender in CONTENDERS:
        promise = contender.promise
        assert all((promise.delivery, promise.order, promise.audit, promise.on_crash))


def test_a_peer_whose_library_is_not_installed_is_refused_with_the_extra_that_brings_it() -> None:
    absent = Contender("absent", "", Promise("", "", "", ""), module="m", needs=("no_such_library_anywhere",))
    with pytest.raises(MissingExtra, match="bench-peers"):
        chosen(["absent"], among=[absent])


def test_a_peer_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match="loop"):
        chosen(["celery"])


def test_contenders_run_in_the_order_they_are_named_and_each_once() -> None:
    assert [one.name for one in chosen([OURS, BASELINE, OURS])] == [OURS, BASELINE]
