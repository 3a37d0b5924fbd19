"""The trial server comes back on its port with its data, and says why when it cannot come up."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.errors import BrokerUnavailable
from pipeline.trial.kafka_runtime import fetched_jars, missing_tools
from pipeline.trial.kafka_server import KafkaServer
from pipeline.trial.ports import HOST


def test_stopping_before_starting_and_twice_is_fine(tmp_path: Path) -> None:
    server = KafkaServer(data_dir=tmp_path)
    server.stop()
    server.stop()


def test_a_server_without_its_tools_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match=r"no Docker engine .*java.* not found: install"):
        KafkaServer(data_dir=tmp_path).start()


def test_a_server_in_the_background_is_found_again_and_leaves_nothing_behind(tmp_path: Path) -> None:
    if reason := missing_tools():
        pytest.skip(reason)
    # A cache of its own, so that a server of the user's is left alone; the jars are the shared ones.
    cache = tmp_path / "consultguard"
    cache.mkdir()
    jars = fetched_jars()
    (cache / jars.name).symlink_to(jars)

    def trial(command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.trial.kafka_server", command],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else's server will do as well
            taken.bind((HOST, 9092))
            taken.listen()
        try:
            up = trial("up")
            assert trial("up") == up
            port = int((cache / "trial-kafka" / "port").read_text())
            assert port != 9092
            assert f"CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS={HOST}:{port}" in up
        finally:
            down = trial("down")
    assert down.strip() == "stopped"
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0
    assert trial("down").strip() == "no trial Kafka is running"
