"""Judged in any order, released in the order they came."""

import random

import pytest

from pipeline.domain.taxonomy import RiskLevel
from pipeline.runtime.limits import WorkerLimits
from pipeline.testing.scripted_judge import ScriptedJudge, judgment
from tests.flow.conversations import interleaved
from tests.flow.harness import TOPICS, Site, wait_until


@pytest.mark.parametrize("seed", range(3))
def test_verdicts_come_out_in_input_order_whatever_the_order_of_judging(site: Site, seed: int) -> None:
    said = interleaved(consultations=5, chunks=8, seed=seed)
    site.say(said)
    judge = ScriptedJudge()
    judge.hold()
    running = site.worker(judge).start()
    wait_until(lambda: len(judge.waiting) == len(said))

    waiting = list(judge.waiting)
    random.Random(seed).shuffle(waiting)
    for text in waiting:
        assert judge.release(text)

    site.wait_settled()
    running.stop()
    site.check()
    by_consultation: dict[str, list[int]] = {}
    for verdict in site.verdicts():
        by_consultation.setdefault(verdict.consult_id, []).append(verdict.seq)
    assert by_consultation == {f"consult-{number}": list(range(8)) for number in range(5)}


def test_nothing_overtakes_an_undecided_chunk_of_its_partition_and_other_partitions_go_on(site: Site) -> None:
    said = interleaved(consultations=6, chunks=3)
    refs = site.say(said)
    judge = ScriptedJudge()
    judge.hold()
    running = site.worker(judge).start()
    wait_until(lambda: len(judge.waiting) == len(said))
    first = said[0]
    behind = sum(ref.partition == refs[0].partition for ref in refs)

    for text in judge.waiting:
        if text != first.text:
            judge.release(text)
    wait_until(lambda: site.count(TOPICS.audit) == len(said) - behind)
    assert not [verdict for verdict in site.verdicts() if verdict.consult_id == first.consult_id]

    judge.release_all()
    site.wait_settled()
    running.stop()
    site.check()


def test_each_level_has_its_topic_and_each_topic_keeps_the_order(site: Site) -> None:
    said = interleaved(consultations=4, chunks=12)
    levels = {chunk.text: list(RiskLevel)[number % 3] for number, chunk in enumerate(said)}
    site.say(said)
    judge = ScriptedJudge({text: judgment(level) for text, level in levels.items()})
    running = site.worker(judge, limits=WorkerLimits(max_in_flight=7, commit_interval_ms=1)).start()
    site.wait_settled()
    running.stop()

    site.check()
    assert {verdict.text: verdict.risk_level for verdict in site.verdicts()} == levels
    assert judge.most_in_flight <= 7
