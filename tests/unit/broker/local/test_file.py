"""The file itself: who may read it, what is refused, what a failing disk or a lock does."""

import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.broker.base import OutgoingRecord, TopicPartition, TopicSpec
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.local.schema import SCHEMA_VERSION
from pipeline.clock import Deadline, SystemClock
from pipeline.errors import BrokerRefused, BrokerUnavailable, CommitAborted, TopicMismatch
from pipeline.testing.fake_clock import FakeClock
from tests.unit.broker.local.site import Site


def broker(path: Path) -> LocalBroker:
    return LocalBroker(path, clock=FakeClock(), session_timeout_seconds=0.2, heartbeat_interval_seconds=0.05)


def test_only_its_owner_may_read_the_log(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "log"
    with Site(directory) as site:
        site.publish(b"1")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert modes["log.sqlite3"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_log_of_a_newer_build_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Site(tmp_path):
        pass
    file = sqlite3.connect(tmp_path / "log.sqlite3")
    file.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    file.close()
    with pytest.raises(BrokerRefused, match=rf"schema version {SCHEMA_VERSION + 1}"):
        broker(tmp_path).partitions("source")


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite3").write_bytes(b"something else, long enough to have a header" * 100)
    with pytest.raises(BrokerRefused, match="not a log"):
        broker(tmp_path).partitions("source")


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BrokerRefused, match="cannot be opened"):
        broker(tmp_path / "file" / "log").partitions("source")


def test_a_damaged_log_is_refused(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.publish(*(b"x" * 4_000 for _ in range(200)))
    file = tmp_path / "log.sqlite3"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(BrokerRefused, match="backup"):
        broker(tmp_path).partitions("source")


def test_while_another_process_holds_the_log_nothing_is_written_and_later_it_is(tmp_path: Path) -> None:
    admin = broker(tmp_path).topics()
    admin.create(TopicSpec("t", 1))
    admin.close()
    stream = broker(tmp_path).stream(topic="t", group="g", instance_id="i")
    stream.open(Silent())
    holder = sqlite3.connect(tmp_path / "log.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(CommitAborted, match="locked"):
        stream.commit([OutgoingRecord("t", b"k", b"first", 0)], offsets={})
    with pytest.raises(BrokerUnavailable, match="locked"):
        stream.poll(timeout_seconds=0.0, max_records=1)
    with pytest.raises(BrokerUnavailable, match="locked"):
        broker(tmp_path).stream(topic="t", group="g", instance_id="j").open(Silent())
    holder.execute("ROLLBACK")
    holder.close()
    stream.recover()
    stream.commit([OutgoingRecord("t", b"k", b"second", 0)], offsets={})
    stream.close(Deadline(1.0, clock=FakeClock()))
    reader = broker(tmp_path).reader()

    assert [record.value for record in reader.read(TopicPartition("t", 0), start=0)] == [b"second"]
    reader.close()


def test_a_topic_or_partition_there_is_not_is_a_mismatch_for_reading_and_writing(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        for place in (TopicPartition("missing", 0), TopicPartition("source", 1), TopicPartition("source", -1)):
            with pytest.raises(TopicMismatch):
                site.reader.end_offset(place)
            with pytest.raises(TopicMismatch):
                site.reader.read(place, start=0)
        with pytest.raises(TopicMismatch):
            site.publish(b"v", partition=1)
        with pytest.raises(TopicMismatch):
            site.broker.stream(topic="missing", group="g", instance_id="i").open(Silent())


@pytest.mark.parametrize(
    "spec",
    [
        TopicSpec("t", 0),
        TopicSpec("t", 1, replication=2),
        TopicSpec("t", 1, min_insync_replicas=2),
        TopicSpec("t", 1, cleanup_policy="squeeze"),
        TopicSpec("", 1),
        TopicSpec("..", 1),
        TopicSpec("a topic", 1),
        TopicSpec("t" * 250, 1),
    ],
    ids=lambda spec: spec.name[:10],
)
def test_a_topic_the_log_cannot_hold_as_asked_is_refused(tmp_path: Path, spec: TopicSpec) -> None:
    admin = broker(tmp_path).topics()
    with pytest.raises(BrokerRefused):
        admin.create(spec)
    assert admin.describe(spec.name) is None
    admin.close()


def test_extra_settings_of_a_topic_are_remembered(tmp_path: Path) -> None:
    admin = broker(tmp_path).topics()
    spec = TopicSpec("t", 2, retention_ms=5, extra={"max.message.bytes": "2000000"})
    admin.create(spec)

    assert admin.describe("t") == spec
    admin.close()


def test_closed_sessions_refuse_work(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.publish(b"1")
        worker = site.worker("w")
        worker.close()
        site.reader.close()
        with pytest.raises(BrokerRefused):
            worker.poll()
        with pytest.raises(BrokerRefused):
            site.reader.end_offset(TopicPartition("source", 0))


def test_processes_that_open_a_new_log_at_the_same_moment_all_succeed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, time\n"
        "from pipeline.broker.base import TopicSpec\n"
        "from pipeline.broker.local.broker import LocalBroker\n"
        "from pipeline.clock import SystemClock\n"
        "directory, start, name = pathlib.Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]\n"
        "time.sleep(max(0.0, start - time.time()))\n"
        "admin = LocalBroker(directory, clock=SystemClock()).topics()\n"
        "admin.create(TopicSpec(name, 1))\n"
        "admin.close()\n"
    )
    start = str(time.time() + 2.0)
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "log"), start, f"t{number}"], stderr=subprocess.PIPE
        )
        for number in range(6)
    ]
    complaints = [opener.communicate()[1].decode() for opener in openers]

    assert complaints == [""] * len(openers)
    assert [broker(tmp_path / "log").partitions(f"t{number}") for number in range(6)] == [1] * 6


class Silent:
    def assigned(self, positions: object) -> None: ...

    def revoked(self, partitions: object) -> None: ...

    def lost(self, partitions: object) -> None: ...


_ANOTHER = """
import sys
from pathlib import Path
from pipeline.broker.base import TopicPartition
from pipeline.broker.local.broker import LocalBroker
from pipeline.clock import SystemClock

reader = LocalBroker(Path(sys.argv[1]), clock=SystemClock()).reader()
print(reader.end_offset(TopicPartition("chunks", 0)))
reader.close()
"""


def test_another_process_that_comes_and_goes_takes_nothing_from_one_with_several_connections(tmp_path: Path) -> None:
    """Its last connection to close must not take away the write-ahead log that is still in use here."""

    def seen_by_another() -> str:
        told = subprocess.run(
            [sys.executable, "-c", _ANOTHER, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
        )
        return told.stdout.strip()

    broker, place = LocalBroker(tmp_path, clock=SystemClock()), TopicPartition("chunks", 0)
    with closing(broker.topics()) as admin:
        admin.create(TopicSpec("chunks", 1))
    with closing(broker.publisher(publisher_id="test")) as publisher, closing(broker.reader()) as reader:
        publisher.publish([OutgoingRecord("chunks", b"k", b"before", 0)])
        assert reader.end_offset(place) == 1
        assert seen_by_another() == "1"
        publisher.publish([OutgoingRecord("chunks", b"k", b"after", 0)])
        assert reader.end_offset(place) == 2
        assert seen_by_another() == "2"
