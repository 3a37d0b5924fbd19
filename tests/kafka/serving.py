"""The one Kafka server of a test session, started when the first test asks for it."""

import os

import pytest

from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.clock import SystemClock
from pipeline.trial.kafka_runtime import missing_jar_tools, missing_tools
from pipeline.trial.kafka_server import KafkaServer

CLOCK = SystemClock()
_SERVER = pytest.StashKey[KafkaServer]()


def server_of(config: pytest.Config) -> KafkaServer:
    """Skips the test where no server can run; fails it under CI, where a skipped suite would pass for a green one."""
    if _SERVER not in config.stash:
        if reason := missing_tools():
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI has to run the Kafka tests: {reason}")
            pytest.skip(reason)
        server = KafkaServer()
        config.add_cleanup(server.stop)
        server.start()
        config.stash[_SERVER] = server
    return config.stash[_SERVER]


def need_jars() -> None:
    """Skips the test where no cluster can run; fails it under CI where nothing else could run Kafka either."""
    if reason := missing_jar_tools():
        if os.environ.get("CI") == "true" and missing_tools():
            pytest.fail(f"CI has to run the Kafka tests: {reason}")
        pytest.skip(reason)


def quick_config(server: KafkaServer, **changes: object) -> KafkaConfig:
    """Times short enough for a test that waits for them to pass."""
    times: dict[str, object] = {
        "session_timeout_ms": 3_000,
        "heartbeat_interval_ms": 300,
        "max_poll_interval_ms": 20_000,
    }
    return KafkaConfig(bootstrap_servers=server.bootstrap_servers, **{**times, **changes})  # type: ignore[arg-type]


def quick_broker(server: KafkaServer, **changes: object) -> KafkaBroker:
    return KafkaBroker(quick_config(server, **changes), clock=CLOCK)
