"""A verdict goes to the topic of its level, on its chunk's partition, under its consultation."""

import pytest

from pipeline.broker.topics import TopicNames
from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.audit import Latency
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.sink.verdicts import publish
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import judgment


@pytest.mark.parametrize(
    ("level", "topic"),
    [
        (RiskLevel.SAFE, "clinic.verdicts.safe"),
        (RiskLevel.CONTESTED, "clinic.verdicts.contested"),
        (RiskLevel.UNSAFE, "clinic.verdicts.unsafe"),
    ],
)
def test_the_level_decides_the_topic_and_the_chunk_the_rest(level: RiskLevel, topic: str) -> None:
    clean = CleanChunk(build_chunk("ok", consult_id="会诊"), "ok", (0, 1, 2), "exact/1")
    verdict = evaluate(judgment(level), (), policy=load_policy(BUILT_IN_POLICY), language="en")

    record = publish(
        verdict,
        verdict_id="vrd_1",
        clean=clean,
        partition=5,
        topics=TopicNames("clinic"),
        judged_at_ms=0,
        latency=Latency(0, 0, 0, 0),
    )

    assert (record.topic, record.partition, record.key) == (topic, 5, "会诊".encode())
