"""Creates and inspects topics."""

from collections.abc import Collection, Mapping
from typing import Any

from kafka import KafkaAdminClient
from kafka import errors as library
from kafka.admin import ConfigFilterType, ConfigResource, ConfigResourceType
from kafka.protocol.admin import DescribeConfigsRequest

from pipeline.broker.base import Erasure, TopicSpec
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.kafka.connection import connect_admin, connect_producer
from pipeline.broker.kafka.errors import translating
from pipeline.errors import TopicMismatch

_RETENTION = "retention.ms"
_MIN_INSYNC = "min.insync.replicas"
_CLEANUP = "cleanup.policy"
_ERASE_SECONDS = 30
_OWN_FIELDS = (_RETENTION, _MIN_INSYNC, _CLEANUP)


class KafkaTopicAdmin:
    """`pipeline.broker.base.TopicAdmin` on Kafka. Connects on first use."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._client_or_none: KafkaAdminClient | None = None

    def brokers(self) -> int:
        with translating("describe the cluster"):
            return len(self._client.describe_cluster()["brokers"])

    def describe(self, name: str) -> TopicSpec | None:
        with translating(f"describe topic {name}"):
            topic = self._client.describe_topics([name])[0]
            problem = library.for_code(topic["error_code"])
            if problem is library.UnknownTopicOrPartitionError:
                return None
            if problem is not library.NoError:
                raise problem
            settings = self._settings(name)
            if settings is None:
                return None
        partitions = topic["partitions"]
        return TopicSpec(
            name=name,
            partitions=len(partitions),
            replication=min(len(partition["replica_nodes"]) for partition in partitions),
            retention_ms=int(settings[_RETENTION]["value"]),
            min_insync_replicas=int(settings[_MIN_INSYNC]["value"]),
            cleanup_policy=settings[_CLEANUP]["value"],
            extra={
                key: entry["value"]
                for key, entry in settings.items()
                if key not in _OWN_FIELDS and entry["config_source"] == "DYNAMIC_TOPIC_CONFIG"
            },
        )

    def create(self, spec: TopicSpec) -> None:
        settings = {
            _RETENTION: str(spec.retention_ms),
            _MIN_INSYNC: str(spec.min_insync_replicas),
            _CLEANUP: spec.cleanup_policy,
            **spec.extra,
        }
        wanted = {"num_partitions": spec.partitions, "replication_factor": spec.replication, "configs": settings}
        with translating(f"create topic {spec.name}"):
            self._client.create_topics({spec.name: wanted}, wait_for_metadata=True)

    def erase(self, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        """A record without a value for each key of a compacted topic; of any other Kafka removes nothing by key."""
        found = self.describe(topic)
        if found is None:
            raise TopicMismatch(f"topic {topic} does not exist; create it with the topics command")
        if "compact" not in found.cleanup_policy:
            return Erasure.WITH_RETENTION
        with translating(f"erase records of topic {topic}"):
            producer = connect_producer(self._config)
            try:
                sent = [
                    producer.send(topic, value=None, key=key, partition=number)
                    for number, some in keys.items()
                    for key in some
                ]
                for future in sent:
                    future.get(timeout=_ERASE_SECONDS)
            finally:
                producer.close()
        return Erasure.WITH_COMPACTION

    def close(self) -> None:
        client, self._client_or_none = self._client_or_none, None
        if client is not None:
            client.close()

    @property
    def _client(self) -> KafkaAdminClient:
        if self._client_or_none is None:
            self._client_or_none = connect_admin(self._config)
        return self._client_or_none

    def _settings(self, name: str) -> dict[str, Any] | None:
        """None where the broker that answers, which may be another than before, has not heard of the topic yet."""
        resource = ConfigResource(ConfigResourceType.TOPIC, name)
        described = self._client.describe_configs([resource], config_filter=ConfigFilterType.ALL)
        settings: dict[str, Any] = described["topic"][name]
        if settings:
            return settings
        problem = self._why_no_settings(name)
        if problem in (library.NoError, library.UnknownTopicOrPartitionError):
            return None
        raise problem

    def _why_no_settings(self, name: str) -> type[Exception]:
        """The library drops the error of the answer, and gives no settings for it; asked again, without the library's
        reading of it."""
        asked = DescribeConfigsRequest(resources=[(ConfigResourceType.TOPIC, name, None)], include_synonyms=False)
        manager = self._client._manager
        (answered,) = manager.run(manager.send, asked).results
        problem: type[Exception] = library.for_code(answered.error_code)
        return problem
