from pathlib import Path

import pytest

from pipeline.broker.base import TopicPartition
from tests.unit.broker.local.site import Site

DAY_MS = 86_400_000
PLACE = TopicPartition("source", 0)


def test_records_older_than_the_retention_go_and_the_begin_offset_says_so(tmp_path: Path) -> None:
    with Site(tmp_path, retention_ms=DAY_MS) as site:
        site.publish(*(b"old %d" % number for number in range(1_200)))
        site.clock.advance(20 * 3600)
        site.publish(b"young")
        site.clock.advance(5 * 3600)
        worker = site.worker("worker")
        worker.poll()

        assert site.reader.begin_offset(PLACE) == 1_200
        assert site.values("source") == [b"young"]
        assert site.reader.end_offset(PLACE) == 1_201


def test_a_group_without_a_commit_begins_at_the_first_record_kept(tmp_path: Path) -> None:
    with Site(tmp_path, retention_ms=DAY_MS) as site:
        site.publish(b"old")
        site.clock.advance(2 * 24 * 3600)
        site.worker("sweeper").poll()
        site.publish(b"young")
        worker = site.worker("sweeper")
        worker.poll()

        assert worker.journal.owned == {PLACE: 1}
        assert [record.value for record in worker.pending] == [b"young"]


def test_what_retention_takes_is_swept_again_after_an_hour(tmp_path: Path) -> None:
    with Site(tmp_path, retention_ms=DAY_MS) as site:
        worker = site.worker("worker")
        worker.poll()
        site.publish(b"old")
        site.clock.advance(DAY_MS / 1000 + 1)
        site.pass_time(2, worker)

        assert site.values("source") == []


def test_a_topic_kept_for_ever_loses_nothing(tmp_path: Path) -> None:
    with Site(tmp_path, retention_ms=-1) as site:
        site.publish(b"old")
        site.clock.advance(20 * 366 * 24 * 3600)
        site.worker("worker").poll()

        assert site.values("source") == [b"old"]


def test_offsets_are_never_given_twice_even_when_everything_went(tmp_path: Path) -> None:
    with Site(tmp_path, retention_ms=DAY_MS) as site:
        site.publish(b"1", b"2")
        site.clock.advance(2 * 24 * 3600)
        site.worker("worker").poll()
        assert site.reader.last(PLACE, settle_seconds=0.0) is None
        site.publish(b"3")
        last = site.reader.last(PLACE, settle_seconds=0.0)

        assert last is not None
        assert last.ref.offset == 2


def test_a_long_sweep_is_done_in_steps(tmp_path: Path) -> None:
    with Site(tmp_path, retention_ms=DAY_MS) as site:
        for _ in range(10):
            site.publish(*(b"old" for _ in range(1_000)))
        site.clock.advance(2 * 24 * 3600)
        worker = site.worker("worker")
        worker.poll(max_records=1)
        after_one = site.reader.begin_offset(PLACE)
        site.pass_time(5, worker)

        assert 0 < after_one < 10_000
        assert site.reader.begin_offset(PLACE) == 10_000


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_the_search_by_time_holds_where_retention_has_been(tmp_path: Path, offset: int) -> None:
    with Site(tmp_path, retention_ms=DAY_MS) as site:
        times_ms = []
        for _ in range(4):
            times_ms.append(site.clock.now_ms())
            site.publish(b"v")
            site.clock.advance(10 * 3600)
        site.worker("worker").poll()
        begin = site.reader.begin_offset(PLACE)

        assert begin == 2
        assert site.reader.offset_for_time(PLACE, times_ms[offset]) == max(begin, offset)
