"""Whatever happens at a commit: every record ends with one audit record, every chunk with one verdict, in order."""

import random
from functools import partial
from pathlib import Path

import pytest

from pipeline.broker.base import OutgoingRecord
from pipeline.domain.transcript import TranscriptChunk
from pipeline.runtime.limits import WorkerLimits
from pipeline.testing.builders import chunk_record
from pipeline.testing.scripted_judge import ScriptedJudge
from tests.flow.conversations import interleaved
from tests.flow.harness import FATAL, TOPICS, Fault, Killed, Running, Site, wait_until

# So small that the stream is committed in many transactions.
LIMITS = WorkerLimits(max_in_flight=6, commit_interval_ms=1, drain_timeout_seconds=10.0)
SAID = interleaved(consultations=6, chunks=6)


def _with_trouble(said: list[TranscriptChunk]) -> list[OutgoingRecord]:
    """The chunks, with some sent twice, some unreadable records and some chunks with nothing to judge between."""
    records: list[OutgoingRecord] = []
    for number, chunk in enumerate(said):
        records.append(chunk_record(chunk))
        if number % 7 == 3:
            records.append(chunk_record(chunk))
        if number % 9 == 4:
            records.append(OutgoingRecord(TOPICS.chunks, b"who", b"not json", number % 3))
    return records


def _over(running: Running, site: Site) -> bool:
    return running.ended() or site.settled()


def _judged_once(site: Site) -> None:
    site.check()
    assert sorted(verdict.chunk_id for verdict in site.verdicts()) == sorted(chunk.chunk_id for chunk in SAID)


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in FATAL])
def test_after_a_failed_commit_the_worker_goes_on_by_itself(site: Site, fault: Fault, number: int) -> None:
    site.send(_with_trouble(SAID))
    running = site.worker(faults={number: fault}, limits=LIMITS).start()
    site.wait_settled()
    running.stop()

    assert running.stream.commits > number
    _judged_once(site)


@pytest.mark.parametrize(("number", "successor"), [(0, "w1"), (1, "w1"), (3, "w1"), (1, "w2")])
@pytest.mark.parametrize("fault", sorted(FATAL, key=str))
def test_after_a_kill_another_worker_takes_over(site: Site, fault: Fault, number: int, successor: str) -> None:
    site.send(_with_trouble(SAID))
    killed = site.worker(faults={number: fault}, limits=LIMITS).start()
    assert isinstance(killed.join(), Killed)
    assert not site.settled()

    running = site.worker(instance_id=successor, limits=LIMITS).start()
    site.wait_settled()
    running.stop()

    _judged_once(site)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in FATAL])
def test_a_chunk_that_was_judged_is_not_judged_again_because_its_commit_failed(site: Site, fault: Fault) -> None:
    site.say(SAID)
    judge = ScriptedJudge()
    running = site.worker(judge, faults={0: fault, 2: fault, 3: fault}, limits=LIMITS).start()
    site.wait_settled()
    running.stop()

    site.check()
    asked = [window.chunk.chunk.chunk_id for window in judge.calls]
    assert sorted(asked) == sorted(chunk.chunk_id for chunk in SAID)


def test_every_commit_may_fail_in_turn(site: Site) -> None:
    site.send(_with_trouble(SAID))
    kinds = [Fault.ABORTED, Fault.UNKNOWN_AND_LOST, Fault.UNKNOWN_BUT_HAPPENED]
    faults = {number: kinds[number // 2 % 3] for number in range(0, 40, 2)}
    running = site.worker(faults=faults, limits=LIMITS).start()
    site.wait_settled()
    running.stop()

    _judged_once(site)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_of_kills_and_failed_commits_at_random_loses_and_doubles_nothing(site: Site, seed: int) -> None:
    rng = random.Random(seed)
    site.send(_with_trouble(SAID))
    for _ in range(50):
        faults = {number: rng.choice(list(Fault)) for number in range(12) if rng.random() < 0.4}
        running = site.worker(instance_id="w1", faults=faults, limits=LIMITS).start()
        wait_until(partial(_over, running, site))
        if not running.ended():
            running.ask_to_stop()
        error = running.join()
        assert error is None or isinstance(error, Killed)
        if site.settled():
            break

    _judged_once(site)


def test_two_that_think_they_are_the_same_worker_write_nothing_twice(site: Site) -> None:
    """The second fences the first; the first stops with an error and the second does the work."""
    site.send(_with_trouble(SAID))
    judge = ScriptedJudge()
    judge.hold()
    first = site.worker(judge, limits=LIMITS).start()
    wait_until(lambda: bool(judge.waiting))
    second = site.worker(limits=LIMITS).start()
    error = first.join()
    judge.release_all()
    site.wait_settled()
    second.stop()

    assert type(error).__name__ == "Fenced"
    _judged_once(site)


def test_the_worker_after_a_kill_writes_the_ids_the_first_would_have(tmp_path: Path) -> None:
    ids = []
    plans: dict[str, dict[int, Fault]] = {"calm": {}, "killed": {1: Fault.KILLED_BEFORE}}
    for name, faults in plans.items():
        site = Site(tmp_path / name)
        site.say(SAID)
        first = site.worker(faults=faults, limits=LIMITS).start()
        wait_until(partial(_over, first, site))
        first.ask_to_stop()
        first.join()
        second = site.worker(limits=LIMITS).start()
        site.wait_settled()
        second.stop()
        ids.append({verdict.chunk_id: verdict.verdict_id for verdict in site.verdicts()})
        site.close()

    assert ids[0] == ids[1]
