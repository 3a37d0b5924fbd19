"""The production broker: Apache Kafka through kafka-python."""

from pipeline.broker.base import Publisher, Reader, Stream, TopicAdmin
from pipeline.broker.kafka.admin import KafkaTopicAdmin
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.publisher import KafkaPublisher
from pipeline.broker.kafka.reader import KafkaReader
from pipeline.broker.kafka.stream import KafkaStream
from pipeline.clock import Clock
from pipeline.errors import TopicMismatch


class KafkaBroker:
    """Makes sessions on one cluster; connects nothing by itself."""

    def __init__(self, config: KafkaConfig, *, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    @property
    def name(self) -> str:
        return "kafka"

    def stream(self, *, topic: str, group: str, instance_id: str) -> Stream:
        # The same after a restart, so that the successor settles at once what a killed worker left open.
        transactional_id = f"{self._config.transactional_id_prefix}-{group}-{instance_id}"
        return KafkaStream(self._config, topic=topic, group=group, transactional_id=transactional_id, clock=self._clock)

    def reader(self) -> Reader:
        return KafkaReader(self._config, clock=self._clock)

    def publisher(self, *, publisher_id: str) -> Publisher:
        transactional_id = f"{self._config.transactional_id_prefix}-publisher-{publisher_id}"
        return KafkaPublisher(self._config, transactional_id=transactional_id, clock=self._clock)

    def topics(self) -> TopicAdmin:
        return KafkaTopicAdmin(self._config)

    def partitions(self, topic: str) -> int:
        admin = self.topics()
        try:
            spec = admin.describe(topic)
        finally:
            admin.close()
        if spec is None:
            raise TopicMismatch(f"topic {topic} does not exist")
        return spec.partitions
