"""Stopping finishes what can be finished in time, and loses nothing."""

import asyncio
import time

from pipeline.broker.base import AssignmentListener
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.window import ContextWindow
from pipeline.errors import BrokerUnavailable, JudgeUnavailable
from pipeline.runtime.limits import WorkerLimits
from pipeline.testing.scripted_judge import ScriptedJudge
from tests.flow.conversations import interleaved
from tests.flow.harness import TOPICS, FaultyStream, Killed, Site, wait_until

SAID = interleaved(consultations=4, chunks=6)


def _finish(site: Site) -> None:
    running = site.worker().start()
    site.wait_settled()
    running.stop()
    site.check()
    assert len(site.verdicts()) == len(SAID)


def test_stopping_finishes_and_commits_what_is_in_flight_and_takes_nothing_new(site: Site) -> None:
    site.say(SAID)
    judge = ScriptedJudge()
    judge.hold()
    running = site.worker(judge, limits=WorkerLimits(max_in_flight=10, drain_timeout_seconds=10.0)).start()
    wait_until(lambda: len(judge.waiting) == 10)
    running.ask_to_stop()
    judge.release_all()

    assert running.join() is None
    assert len(judge.calls) == 10
    assert site.count(TOPICS.audit) == 10
    _finish(site)


def test_stopping_while_the_judge_never_answers_ends_at_the_deadline_and_loses_nothing(site: Site) -> None:
    site.say(SAID)
    judge = ScriptedJudge()
    judge.hold()
    running = site.worker(judge, limits=WorkerLimits(drain_timeout_seconds=0.5)).start()
    wait_until(lambda: len(judge.waiting) == len(SAID))

    began = time.monotonic()
    running.stop()

    assert time.monotonic() - began < 5.0
    assert site.count(TOPICS.audit) == 0
    assert judge.closed == 1
    _finish(site)


class StubbornJudge(ScriptedJudge):
    """Goes on for a while when it is cancelled."""

    asked = False

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        self.asked = True
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(1.5)
        return await super().judge(window)


def test_a_judge_that_will_not_be_cancelled_is_left_behind_and_ends_when_it_lets_go(site: Site) -> None:
    site.say(SAID[:1])
    judge = StubbornJudge()
    running = site.worker(judge, limits=WorkerLimits(drain_timeout_seconds=0.2)).start()
    wait_until(lambda: judge.asked)

    running.stop()

    assert judge.closed == 0
    wait_until(lambda: judge.closed == 1)


def test_stop_before_run_runs_nothing(site: Site) -> None:
    site.say(SAID)
    judge = ScriptedJudge()
    running = site.worker(judge)
    running.ask_to_stop()
    running.start()

    assert running.join() is None
    assert judge.calls == []
    assert judge.closed == 1
    assert site.count(TOPICS.audit) == 0


def test_stop_twice_is_stop_once(site: Site) -> None:
    running = site.worker().start()
    wait_until(lambda: running.health.state.ready)
    running.ask_to_stop()
    running.ask_to_stop()

    assert running.join() is None
    running.ask_to_stop()
    assert running.health.state.phase == "stopping"


def test_a_worker_that_is_never_run_leaves_nothing_open(site: Site) -> None:
    site.worker()


def test_stopping_while_the_judge_cannot_be_started_ends_at_once(site: Site) -> None:
    running = site.worker(ScriptedJudge(start_error=JudgeUnavailable("connection refused"))).start()
    time.sleep(0.1)

    running.stop()

    assert running.health.state.partitions == 0


class NeverOpening(FaultyStream):
    def open(self, listener: AssignmentListener) -> None:
        raise BrokerUnavailable("no broker answered")


def test_stopping_while_no_broker_answers_ends_with_that_error(site: Site) -> None:
    def wrap(stream: FaultyStream) -> FaultyStream:
        return NeverOpening(stream, {})

    running = site.worker(wrap=wrap).start()
    time.sleep(0.2)
    running.ask_to_stop()

    assert isinstance(running.join(), BrokerUnavailable)


def test_the_judge_is_closed_even_when_the_broker_session_cannot_be(site: Site) -> None:
    class NoClose(FaultyStream):
        def close(self, deadline: object) -> None:
            raise Killed

    judge = ScriptedJudge()
    running = site.worker(judge, wrap=lambda stream: NoClose(stream, {})).start()
    wait_until(lambda: running.health.state.ready)
    running.ask_to_stop()

    assert isinstance(running.join(), Killed)
    assert judge.closed == 1
