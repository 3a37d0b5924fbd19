"""Several workers share the partitions, and what one leaves another finishes."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.broker.base import Record, Stream, TopicPartition
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.transcript import TranscriptChunk
from pipeline.domain.window import ContextWindow
from pipeline.errors import CommitAborted
from pipeline.runtime.limits import WorkerLimits
from pipeline.source.decode import InvalidRecord
from pipeline.testing.scripted_judge import ScriptedJudge
from tests.flow.conversations import interleaved
from tests.flow.harness import SESSION_SECONDS, TOPICS, Fault, FaultyStream, Site, stays, wait_until


class LeisurelyJudge(ScriptedJudge):
    """Takes a few milliseconds for each chunk, more for some than for others."""

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        await asyncio.sleep(0.001 * (len(window.chunk.text) % 7))
        return await super().judge(window)


LIMITS = WorkerLimits(max_in_flight=12, commit_interval_ms=5, drain_timeout_seconds=10.0)


def test_partitions_move_under_load_and_nothing_is_lost_doubled_or_reordered(site: Site) -> None:
    said = interleaved(consultations=12, chunks=40)
    site.say(said[:160])
    first = site.worker(LeisurelyJudge(), instance_id="w1", limits=LIMITS).start()
    wait_until(lambda: site.count(TOPICS.audit) > 20)

    second = site.worker(LeisurelyJudge(), instance_id="w2", limits=LIMITS).start()
    site.say(said[160:320])
    wait_until(lambda: second.health.state.partitions > 0 and first.health.state.partitions < site.partitions)
    site.say(said[320:])
    first.stop()
    wait_until(lambda: second.health.state.partitions == site.partitions)
    site.wait_settled()
    second.stop()

    site.check()
    assert len(site.verdicts()) == len(said)
    actors = {record.actor for record in site.audit()}
    assert actors == {"test w1", "test w2"}


def test_a_worker_whose_judge_does_not_answer_keeps_its_partitions_and_holds_a_bounded_number(site: Site) -> None:
    said = interleaved(consultations=9, chunks=10)
    site.say(said)
    judges = [ScriptedJudge(), ScriptedJudge()]
    for judge in judges:
        judge.hold()
    limits = WorkerLimits(max_in_flight=8, commit_interval_ms=5)
    workers = [
        site.worker(judge, instance_id=f"w{number}", limits=limits).start() for number, judge in enumerate(judges)
    ]
    wait_until(lambda: sorted(one.health.state.partitions for one in workers) == [1, 2])
    wait_until(lambda: all(len(judge.waiting) == 8 for judge in judges))
    shares = [one.health.state.partitions for one in workers]

    stays(
        lambda: (
            [one.health.state.partitions for one in workers] == shares
            and all(len(judge.waiting) == 8 for judge in judges)
        ),
        seconds=2.5 * SESSION_SECONDS,
    )
    assert all(one.metrics.registry.get_sample_value("consultguard_paused") == 1 for one in workers)
    assert site.count(TOPICS.audit) == 0

    for judge in judges:
        judge.release_all()
    site.wait_settled()
    for one in workers:
        one.stop()
    site.check()
    assert max(judge.most_in_flight for judge in judges) <= 8
    assert len(site.verdicts()) == len(said)


COMMIT_INTERVAL_SECONDS = 1.5


class RevokingStream(FaultyStream):
    """Says, when asked to, that a partition goes; the next commit is due when it has said so."""

    def __init__(self, inner: FaultyStream, faults: Mapping[int, Fault]) -> None:
        super().__init__(inner, faults)
        self.revoke = threading.Event()

    def poll(self, *, timeout_seconds: float, max_records: int) -> Sequence[Record]:
        records = super().poll(timeout_seconds=timeout_seconds, max_records=max_records)
        if self.revoke.is_set():
            self.revoke.clear()
            time.sleep(COMMIT_INTERVAL_SECONDS)
            self.revoked([TopicPartition(TOPICS.chunks, 0)])
        return records


def test_after_a_commit_that_failed_while_partitions_went_nothing_is_committed_before_recovery(site: Site) -> None:
    said = interleaved(consultations=6, chunks=4)
    site.say(said)
    judge = ScriptedJudge()
    judge.hold()
    wrapped: list[RevokingStream] = []

    def wrap(stream: FaultyStream) -> Stream:
        wrapped.append(RevokingStream(stream, {0: Fault.ABORTED}))
        return wrapped[0]

    limits = WorkerLimits(commit_interval_ms=round(COMMIT_INTERVAL_SECONDS * 1000), drain_timeout_seconds=10.0)
    running = site.worker(judge, limits=limits, wrap=wrap).start()
    wait_until(lambda: len(judge.waiting) == len(said))
    judge.release_all()
    judged = "consultguard_judge_seconds_count"
    wait_until(lambda: running.metrics.registry.get_sample_value(judged) == len(said))
    wrapped[0].revoke.set()
    site.wait_settled()
    running.stop()

    assert wrapped[0].commits >= 2
    site.check()
    assert len(site.verdicts()) == len(said)


def test_a_faulty_stream_refuses_a_commit_before_recovery(site: Site) -> None:
    """The harness itself can fail."""
    stream = FaultyStream(site.broker.stream(topic=TOPICS.chunks, group="other", instance_id="x"), {0: Fault.ABORTED})
    with pytest.raises(CommitAborted):
        stream.commit([], offsets={})
    with pytest.raises(AssertionError):
        stream.commit([], offsets={})


def test_reading_back_for_longer_than_a_session_costs_no_membership(tmp_path: Path) -> None:
    """Two workers would otherwise take a long partition from each other for ever."""
    site = Site(tmp_path, partitions=2)
    said = interleaved(consultations=20, chunks=30)
    site.say(said[:-40])
    first = site.worker().start()
    site.wait_settled()
    first.stop()
    quick = site.stages

    def slowly(record: Record) -> TranscriptChunk | InvalidRecord:
        time.sleep(5 * SESSION_SECONDS / len(said))
        return quick.decode(record)

    site.stages = replace(quick, decode=slowly)
    site.say(said[-40:])
    workers = [site.worker(instance_id=name).start() for name in ("a", "b")]
    site.wait_settled()
    for worker in workers:
        worker.stop()
    site.check()
    site.close()
