"""Counting any number of records takes bounded memory and loses nothing that matters."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.tally import OTHERS, DurationHistogram, Presences, Tally


@given(st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=300), st.integers(0, 10_000))
def test_quantiles_are_never_too_short_and_at_most_a_64th_too_long(milliseconds: list[int], limit: int) -> None:
    histogram = DurationHistogram(limit_ms=limit)
    for each in milliseconds:
        histogram.add(each)
    found = histogram.durations()

    for percent, quantile in ((50, found.p50_ms), (95, found.p95_ms), (99, found.p99_ms)):
        exact = sorted(milliseconds)[-(-len(milliseconds) * percent // 100) - 1]
        assert quantile is not None
        assert exact <= quantile <= exact + exact // 64
    assert found.count == len(milliseconds)
    assert found.max_ms == max(milliseconds)
    assert found.over_limit == sum(each > limit for each in milliseconds)


def test_durations_of_nothing_are_none() -> None:
    found = DurationHistogram(limit_ms=500).durations()

    assert (found.count, found.p50_ms, found.p99_ms, found.max_ms, found.over_limit) == (0, None, None, None, 0)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=50))
def test_a_full_tally_counts_what_is_new_together(names: list[str]) -> None:
    tally = Tally(limit=3)
    for name in names:
        tally.add(name)
    counts = tally.by_count()

    assert sum(counts.values()) == len(names)
    listed = list(dict.fromkeys(names))[:3]
    assert set(counts) - {OTHERS} == set(listed)
    assert all(counts[name] == names.count(name) for name in listed)


def test_a_tally_is_read_by_count_or_by_name() -> None:
    tally = Tally()
    for name in ("b", "a", "c", "c"):
        tally.add(name)

    assert list(tally.by_count().items()) == [("c", 2), ("a", 1), ("b", 1)]
    assert list(tally.by_name()) == ["a", "b", "c"]


def test_presences_keep_first_and_last_and_know_who_is_new() -> None:
    presences = Presences(known={"old"}, limit=2)
    for name, at_ms in (("new", 5), ("old", 3), ("new", 9), ("new", 4), ("third", 6)):
        presences.add(name, at_ms)
    old, new = presences.in_order()

    assert (old.name, old.records, old.first_ms, old.last_ms, old.new) == ("old", 1, 3, 3, False)
    assert (new.name, new.records, new.first_ms, new.last_ms, new.new) == ("new", 3, 4, 9, True)
    assert presences.unlisted == 1
