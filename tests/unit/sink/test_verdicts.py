"""A verdict goes to the topic of its level, on its chunk's partition, under its consultation."""

import base64

import orjson
import pytest

from pipeline.audit.chain import sealed_in
from pipeline.broker.topics import TopicNames
from pipeline.clock import SystemClock
from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.audit import Latency
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.wire import VerdictV1
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.opening import Opener
from pipeline.sink.verdicts import publish
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import judgment

PROVIDER = EnvironmentKeys(base64.b64encode(bytes(32)).decode(), variable="KEY")


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


@pytest.mark.parametrize("level", RiskLevel)
def test_what_is_not_safe_can_be_published_sealed_and_what_is_safe_never_is(level: RiskLevel) -> None:
    keys = ConsultationKeys(PROVIDER, clock=SystemClock())
    clean = CleanChunk(build_chunk("It aches."), "It aches.", tuple(range(10)), "exact/1")
    verdict = evaluate(judgment(level), (), policy=load_policy(BUILT_IN_POLICY), language="en")

    record = publish(
        verdict,
        verdict_id="vrd_1",
        clean=clean,
        partition=5,
        topics=TopicNames("clinic"),
        judged_at_ms=0,
        latency=Latency(0, 0, 0, 0),
        seal=keys.seal,
    )

    body = orjson.loads(record.value)
    VerdictV1.model_validate_json(record.value)
    sealed = sealed_in(body)
    if level is RiskLevel.SAFE:
        assert (body["text"], sealed) == ("It aches.", None)
    else:
        assert b"aches" not in record.value
        assert sealed is not None
        opener = Opener(PROVIDER, keys.unpublished(["consult-1"]))
        assert opener.open(sealed, bound_to=b"vrd_1") == b"It aches."
