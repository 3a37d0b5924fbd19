"""Erasing a consultation on a real Kafka: what every reader loses at once, and what the disks lose with time."""

import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import Result

from pipeline.testing.builders import build_chunk
from pipeline.trial.kafka_runtime import docker_answers, missing_tools
from pipeline.trial.kafka_server import KafkaServer
from tests.cli.judged_site import PARTITIONS, TOPICS, JudgedSite, files_below

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
WORDS, OTHERS = "Zanthorpe quillberry", "Mirrabel tunnwick"
_PATIENCE_SECONDS = 90.0
# What the broker does now and then, it does at once: its files are to be seen to lose what they may lose.
_EAGER = {
    "log.retention.check.interval.ms": "500",
    "log.cleaner.backoff.ms": "500",
    "log.initial.task.delay.ms": "500",
    "log.segment.delete.delay.ms": "100",
}
_TIME_HAS_PASSED = {"retention.ms": "1", "segment.ms": "100"}
_AN_HOUR_HAS_PASSED = {"segment.ms": "100", "max.compaction.lag.ms": "100", "min.cleanable.dirty.ratio": "0.01"}


@pytest.fixture
def server() -> Iterator[KafkaServer]:
    """One of its own: other tests' topics are no business of this one's retention."""
    if reason := missing_tools():
        pytest.skip(reason)
    if docker_answers():
        pytest.skip("the files of a broker in a container cannot be searched from here; this needs Java and Maven")
    with KafkaServer(properties=_EAGER) as server:
        yield server


@pytest.fixture
def site(server: KafkaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JudgedSite:
    for name in [name for name in os.environ if name.startswith("CONSULTGUARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings = {
        "BROKER": "kafka",
        "KAFKA_BOOTSTRAP_SERVERS": ",".join(server.bootstrap_servers),
        "TOPICS_PARTITIONS": str(PARTITIONS),
        "DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"CONSULTGUARD_{name}", value)
    site = JudgedSite(tmp_path)
    assert site.run("keys", "init").exit_code == 0
    site.judge(
        [
            build_chunk(f"{words} said it, part {seq}.", consult_id=consult_id, seq=seq)
            for seq in range(4)
            for consult_id, words in (("gone", WORDS), ("kept", OTHERS))
        ]
    )
    return site


def _files_with(forms: list[bytes], *folders: Path) -> set[str]:
    found = set()
    for path in (path for folder in folders for path in files_below(folder)):
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # the broker removed it meanwhile
            continue
        if any(form in content for form in forms):
            found.add(f"{path.parent.name}/{path.name}")
    return found


def _forms(words: str) -> list[bytes]:
    """As bytes, and what base64 makes of them wherever they begin in what is encoded."""
    found = []
    for word in words.split():
        found.append(word.encode())
        for before in range(3):
            encoded = b64encode(b"-" * before + word.encode())
            found.append(encoded[-(-before * 4 // 3) : len(encoded) // 4 * 4 - 4])
    return found


def _erase(site: JudgedSite) -> dict[str, Any]:
    done = site.run("audit", "erase", "--consult", "gone", "--reason", "request 118", "--yes", "--json")
    assert done.exit_code == 0, done.output
    body: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
    return body


def _opened(site: JudgedSite, consult_id: str) -> Result:
    return site.run("audit", "show", "--consult", consult_id, "--open")


def _alter(server: KafkaServer, topic: str, settings: dict[str, str]) -> None:
    client = KafkaAdminClient(bootstrap_servers=list(server.bootstrap_servers))
    with closing(client):
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)], raise_on_unknown=False)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.2)


def test_what_was_sealed_is_lost_at_once_and_the_disks_lose_the_rest_when_the_time_named_has_passed(
    server: KafkaServer, site: JudgedSite
) -> None:
    (wrapped,) = [
        orjson.loads(record.value or b"")["wrapped"]
        for record in site.read(TOPICS.keys)
        if record.key is not None and record.key.startswith(b"gone/")
    ]
    folders = (server.data_dir, site.data)
    said, key = _forms(WORDS), [wrapped.encode()]
    assert any(name.startswith(f"{TOPICS.chunks}-") for name in _files_with(said, *folders))
    assert _files_with(key, *folders)
    # Sealed from the first: the trail's own files never held it in clear.
    assert not any(name.startswith(TOPICS.audit) for name in _files_with(said, *folders))
    before = site.verified()

    told = _erase(site)["topics"]

    assert (told[TOPICS.keys]["became"], told[TOPICS.keys]["records"]) == ("with_compaction", 1)
    assert {told[topic]["became"] for topic in (TOPICS.chunks, TOPICS.safe)} == {"with_retention"}
    assert told[TOPICS.chunks]["until_ms"] >= site.clock.now_ms() + 6 * 86_400_000
    assert _opened(site, "gone").stdout.count("not opened: the text was erased") == 4
    assert _opened(site, "kept").stdout.count(f"said: {OTHERS}") == 4
    after = site.verified()
    assert after.verified
    assert all(after.chains[name] == chain for name, chain in before.chains.items() if name != "events/0")

    # Seven and thirty days.
    for topic in (TOPICS.chunks, TOPICS.safe, TOPICS.contested, TOPICS.unsafe, TOPICS.dead_letter):
        _alter(server, topic, _TIME_HAS_PASSED)
    _until(lambda: not _files_with(said, *folders))
    # The hour after which the topic of keys compacts; it does so once something is written there.
    _alter(server, TOPICS.keys, _AN_HOUR_HAS_PASSED)
    time.sleep(0.5)
    assert _files_with(key, *folders)
    assert _erase(site)["topics"][TOPICS.keys]["records"] == 1
    _until(lambda: not _files_with(key, *folders))
    assert _erase(site)["topics"][TOPICS.keys]["records"] == 0

    assert _files_with(said + key, *folders) == set()
    assert _opened(site, "kept").stdout.count(f"said: {OTHERS}") == 4
    assert _opened(site, "gone").stdout.count("not opened: the text was erased") == 4
    last = site.verified()
    assert last.verified
    assert all(last.chains[name] == chain for name, chain in before.chains.items() if name != "events/0")
