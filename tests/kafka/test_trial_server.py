"""The trial server comes back on its port with its data, and says why when it cannot come up."""

from pathlib import Path

import pytest

from pipeline.errors import BrokerUnavailable
from pipeline.trial.kafka_server import KafkaServer


def test_stopping_before_starting_and_twice_is_fine(tmp_path: Path) -> None:
    server = KafkaServer(data_dir=tmp_path)
    server.stop()
    server.stop()


def test_a_server_without_its_tools_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match=r"no Docker engine .*java.* not found: install"):
        KafkaServer(data_dir=tmp_path).start()
