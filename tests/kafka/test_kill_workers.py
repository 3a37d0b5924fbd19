"""Workers killed with -9 while they work."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.trial.kafka_server import KafkaServer
from tests.kafka.kill_workers import run, whole

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]


def test_two_workers_killed_again_and_again_leave_every_chunk_judged_once_and_in_order(
    kafka_server: KafkaServer, tmp_path: Path, record_property: Any
) -> None:
    counts = run(bootstrap=kafka_server.bootstrap_servers, chunks=1_500, kills=2, seed=7, home=tmp_path)
    record_property("counts", counts)
    print(counts)
    assert whole(counts), counts
