"""One suite, every broker: `local` always, `kafka` where a server can be started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.broker.base import Broker
from pipeline.broker.local.broker import LocalBroker
from tests.contract.rig import CLOCK, Rig
from tests.kafka.serving import quick_broker, server_of


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.kafka)])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "local":
        rig = Rig(local_broker(tmp_path / "log"), patience_seconds=15.0)
    else:
        rig = Rig(kafka_broker(request), patience_seconds=60.0)
    try:
        yield rig
    finally:
        rig.close()


def local_broker(path: Path) -> Broker:
    return LocalBroker(path, clock=CLOCK, session_timeout_seconds=2.0, heartbeat_interval_seconds=0.05)


def kafka_broker(request: pytest.FixtureRequest) -> Broker:
    # A member that does not poll is out after five seconds.
    return quick_broker(server_of(request.config), max_poll_interval_ms=5_000)
