"""What is told of a topic by a broker that does not know it yet, or may not tell."""

from collections.abc import Callable
from contextlib import closing

import pytest
from kafka import KafkaAdminClient

from pipeline.broker.kafka.broker import KafkaBroker


def test_a_topic_that_one_broker_knows_and_the_next_does_not_yet_is_not_there_yet(
    broker: KafkaBroker, unique: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a cluster the two questions of a description may go to two brokers."""
    ahead = {"error_code": 0, "partitions": [{"replica_nodes": [1, 2, 3]}]}
    monkeypatch.setattr(KafkaAdminClient, "describe_topics", lambda _client, _names: [ahead])
    with closing(broker.topics()) as admin:
        assert admin.describe(unique("new")) is None
