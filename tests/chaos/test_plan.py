"""A plan can be made again from its seed, and leaves nothing out."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import Kind, make_plan


@given(seed=st.integers(0, 2**32), count=st.integers(1, 60), workers=st.integers(2, 4))
def test_the_same_seed_makes_the_same_plan_within_its_time_and_its_targets(seed: int, count: int, workers: int) -> None:
    plan = make_plan(seed, seconds=100, count=count, workers=workers)
    assert plan == make_plan(seed, seconds=100, count=count, workers=workers)
    assert len(plan) == count
    assert [fault.at_seconds for fault in plan] == sorted(fault.at_seconds for fault in plan)
    for fault in plan:
        assert 0 <= fault.at_seconds <= 100
        if "worker" in fault.kind:
            assert fault.target in range(workers)
        elif fault.kind is Kind.SKEW_CLOCK:
            assert fault.target in range(workers + 3)
        elif fault.kind in (Kind.KILL_BROKER, Kind.FILL_DISK, Kind.CUT, Kind.DELAY, Kind.SUSPEND_BROKER):
            assert fault.target in (1, 2, 3)


def test_another_seed_makes_another_plan() -> None:
    assert make_plan(1, seconds=100, count=20, workers=2) != make_plan(2, seconds=100, count=20, workers=2)


def test_every_kind_comes_about_as_often_as_any_other() -> None:
    counts = Counter(fault.kind for fault in make_plan(7, seconds=100, count=200, workers=3))
    assert set(counts) == set(Kind)
    assert max(counts.values()) - min(counts.values()) <= 1
