"""The trial cluster keeps what was committed while its brokers are killed, one at a time."""

import uuid
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.broker.base import OutgoingRecord, Publisher, TopicPartition, TopicSpec
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.topics import ensure
from pipeline.clock import Deadline
from pipeline.errors import BrokerUnavailable, CommitAborted, CommitUnknown
from pipeline.trial.kafka_cluster import KafkaCluster
from tests.kafka.serving import CLOCK, need_jars

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_cluster_whose_leader_is_killed_elects_another_and_keeps_what_was_written(tmp_path: Path) -> None:
    need_jars()
    with KafkaCluster(data_dir=tmp_path) as cluster:
        broker = KafkaBroker(KafkaConfig(bootstrap_servers=cluster.bootstrap_servers), clock=CLOCK)
        name = f"cluster-{uuid.uuid4().hex[:8]}"
        with closing(broker.topics()) as admin:
            ensure(admin, [TopicSpec(name, 1, replication=3, min_insync_replicas=2)], clock=CLOCK)
        first = cluster.controller()
        assert first is not None
        values = []
        for number, life in enumerate(("before", "while it is down", "after it came back")):
            if number == 1:
                cluster.kill(first)
            if number == 2:
                cluster.start_node(first)
            values.append(life.encode())
            with closing(broker.publisher(publisher_id=name)) as publisher:
                _publish(publisher, OutgoingRecord(name, b"k", values[-1], 0))
        with closing(broker.reader()) as reader:
            found = [record.value for record in reader.read(TopicPartition(name, 0), start=0)]
        assert list(dict.fromkeys(found)) == values
        assert cluster.controller() != first
        assert all(cluster.running(node) for node in cluster.nodes)


def _publish(publisher: Publisher, record: OutgoingRecord) -> None:
    deadline = Deadline(120, clock=CLOCK)
    while True:
        try:
            publisher.publish([record])
        except (BrokerUnavailable, CommitAborted, CommitUnknown):  # of an unknown one there may be two
            assert not deadline.passed
            CLOCK.sleep(0.5)
        else:
            return
