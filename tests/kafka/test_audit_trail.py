"""The audit trail of workers that come and go, verified and tampered with by commands."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.trial.kafka_server import KafkaServer
from tests.kafka.audit_trail import run, whole

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_trail_of_two_workers_verifies_and_every_tampering_is_found_by_its_name_and_place(
    kafka_server: KafkaServer, tmp_path: Path, record_property: Any
) -> None:
    figures = run(
        kafka_server.bootstrap_servers,
        records=2_000,
        mutate_records=2_000,
        partitions=6,
        workers=2,
        home=tmp_path,
        say=print,
    )
    record_property("figures", figures)
    assert whole(figures), figures
