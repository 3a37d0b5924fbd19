"""Every test here needs the server."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from pipeline.broker.base import TopicSpec
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.trial.kafka_server import KafkaServer
from tests.kafka.serving import quick_broker, server_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/kafka/" in str(item.path):
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(scope="session")
def kafka_server(request: pytest.FixtureRequest) -> KafkaServer:
    return server_of(request.config)


@pytest.fixture
def broker(kafka_server: KafkaServer) -> KafkaBroker:
    return quick_broker(kafka_server)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name nobody else uses."""
    return lambda word: f"{word}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def topic(broker: KafkaBroker, unique: Callable[[str], str]) -> Iterator[Callable[[int], str]]:
    """Creates a topic of so many partitions and gives its name."""
    admin = broker.topics()

    def create(partitions: int) -> str:
        name = unique("kafka")
        admin.create(TopicSpec(name, partitions))
        return name

    yield create
    admin.close()
