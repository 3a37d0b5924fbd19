"""Real processes on one log: killed at any instruction, and side by side."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.broker.base import OutgoingRecord, Reader, Record, TopicPartition, TopicSpec
from pipeline.broker.local.broker import LocalBroker
from pipeline.clock import SystemClock

PARTITIONS = 4
KILLS = 25


@pytest.fixture
def broker(tmp_path: Path) -> LocalBroker:
    broker = LocalBroker(tmp_path / "log", clock=SystemClock())
    admin = broker.topics()
    for topic in ("source", "first", "second"):
        admin.create(TopicSpec(topic, PARTITIONS))
    admin.close()
    return broker


def start(tmp_path: Path, instance_id: str, *seconds: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.unit.broker.local.copying", str(tmp_path / "log"), instance_id, *seconds]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def publish(broker: LocalBroker, start_at: int, count: int) -> None:
    publisher = broker.publisher(publisher_id="publisher")
    for first in range(start_at, start_at + count, 100):
        publisher.publish(
            [OutgoingRecord("source", b"%d" % (n % 50), b"%d" % n, n % PARTITIONS) for n in range(first, first + 100)]
        )
    publisher.close()


def everything(reader: Reader, topic: str) -> list[Record]:
    return [record for n in range(PARTITIONS) for record in reader.read(TopicPartition(topic, n), start=0)]


def assert_whole_and_once(reader: Reader) -> int:
    """Whole transactions only, each input copied once, in order, as far as the offsets say; returns how many."""
    found = {topic: everything(reader, topic) for topic in ("first", "second")}
    members: Counter[bytes] = Counter()
    sizes: dict[bytes, int] = {}
    for record in found["first"] + found["second"]:
        headers = dict(record.headers)
        members[headers["transaction"]] += 1
        sizes[headers["transaction"]] = int(headers["size"])
    assert dict(members) == sizes
    copied = 0
    for number in range(PARTITIONS):
        offset = reader.committed("group", TopicPartition("source", number)) or 0
        source = [r.value for r in reader.read(TopicPartition("source", number), start=0, stop=offset)]
        for topic in ("first", "second"):
            assert [r.value for r in found[topic] if r.ref.partition == number] == source
        copied += offset
    return copied


def test_a_worker_killed_again_and_again_leaves_whole_transactions_and_agreeing_offsets(
    broker: LocalBroker, tmp_path: Path
) -> None:
    dice = random.Random(20)
    copied, landed = 0, 0
    reader = broker.reader()
    for turn in range(KILLS):
        publish(broker, turn * 2_000, 2_000)
        worker = start(tmp_path, "worker")
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("assigned")
        time.sleep(dice.uniform(0.0, 0.12))
        worker.kill()
        worker.communicate()
        before, copied = copied, assert_whole_and_once(reader)
        landed += before < copied
    assert landed > KILLS // 2, "the kills must land while the worker commits"

    finisher = start(tmp_path, "worker", "1.0")
    _, complaints = finisher.communicate(timeout=120)
    assert (finisher.returncode, complaints) == (0, "")
    assert assert_whole_and_once(reader) == KILLS * 2_000
    reader.close()


def test_two_processes_share_the_log_under_load(broker: LocalBroker, tmp_path: Path) -> None:
    workers = [start(tmp_path, f"worker-{number}", "5.0") for number in range(2)]
    feeder = threading.Thread(target=lambda: [publish(broker, turn * 500, 500) for turn in range(40)])
    feeder.start()
    complaints = [worker.communicate(timeout=200)[1] for worker in workers]
    feeder.join()
    reader = broker.reader()

    assert [worker.returncode for worker in workers] == [0, 0], complaints
    # A member that waited long for the other's transaction may have been told of a loss; nothing else is said.
    assert all("Traceback" not in complaint for complaint in complaints)
    assert assert_whole_and_once(reader) == 20_000
    writers = {dict(record.headers)["transaction"].split(b"-")[0] for record in everything(reader, "first")}
    assert writers == {str(worker.pid).encode() for worker in workers}
    reader.close()


def test_the_work_of_a_killed_worker_goes_to_the_other_after_the_session_timeout(
    broker: LocalBroker, tmp_path: Path
) -> None:
    workers = [start(tmp_path, f"worker-{number}", "4.0") for number in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("assigned")
    publish(broker, 0, 4_000)
    workers[0].kill()
    for worker in workers:
        worker.communicate(timeout=60)
    reader = broker.reader()

    assert assert_whole_and_once(reader) == 4_000
    reader.close()


def test_a_commit_the_disk_cut_short_is_unknown_until_recover_settles_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.broker.local.failing_disk", str(tmp_path / "log")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert said.stderr == ""
    assert said.stdout.splitlines() == [
        "CommitUnknown",
        "recover: BrokerUnavailable",
        "committed: 0 copied: 0",
        "committed: 2 copied: 2",
    ]
