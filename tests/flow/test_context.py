"""The same chunk is judged with the same turns before it, whoever judges it and however often they were restarted."""

import random
from functools import partial
from pathlib import Path

import pytest

from pipeline.context.consultations import ContextLimits
from pipeline.domain.window import ContextWindow
from pipeline.runtime.limits import WorkerLimits
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import ScriptedJudge
from tests.flow.conversations import interleaved
from tests.flow.harness import TOPICS, Fault, Killed, Running, Site, wait_until

LIMITS = WorkerLimits(max_in_flight=7, commit_interval_ms=1, drain_timeout_seconds=10.0)
CONTEXT = ContextLimits(max_turns=4, max_tokens=40, max_consults=3)
SAID = interleaved(consultations=8, chunks=10)


def _windows(judges: list[ScriptedJudge]) -> dict[str, set[ContextWindow]]:
    seen: dict[str, set[ContextWindow]] = {}
    for judge in judges:
        for window in judge.calls:
            seen.setdefault(window.chunk.chunk.chunk_id, set()).add(window)
    return seen


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[ContextWindow]]:
    """What an uninterrupted worker's judge read."""
    site = Site(tmp_path_factory.mktemp("calm"))
    site.say(SAID)
    judge = ScriptedJudge()
    running = site.worker(judge, limits=LIMITS, context=CONTEXT).start()
    site.wait_settled()
    running.stop()
    site.close()
    return _windows([judge])


def _over(running: Running, site: Site) -> bool:
    return running.ended() or site.settled()


@pytest.mark.parametrize("seed", range(4))
def test_prompts_are_the_same_with_and_without_restarts(
    tmp_path: Path, seed: int, calm: dict[str, set[ContextWindow]]
) -> None:
    rng = random.Random(seed)
    site = Site(tmp_path)
    site.say(SAID)
    judges: list[ScriptedJudge] = []
    while not site.settled():
        judges.append(ScriptedJudge())
        faults = {
            rng.randint(0, 4): Fault.ABORTED,
            rng.randint(0, 4): rng.choice([Fault.KILLED_BEFORE, Fault.KILLED_AFTER]),
        }
        running = site.worker(judges[-1], faults=faults, limits=LIMITS, context=CONTEXT).start()
        wait_until(partial(_over, running, site))
        running.ask_to_stop()
        assert isinstance(running.join(), Killed | None)
    site.check()
    site.close()

    assert len(judges) > 1
    assert _windows(judges) == calm


def test_a_consultation_of_twenty_thousand_chunks_is_judged_in_order_with_bounded_windows(tmp_path: Path) -> None:
    site = Site(tmp_path, partitions=1)
    total = 20_000
    site.say(build_chunk(f"It was fine on day {seq}.", seq=seq) for seq in range(total))
    judge = ScriptedJudge()
    first = site.worker(judge).start()
    wait_until(lambda: site.count(TOPICS.audit) > total // 2, seconds=120)
    first.stop()
    # The second half is another worker's, who reads the first half back.
    second = site.worker(judge).start()
    wait_until(site.settled, seconds=120)
    second.stop()

    audit = site.audit()
    assert [record.seq for record in audit] == list(range(total))
    assert [verdict.seq for verdict in site.verdicts()] == list(range(total))
    assert {record.event for record in audit} == {"judged"}
    for window in judge.calls:
        seq = window.chunk.chunk.seq
        count = len(window.turns)
        assert [turn.text for turn in window.turns] == [
            f"It was fine on day {earlier}." for earlier in range(seq - count, seq)
        ]
        assert min(seq, 4) <= count <= 12
    site.close()
