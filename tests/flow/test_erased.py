"""A consultation is erased while a worker has it in its hands, or before one comes to it."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from pipeline.audit.chain import bound_to, sealed_in
from pipeline.audit.verify import verify
from pipeline.broker.base import Broker, TopicPartition
from pipeline.clock import Deadline, SystemClock
from pipeline.domain.audit import Origin
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.window import ContextWindow
from pipeline.keys.opening import Opener
from pipeline.runtime.data_keys import live_keys
from pipeline.runtime.erasure import ConsultationErasure, ErasureReport
from pipeline.runtime.journal import Journal
from pipeline.testing.builders import build_chunk, chunk_record
from pipeline.testing.scripted_judge import ScriptedJudge
from tests.erasing import BrokerOf, keeps_everything
from tests.flow.harness import GROUP, PROVIDER, TOPICS, Site, wait_until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    one = Site(tmp_path, partitions=1)
    yield one
    one.close()


class HeldJudge(ScriptedJudge):
    """Answers nothing about the consultation `held`."""

    def __init__(self, held: str) -> None:
        super().__init__()
        self._held = held
        self.holding = 0

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        if window.chunk.chunk.consult_id == self._held:
            self.holding += 1
            await asyncio.Event().wait()
        return await super().judge(window)


def _say(site: Site, consult_id: str, *numbers: int) -> None:
    site.say(build_chunk(f"{consult_id} said part {seq}.", consult_id=consult_id, seq=seq) for seq in numbers)


def _erase(site: Site, consult_id: str, *, kept: bool) -> ErasureReport:
    """With `kept` the broker keeps what it has, as Kafka does: the worst that a worker may find."""
    clock = SystemClock()
    broker: Broker = BrokerOf(site.broker, keeps_everything) if kept else site.broker
    journal = Journal(broker, topic=TOPICS.audit_events, actor="test", origin=Origin("here", 1, "0"), clock=clock)
    try:
        return ConsultationErasure(broker, TOPICS, consult_id, group=GROUP, clock=clock).run(journal, reason="revoked")
    finally:
        journal.close(Deadline(1.0, clock=clock))


def _links(site: Site, consult_id: str) -> list[dict[str, Any]]:
    bodies = [orjson.loads(record.value or b"") for record in site.read(TOPICS.audit)]
    return [body for body in bodies if body["consult_id"] == consult_id]


def _key_ids(site: Site, consult_id: str) -> list[str | None]:
    sealed = [sealed_in(body) for body in _links(site, consult_id)]
    return [None if part is None else part.key_id for part in sealed]


def _opened(site: Site, link: dict[str, Any]) -> dict[str, Any]:
    with closing(site.broker.reader()) as reader:
        opener = Opener(PROVIDER, live_keys(reader, TopicPartition(TOPICS.keys, 0)).values())
    sealed = sealed_in(link)
    assert sealed is not None
    found: dict[str, Any] = orjson.loads(opener.open(sealed, bound_to=bound_to(link)))
    return found


def _turns(site: Site, link: dict[str, Any]) -> list[str]:
    return [text for _, text in _opened(site, link)["request"]["turns"]]


@pytest.mark.parametrize("kept", [True, False], ids=["the log keeps it", "the log removes it"])
def test_a_worker_that_held_the_key_seals_what_is_said_after_under_a_new_one_and_shows_nothing_from_before(
    site: Site, kept: bool
) -> None:
    running = site.worker().start()
    _say(site, "gone", 0, 1)
    _say(site, "kept", 0)
    site.wait_settled()

    with capture_logs() as logs:
        assert not _erase(site, "gone", kept=kept).spoke_on
        wait_until(lambda: any(log["event"] == "erasure_heard" for log in logs))
    _say(site, "gone", 2, 3)
    _say(site, "kept", 1)
    site.wait_settled()
    running.stop()

    old, _, new, newer = _key_ids(site, "gone")
    assert new == newer != old
    *_, second, third = _links(site, "gone")
    assert _turns(site, second) == []
    assert _turns(site, third) == ["gone said part 2."]
    assert len(set(_key_ids(site, "kept"))) == 1
    assert _turns(site, _links(site, "kept")[-1]) == ["kept said part 0."]


def test_a_worker_that_starts_later_reads_nothing_from_before_back(site: Site) -> None:
    first = site.worker().start()
    _say(site, "gone", 0, 1)
    site.wait_settled()
    first.stop()
    _erase(site, "gone", kept=True)
    _say(site, "gone", 2)
    second = site.worker(instance_id="w2").start()
    site.wait_settled()
    second.stop()

    third = site.worker(instance_id="w3").start()
    _say(site, "gone", 3, 1)
    site.wait_settled()
    third.stop()

    keys = _key_ids(site, "gone")
    assert keys[0] == keys[1] != keys[2]
    *_, after, later, again = _links(site, "gone")
    assert _turns(site, after) == []
    assert _turns(site, later) == ["gone said part 2."]
    assert again["event"] == "duplicate"  # the numbers of what was erased are still known


def test_what_was_said_before_and_is_read_after_leaves_a_record_without_text_and_nothing_else(site: Site) -> None:
    _say(site, "gone", 0, 1)
    unreadable = chunk_record(build_chunk("gone said part 2.", consult_id="gone", seq=2))
    site.send([replace(unreadable, value=unreadable.value[:-1])])
    _say(site, "kept", 0)
    _erase(site, "gone", kept=True)
    _say(site, "gone", 3)

    running = site.worker().start()
    site.wait_settled()
    running.stop()

    assert site.events() == {("skipped", "erased"): 3, ("judged", "safe"): 2}
    assert [verdict.seq for verdict in site.verdicts() if verdict.consult_id == "gone"] == [3]
    assert site.count(TOPICS.dead_letter) == 0
    assert [body["chunk_id"] is None for body in _links(site, "gone")] == [False, False, False]
    assert _key_ids(site, "gone")[:2] == [None, None]
    links = site.read(TOPICS.audit)
    assert verify(links, chain_id="consult.chunks/0").verified


@pytest.mark.parametrize("kept", [True, False], ids=["the log keeps it", "the log removes it"])
def test_what_waits_for_the_judge_is_not_published_after_it_was_erased(site: Site, kept: bool) -> None:
    judge = HeldJudge("gone")
    running = site.worker(judge).start()
    _say(site, "gone", 0)
    _say(site, "kept", 0)
    wait_until(lambda: judge.holding == 1)

    report = _erase(site, "gone", kept=kept)
    site.wait_settled()
    running.stop()

    assert not report.spoke_on
    assert site.events() == {("skipped", "erased"): 1, ("judged", "safe"): 1}
    assert [verdict.consult_id for verdict in site.verdicts()] == ["kept"]
    assert _key_ids(site, "gone") == [None]
