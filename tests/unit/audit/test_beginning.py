"""A chain that starts in the middle holds only where retention was due to cut what is gone, and a checkpoint covers it.

The chain of these tests spoke at the beginning, was quiet for six years, and spoke again yesterday.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.beginning import Cut, oldest_kept_ms
from pipeline.audit.chain import link
from pipeline.audit.checkpoint import ChainState, Checkpoint
from pipeline.audit.trail import TrailReport, chains_of, verify_trail
from pipeline.audit.verify import FlawKind
from pipeline.broker.topics import SIX_YEARS_MS, TopicNames
from pipeline.domain.audit import ChainHead
from tests.audit_chains import chain, entry
from tests.unit.audit.listed_reader import ListedReader

CHAINS = chains_of(TopicNames(), partitions=1)
CHAIN = "consult.chunks/0"
PLACE = CHAINS[CHAIN]
DAY_MS = 86_400_000
NOW_MS = SIX_YEARS_MS + 400 * DAY_MS
LONG_AGO_MS, YESTERDAY_MS = 10 * DAY_MS, NOW_MS - DAY_MS
LINKS = chain(8, chain_id=CHAIN)
EARLY = 4
"""So many were said long ago."""


def _log(*, cut: int, gap: int = 0) -> ListedReader:
    reader = ListedReader(gap=gap)
    reader.append(PLACE, LINKS[:EARLY], timestamp_ms=LONG_AGO_MS)
    reader.append(PLACE, LINKS[EARLY:], timestamp_ms=YESTERDAY_MS)
    if cut:
        reader.cut(PLACE, cut)
    return reader


def _checkpoint(size: int, *, seq: int = 9, chain_id: str = CHAIN) -> Checkpoint:
    head = LINKS[size - 1][-66:-2].decode() if size else "0" * 64
    return Checkpoint("site", seq, "0" * 64, 0, (ChainState(chain_id, size, head, "", ()),), "key")


def _verified(reader: ListedReader, *, newest: Checkpoint | None, aged: Checkpoint | None) -> TrailReport:
    return verify_trail(reader, CHAINS, checkpoint=newest, aged=aged, retention_ms=SIX_YEARS_MS, now_ms=NOW_MS)


def _flaws(report: TrailReport) -> list[tuple[str, int]]:
    return [(flaw.kind, flaw.seq) for flaw in report.flaws]


@pytest.mark.parametrize("aged_size", [EARLY, EARLY + 1])
def test_what_a_checkpoint_of_long_ago_covers_may_be_gone_however_young_the_next_record_is(aged_size: int) -> None:
    report = _verified(_log(cut=EARLY, gap=1), newest=_checkpoint(8), aged=_checkpoint(aged_size, seq=2))

    assert report.verified
    assert report.cuts == (Cut(CHAIN, EARLY, 9),)
    assert report.notes == (
        "chain consult.chunks/0 begins with record 4: retention cut what was before; checkpoint 9 covers it",
    )
    assert report.chains[CHAIN].records == 4


@pytest.mark.parametrize("aged", [None, _checkpoint(EARLY - 1, seq=2), _checkpoint(8, chain_id="consult.chunks/1")])
def test_what_nothing_shows_to_have_been_old_may_not_be_gone(aged: Checkpoint | None) -> None:
    report = _verified(_log(cut=EARLY), newest=_checkpoint(8), aged=aged)

    (flaw,) = report.flaws
    assert (flaw.kind, flaw.seq, flaw.offset) == (FlawKind.BEGINNING_CUT, 0, EARLY)
    assert flaw.words == (
        "the chain begins with record 4: the 4 before it are gone, "
        "and nothing shows that they were old enough for retention to cut them"
    )
    assert report.cuts == ()


def test_what_no_checkpoint_covers_may_not_be_gone() -> None:
    old, other = _log(cut=2), _checkpoint(8, chain_id="events/0")

    (flaw,) = [flaw for flaw in _verified(old, newest=other, aged=None).flaws if flaw.chain_id == CHAIN]

    assert flaw.kind == FlawKind.BEGINNING_CUT
    assert flaw.words.endswith("and no checkpoint covers them")


def test_the_age_of_the_record_it_begins_with_is_enough_where_the_chain_was_not_quiet() -> None:
    """And without any checkpoint it is all there is; that is said."""
    covered = _verified(_log(cut=EARLY - 1), newest=_checkpoint(8), aged=None)
    alone = _verified(_log(cut=EARLY - 1), newest=None, aged=None)

    assert covered.verified
    assert alone.verified
    assert alone.cuts == (Cut(CHAIN, EARLY - 1, None),)
    assert "give --public-key" in alone.notes[0]
    assert _flaws(_verified(_log(cut=EARLY), newest=None, aged=None)) == [("beginning_cut", 0)]


def test_a_log_that_still_begins_at_its_beginning_was_not_cut_by_retention() -> None:
    reader = ListedReader()
    reader.append(PLACE, LINKS[EARLY:], timestamp_ms=YESTERDAY_MS)

    assert _flaws(_verified(reader, newest=_checkpoint(8), aged=None)) == [("missing", 0)]


def test_what_follows_a_due_cut_must_follow_what_the_checkpoint_ends_in() -> None:
    reader = _log(cut=EARLY)
    head, another = ChainHead(EARLY - 1, "ab" * 32), []
    for number in range(EARLY, 8):
        value, head = link(entry(number), chain_id=CHAIN, head=head)
        another.append(value)
    reader.rewrite(PLACE, another)

    assert _flaws(_verified(reader, newest=_checkpoint(5), aged=_checkpoint(EARLY, seq=2))) == [("forked", EARLY)]
    assert _flaws(_verified(reader, newest=_checkpoint(EARLY), aged=_checkpoint(5, seq=2))) == [("forked", EARLY)]


@pytest.mark.parametrize("aged_size", [EARLY, EARLY + 2])
def test_a_flaw_after_a_due_cut_is_still_named(aged_size: int) -> None:
    reader = _log(cut=EARLY)
    reader.rewrite(PLACE, [LINKS[4], LINKS[6], LINKS[7]])

    report = _verified(reader, newest=_checkpoint(8), aged=_checkpoint(aged_size, seq=2))

    assert _flaws(report) == [("missing", 5)]
    assert report.cuts == ()


def test_a_chain_that_retention_emptied_holds_and_goes_on_from_what_was_signed() -> None:
    newest, aged = _checkpoint(8), _checkpoint(8, seq=2)

    report = _verified(_log(cut=8), newest=newest, aged=aged)

    assert report.verified
    assert report.cuts == (Cut(CHAIN, 8, 9),)
    assert report.chains[CHAIN].head.hash == newest.chains[0].head


@pytest.mark.parametrize("aged_size", [None, 7])
def test_a_chain_that_was_emptied_and_not_by_retention_is_cut(aged_size: int | None) -> None:
    aged = None if aged_size is None else _checkpoint(aged_size, seq=2)

    assert _flaws(_verified(_log(cut=8), newest=_checkpoint(8), aged=aged)) == [("tail_cut", 0)]


def test_a_log_too_short_ever_to_have_held_the_chain_was_made_anew() -> None:
    assert _flaws(_verified(ListedReader(), newest=_checkpoint(8), aged=_checkpoint(8, seq=2))) == [("tail_cut", 0)]


@given(st.integers(0, 7), st.none() | st.integers(0, 8), st.none() | st.integers(0, 8))
def test_it_holds_just_where_the_cut_is_covered_and_old(cut: int, newest: int | None, aged: int | None) -> None:
    report = _verified(
        _log(cut=cut),
        newest=None if newest is None else _checkpoint(newest),
        aged=None if aged is None else _checkpoint(aged, seq=2),
    )

    covered = newest is None or newest >= cut
    old = cut < EARLY or (aged is not None and aged >= cut)
    assert report.verified == (cut == 0 or (covered and old))
    assert bool(report.cuts) == (report.verified and cut > 0)


def test_the_time_allows_for_the_last_segment() -> None:
    assert oldest_kept_ms(retention_ms=10 * DAY_MS, now_ms=30 * DAY_MS) == 21 * DAY_MS
