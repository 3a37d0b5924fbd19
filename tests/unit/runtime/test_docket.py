"""A finding is heard once, kept until its chunk is committed, and forgotten when the chunk is someone else's."""

import time
from collections.abc import Iterator

import pytest

from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import JudgeMisconfigured
from pipeline.runtime.docket import Docket, Heard
from pipeline.runtime.flow import Pending
from pipeline.runtime.inflight import Slot
from pipeline.runtime.judging import JudgeThread
from pipeline.testing.scripted_judge import ScriptedJudge, judgment
from tests.unit.judge.windows import window

HERE = TopicPartition("chunks", 0)


def _pending(offset: int, *, text: str = "fine", partition: int = 0) -> tuple[Slot, Pending]:
    record = Record(RecordRef("chunks", partition, offset), b"k", b"v", (), 0)
    return Slot(record), Pending(record, window(text), (), 0, 0)


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()


@pytest.fixture
def docket(judge: ScriptedJudge) -> Iterator[Docket]:
    thread = JudgeThread(judge)
    thread.start()
    while not thread.ready:
        time.sleep(0.001)
    yield Docket(thread)
    thread.close(timeout_seconds=5)


def _hear(docket: Docket, count: int) -> list[Heard]:
    end = time.monotonic() + 10
    heard: list[Heard] = []
    while len(heard) < count:
        assert time.monotonic() < end
        heard += docket.hear()
        time.sleep(0.001)
    return heard


def test_what_is_entered_is_asked_together_and_heard_with_its_own_slot(docket: Docket, judge: ScriptedJudge) -> None:
    judge.say({"bad": judgment(RiskLevel.UNSAFE)})
    entered = [_pending(0), _pending(1, text="bad")]
    assert [docket.enter(*one) for one in entered] == [None, None]
    assert judge.calls == []
    docket.ask()

    heard = {one.slot: one.finding for one in _hear(docket, 2)}

    assert heard == {entered[0][0]: judgment(), entered[1][0]: judgment(RiskLevel.UNSAFE)}
    assert len(docket) == 0


def test_a_chunk_that_comes_again_is_decided_from_its_kept_finding(docket: Docket, judge: ScriptedJudge) -> None:
    docket.enter(*_pending(0))
    docket.ask()
    _hear(docket, 1)
    judge.say({"fine": judgment(RiskLevel.UNSAFE)})

    heard = docket.enter(*_pending(0))

    assert heard is not None
    assert heard.finding == judgment()
    assert len(judge.calls) == 1


def test_what_is_given_up_is_neither_asked_nor_heard(docket: Docket, judge: ScriptedJudge) -> None:
    judge.hold()
    asked, queued, stays = _pending(0), _pending(1), _pending(2)
    docket.enter(*asked)
    docket.ask()
    while not judge.waiting:
        time.sleep(0.001)
    docket.enter(*queued)
    docket.enter(*stays)
    docket.give_up([asked[0], queued[0]])
    docket.ask()
    judge.release_all()

    assert [heard.slot for heard in _hear(docket, 1)] == [stays[0]]
    assert len(judge.calls) == 2


def test_a_finding_is_kept_no_longer_than_its_chunk_is_ours_to_commit(docket: Docket) -> None:
    for offset in range(3):
        docket.enter(*_pending(offset))
    docket.enter(*_pending(0, partition=1))
    docket.ask()
    _hear(docket, 4)

    docket.settled([RecordRef("chunks", 0, 1)])
    docket.settled_before(HERE, 1)
    kept = [docket.enter(*_pending(offset)) is not None for offset in range(3)]
    docket.settled_before(HERE, None)
    docket.ask()

    assert kept == [False, False, True]
    assert docket.enter(*_pending(2)) is None
    assert docket.enter(*_pending(0, partition=1)) is not None


def test_a_broken_judge_is_raised_to_whoever_listens(docket: Docket, judge: ScriptedJudge) -> None:
    judge.say({"fine": JudgeMisconfigured("wrong model")})
    docket.enter(*_pending(0))
    docket.ask()

    with pytest.raises(JudgeMisconfigured):
        _hear(docket, 1)
