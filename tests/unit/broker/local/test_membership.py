"""Who owns what as time passes, with time in the test's hands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import BrokerUnavailable, CommitAborted, Fenced
from tests.unit.broker.local.site import SESSION_SECONDS, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, partitions=2) as site:
        yield site


def test_a_member_silent_for_the_session_timeout_loses_its_partitions(site: Site) -> None:
    silent, other = site.worker("silent"), site.worker("other")
    site.pass_time(3, silent, other)
    assert len(silent.journal.owned) == len(other.journal.owned) == 1

    site.pass_time(SESSION_SECONDS - 1, other)
    assert len(other.journal.owned) == 1
    site.pass_time(3, other)
    assert len(other.journal.owned) == 2

    silent.poll()
    assert len(silent.journal.told("lost")) == 1


def test_an_expired_member_cannot_commit_what_it_had_and_comes_back_with_its_share(site: Site) -> None:
    site.publish(b"1", partition=0)
    site.publish(b"1", partition=1)
    silent, other = site.worker("silent"), site.worker("other")
    silent.poll()
    site.pass_time(SESSION_SECONDS + 2, other)
    with pytest.raises(CommitAborted):
        silent.commit()

    assert site.values("sink", 0) == site.values("sink", 1) == []
    assert silent.recover() == {}
    site.pass_time(3, silent, other)
    assert len(silent.journal.owned) == len(other.journal.owned) == 1


def test_a_machine_that_slept_expires_nobody(site: Site) -> None:
    first, second = site.worker("first"), site.worker("second")
    site.pass_time(3, first, second)
    site.clock.advance(8 * 3600)
    first.poll()
    second.poll()
    site.pass_time(2 * SESSION_SECONDS, first, second)

    assert first.journal.told("lost") == second.journal.told("lost") == frozenset()
    assert len(first.journal.owned) == len(second.journal.owned) == 1


def test_after_a_sleep_one_who_stays_silent_is_expired_after_one_more_session_timeout(site: Site) -> None:
    first, silent = site.worker("first"), site.worker("silent")
    site.pass_time(3, first, silent)
    site.clock.advance(8 * 3600)
    first.poll()
    site.pass_time(SESSION_SECONDS - 2, first)
    assert len(first.journal.owned) == 1
    site.pass_time(4, first)
    assert len(first.journal.owned) == 2


def test_a_newcomer_does_not_wait_for_members_that_died_long_ago(site: Site) -> None:
    site.worker("dead").poll()
    site.clock.advance(3600)
    newcomer = site.worker("newcomer")
    newcomer.poll()

    assert len(newcomer.journal.owned) == 2


def test_a_restarted_instance_takes_over_without_waiting(site: Site) -> None:
    before, other = site.worker("restarted"), site.worker("other")
    site.pass_time(3, before, other)
    owned = set(before.journal.owned)
    after = site.worker("restarted")
    after.poll()

    assert set(after.journal.owned) == owned
    site.clock.advance(1)
    with pytest.raises(Fenced):
        before.poll()
    with pytest.raises(Fenced):
        before.poll()
    with pytest.raises(Fenced):
        before.recover()


def test_a_fenced_stream_tells_its_listener_lost_when_it_closes(site: Site) -> None:
    before = site.worker("restarted")
    before.poll()
    site.worker("restarted")
    before.close()

    assert len(before.journal.told("lost")) == 2
    assert before.journal.told("revoked") == frozenset()


def test_a_partition_whose_revocation_fails_stays_owned_and_is_revoked_again(site: Site) -> None:
    first = site.worker("first")
    first.poll()
    revoked, attempts = first.journal.revoked, []

    def refuse_once(partitions):  # type: ignore[no-untyped-def]
        attempts.append(list(partitions))
        if len(attempts) == 1:
            raise CommitAborted("the flow could not commit")
        revoked(partitions)

    first.journal.revoked = refuse_once  # type: ignore[method-assign]
    second = site.worker("second")
    second.poll()
    site.clock.advance(1)
    with pytest.raises(CommitAborted):
        first.poll()
    second.poll()
    assert second.journal.owned == {}

    site.pass_time(2, first, second)
    assert attempts[0] == attempts[1]
    assert len(first.journal.owned) == len(second.journal.owned) == 1


def test_what_the_listener_could_not_take_is_not_delivered_and_is_assigned_again(site: Site) -> None:
    site.publish(b"1")
    worker = site.worker("worker")
    assigned, attempts = worker.journal.assigned, []

    def refuse_once(positions):  # type: ignore[no-untyped-def]
        attempts.append(positions)
        if len(attempts) == 1:
            raise BrokerUnavailable("the flow could not read where it stood")
        assigned(positions)

    worker.journal.assigned = refuse_once  # type: ignore[method-assign]
    with pytest.raises(BrokerUnavailable):
        worker.poll()
    assert worker.pending == []

    assert [record.value for record in worker.poll()] == [b"1"]
    assert attempts[0] == attempts[1]


def test_polling_waits_for_its_timeout_and_no_longer(site: Site) -> None:
    worker = site.worker("worker")
    before = site.clock.monotonic()
    assert not worker.poll(timeout_seconds=2.5)

    assert site.clock.monotonic() - before == pytest.approx(2.5, abs=0.01)
