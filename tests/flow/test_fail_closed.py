"""No fault of a judge makes a chunk safe, and none leaves the topics inconsistent."""

import asyncio
import math
from dataclasses import replace

import pytest

from pipeline.domain.judgment import Abstention, AbstentionReason, Judgment, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.resilience import ResilientJudge, RetryPolicy
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, Scripted, ScriptedJudge, judgment
from tests.flow.conversations import interleaved
from tests.flow.harness import TOPICS, Site, wait_until

DOUBTFUL: dict[str, Scripted] = {
    **{f"abstains {reason}": Abstention(reason, SCRIPTED_MODEL) for reason in AbstentionReason},
    "abstains with a broken mass": Abstention(AbstentionReason.LOW_LABEL_MASS, SCRIPTED_MODEL, label_mass=math.nan),
    "low mass": judgment(label_mass=0.2),
    "no mass at all": judgment(label_mass=math.nan),
    "an infinite mass": judgment(label_mass=math.inf),
    "no score": replace(judgment(), scores=Scores(math.nan, math.nan, math.nan)),
    "an infinite score": replace(judgment(), scores=Scores(math.inf, 0.0, 0.0)),
    "barely": judgment(score=0.4999),
    "contested": judgment(RiskLevel.CONTESTED),
}


def test_every_doubt_of_a_judge_goes_to_a_person_and_the_stream_goes_on(site: Site) -> None:
    site.say(build_chunk(text, seq=seq) for seq, text in enumerate(DOUBTFUL))
    site.say([build_chunk("surely fine", seq=len(DOUBTFUL))])
    running = site.worker(ScriptedJudge(DOUBTFUL)).start()
    site.wait_settled()
    running.stop()

    site.check()
    levels = {verdict.text: verdict.risk_level for verdict in site.verdicts()}
    assert levels == {**dict.fromkeys(DOUBTFUL, RiskLevel.CONTESTED), "surely fine": RiskLevel.SAFE}
    reasons = [verdict.rule for verdict in site.verdicts() if verdict.text.startswith("abstains ")]
    assert {f"abstained:{reason}" for reason in AbstentionReason} <= set(reasons)


@pytest.mark.parametrize("error", [JudgeMisconfigured("the tokenizer has another label"), JudgeUnavailable("down")])
def test_a_judge_that_breaks_half_way_stops_the_worker_and_what_is_committed_is_whole(
    site: Site, error: JudgeMisconfigured | JudgeUnavailable
) -> None:
    said = interleaved(consultations=4, chunks=20)
    site.say(said)
    breaks = {chunk.text: error for chunk in said[50:53]}
    broken = site.worker(ScriptedJudge(breaks)).start()

    assert broken.join() is error
    assert site.count(TOPICS.audit) < len(said)

    running = site.worker(ScriptedJudge()).start()
    site.wait_settled()
    running.stop()
    site.check()
    assert len(site.verdicts()) == len(said)


def test_a_judge_misconfigured_from_the_start_stops_the_worker_before_it_joins(site: Site) -> None:
    site.say(interleaved(consultations=1, chunks=3))
    error = JudgeMisconfigured("no such model")
    running = site.worker(ScriptedJudge(start_error=error)).start()

    assert running.join() is error
    assert running.health.state.phase == "stopping"
    assert site.count(TOPICS.audit) == 0


class LateStarting(ScriptedJudge):
    async def start(self) -> None:
        await super().start()
        if self.started == 1:
            raise JudgeUnavailable("still loading")


def test_a_judge_that_is_not_there_yet_is_tried_again_and_no_partition_is_taken_before(site: Site) -> None:
    said = interleaved(consultations=2, chunks=3)
    site.say(said)
    judge = LateStarting()
    running = site.worker(judge).start()
    wait_until(lambda: judge.started == 1)
    assert running.health.state.partitions == 0
    site.wait_settled()
    running.stop()

    assert judge.started == 2
    site.check()


class Sometimes(ScriptedJudge):
    """Unavailable for the first three tries at anything."""

    failed = 0

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        if self.failed < 3:
            self.failed += 1
            await asyncio.sleep(0)
            raise JudgeUnavailable("busy")
        return await super().judge(window)


def test_a_judge_that_is_down_for_a_while_holds_the_stream_and_nothing_is_contested_for_it(site: Site) -> None:
    said = interleaved(consultations=3, chunks=5)
    site.say(said)
    judge = ResilientJudge(Sometimes(), retry=RetryPolicy(first_delay_seconds=0.01, max_delay_seconds=0.02))
    running = site.worker(judge).start()
    site.wait_settled()
    running.stop()

    site.check()
    assert {verdict.risk_level for verdict in site.verdicts()} == {RiskLevel.SAFE}


def test_an_ignored_category_is_safe_by_the_policys_word_and_recorded_so(site: Site) -> None:
    other = judgment(RiskLevel.UNSAFE, categories=(Category.OTHER,))
    site.say([build_chunk("the match last night")])
    running = site.worker(ScriptedJudge({"the match last night": other})).start()
    site.wait_settled()
    running.stop()

    (record,) = site.audit()
    assert (record.outcome, record.rule) == ("safe", "ignored_category")
