"""Two checkpointers of one deployment on a real Kafka, each a process of its own, as after a mistake or a fail-over."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from pipeline.audit.checkpoint import hash_of_checkpoint
from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.trial.kafka_server import KafkaServer
from tests.audit_chains import chain
from tests.kafka.judged_trail import TrailSite

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
_PATIENCE_SECONDS = 60.0
_LINKS = 40


class Checkpointers:
    """Processes of `consultguard run checkpointer`, as a supervisor starts them."""

    def __init__(self, site: TrailSite) -> None:
        self.site = site
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with (self.site.home / "checkpointers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli.main", "run", "checkpointer"],
                env=self.site.environment() | {"CONSULTGUARD_AUDIT_CHECKPOINT_SECONDS": "0.2"},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self._started.append(process)
        return process

    def log(self) -> str:
        return (self.site.home / "checkpointers.log").read_text("utf-8")

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def site(kafka_server: KafkaServer, unique: Callable[[str], str], tmp_path: Path) -> TrailSite:
    return TrailSite(kafka_server.bootstrap_servers, prefix=unique("pair"), partitions=1, home=tmp_path)


@pytest.fixture
def pair(site: TrailSite) -> Iterator[Checkpointers]:
    found = Checkpointers(site)
    yield found
    found.end()


def _series(site: TrailSite) -> list[bytes]:
    with closing(site.broker.reader()) as reader:
        return [record.value or b"" for record in reader.read(TopicPartition(site.names.checkpoints, 0), start=0)]


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.1)


def _judge(site: TrailSite, values: list[bytes]) -> None:
    with closing(site.broker.publisher(publisher_id=site.names.prefix)) as publisher:
        publisher.publish([OutgoingRecord(site.names.audit, b"consult-1", value, 0) for value in values])


def _assert_one_chain(site: TrailSite) -> None:
    """Topic and anchor hold the same series, each number once, each linked to the one before."""
    anchored = [
        path.read_bytes() for path in sorted(site.anchor.glob("checkpoint-*"))
    ]  # first: the topic is ahead of it
    series = _series(site)
    bodies = [orjson.loads(value) for value in series]
    assert [body["seq"] for body in bodies] == list(range(len(series)))
    assert [body["prev"] for body in bodies[1:]] == [hash_of_checkpoint(value) for value in series[:-1]]
    assert anchored == series[: len(anchored)]
    done = site.command(
        "audit", "verify", "--json", "--no-record",
        "--checkpoints", str(site.anchor), "--public-key", str(site.public_key),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["checkpoints"] >= len(anchored)


def test_of_two_one_goes_on_the_other_ends_and_its_successor_takes_over_when_the_first_dies(
    site: TrailSite, pair: Checkpointers
) -> None:
    links = chain(_LINKS, chain_id=f"{site.names.chunks}/0")
    _judge(site, links[:10])
    first = pair.start()
    _until(lambda: len(_series(site)) >= 3)
    second = pair.start()

    _until(lambda: first.poll() is not None or second.poll() is not None)
    ended, going = (first, second) if first.poll() is not None else (second, first)
    assert ended.returncode == 1
    assert "another checkpointer" in pair.log()
    _judge(site, links[10:30])
    count = len(_series(site))
    _until(lambda: len(_series(site)) >= count + 3)
    assert going.poll() is None
    _assert_one_chain(site)

    going.send_signal(signal.SIGKILL)
    going.wait()
    _judge(site, links[30:])
    count = len(_series(site))
    successor = pair.start()
    _until(lambda: len(_series(site)) >= count + 3)
    successor.send_signal(signal.SIGTERM)
    assert successor.wait(60) == 0
    _assert_one_chain(site)
    assert orjson.loads(_series(site)[-1])["chains"][0]["size"] == _LINKS


def test_two_that_are_started_again_and_again_overtake_each_other_and_never_fork(
    site: TrailSite, pair: Checkpointers
) -> None:
    _judge(site, chain(_LINKS, chain_id=f"{site.names.chunks}/0"))
    both = [pair.start(), pair.start()]
    ended = 0
    while ended < 4:
        _until(lambda: any(process.poll() is not None for process in both))
        for place, process in enumerate(both):
            if process.poll() is not None:
                assert process.returncode == 1
                ended += 1
                both[place] = pair.start()
    count = len(_series(site))
    _until(lambda: len(_series(site)) >= count + 3)
    pair.end()
    successor = pair.start()
    _until(lambda: len(_series(site)) >= count + 6)
    successor.send_signal(signal.SIGTERM)
    assert successor.wait(60) == 0
    _assert_one_chain(site)
