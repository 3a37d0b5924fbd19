"""Two real workers on a real Kafka, each killed with -9 again and again while they work; then everything is counted.

    python -m tests.kafka.kill_workers --chunks 10000 --kills 5

Starts a Kafka of its own unless --bootstrap names one. Prints one JSON object; exit code 0 only if nothing was lost,
doubled, out of order, orphaned, and every audit chain verifies.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from pipeline.bench.observe import observe
from pipeline.broker.base import RecordRef, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clock import SystemClock
from pipeline.domain.taxonomy import RiskLevel
from pipeline.ingest.publish import publish_chunks
from pipeline.keys.key_file import init_key_file
from pipeline.testing.builders import build_chunk
from pipeline.trial.kafka_server import KafkaServer

_PARTITIONS = 6
_GROUP = "kill-workers"
_SAYINGS = (
    "The cough is better since Monday, um, and I sleep through the night.",
    "Take one tablet with food in the morning, please.",
    "My number is five five five oh one four two nine nine one.",
    "The other patient had the same thing with his kidneys.",
    "Any fever or chills since we last spoke?",
    "No, no fever, just tired.",
)


class Worker:
    """One worker process, restarted under the same instance id."""

    def __init__(self, name: str, *, environment: dict[str, str], log: Path) -> None:
        self._name, self._environment, self._log = name, environment, log
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli.main", "run", "worker", "--instance-id", self._name],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=60)

    def log_text(self) -> str:
        """What it has logged so far, in every life."""
        return self._log.read_text("utf-8") if self._log.exists() else ""

    @property
    def died(self) -> bool:
        return self._process is not None and self._process.poll() is not None


def run(
    *,
    bootstrap: tuple[str, ...],
    chunks: int,
    kills: int,
    seed: int,
    home: Path,
    pause_seconds: float = 6.0,
    say: Any = print,
) -> dict[str, Any]:
    """Publish, work, kill, count. Returns the counts."""
    rng = random.Random(seed)
    clock = SystemClock()
    names = TopicNames(f"kill-{seed}-{os.getpid()}")
    broker = KafkaBroker(KafkaConfig(bootstrap_servers=bootstrap), clock=clock)
    admin = broker.topics()
    ensure(admin, required_topics(names, partitions=_PARTITIONS, replication=1, min_insync=1), clock=clock)
    admin.close()
    consults = max(12, chunks // 70)
    sent = [
        build_chunk(_SAYINGS[number % len(_SAYINGS)], consult_id=f"visit-{number % consults}", seq=number // consults)
        for number in range(chunks)
    ]
    with closing(broker.publisher(publisher_id="kill-workers")) as publisher:
        refs = publish_chunks(sent, publisher, topic=names.chunks)
    environment = os.environ | {
        "CONSULTGUARD_BROKER": "kafka",
        "CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS": ",".join(bootstrap),
        "CONSULTGUARD_TOPICS_PREFIX": names.prefix,
        "CONSULTGUARD_TOPICS_PARTITIONS": str(_PARTITIONS),
        "CONSULTGUARD_WORKER_GROUP": _GROUP,
        "CONSULTGUARD_LOG_FORMAT": "json",
        "CONSULTGUARD_KEYS_FILE": str(home / "keys.json"),
    }
    init_key_file(home / "keys.json", clock=clock)
    workers = [Worker(name, environment=environment, log=home / f"{name}.log") for name in ("worker-0", "worker-1")]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    with closing(broker.reader()) as reader:
        _kill_while_working(workers, rng, kills=kills, pause_seconds=pause_seconds, say=say)
        _wait_until_committed(reader, refs, workers, group=f"{_GROUP}", say=say)
        codes = [worker.stop() for worker in workers]
        found = observe(reader, names, partitions=_PARTITIONS, sent={chunk.chunk_id for chunk in sent})
    return {
        "chunks": chunks,
        "partitions": _PARTITIONS,
        "workers": len(workers),
        "kills": [worker.kills for worker in workers],
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
        "verdicts": sum(found.levels.values()),
        **{level.value: found.levels.get(level, 0) for level in RiskLevel},
        "audit_records": found.audit_records,
        "lost": found.lost,
        "duplicated": found.duplicated,
        "out_of_order": found.out_of_order,
        "orphaned": found.orphaned,
        "audit_flaws": list(found.flaws),
        "exit_codes": codes,
    }


def _kill_while_working(
    workers: list[Worker], rng: random.Random, *, kills: int, pause_seconds: float, say: Any
) -> None:
    pending = [worker for worker in workers for _ in range(kills)]
    rng.shuffle(pending)
    for worker in pending:
        # From in the middle of starting up to well into the work.
        time.sleep(rng.uniform(0.5, pause_seconds))
        worker.kill()
        say(f"killed {worker.kills}", file=sys.stderr)
        worker.start()


def _wait_until_committed(reader: Any, refs: list[RecordRef], workers: list[Worker], *, group: str, say: Any) -> None:
    ends: dict[TopicPartition, int] = {}
    for ref in refs:
        ends[ref.topic_partition] = max(ends.get(ref.topic_partition, 0), ref.offset + 1)
    deadline = time.monotonic() + 900
    told = 0.0
    while True:
        committed = {partition: reader.committed(group, partition) or 0 for partition in ends}
        if all(committed[partition] >= end for partition, end in ends.items()):
            return
        if any(worker.died for worker in workers):
            raise SystemExit("a worker ended by itself; see its log")
        if time.monotonic() > deadline:
            raise SystemExit(f"not committed in time: {committed} of {ends}")
        if time.monotonic() - told > 5:
            told = time.monotonic()
            say(f"committed {sum(committed.values())} of {sum(ends.values())} positions", file=sys.stderr)
        time.sleep(0.5)


def whole(counts: dict[str, Any]) -> bool:
    """Exactly once, in order, verified, and ended in order."""
    return (
        not any(counts[name] for name in ("lost", "duplicated", "out_of_order", "orphaned", "audit_flaws"))
        and counts["verdicts"] == counts["chunks"] == counts["audit_records"]
        and counts["exit_codes"] == [0, 0]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=5, help="of each worker")
    parser.add_argument("--pause-seconds", type=float, default=20.0, help="between two kills, at most")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--bootstrap", help="host:port of a running Kafka")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="kill-workers-"))
    with ExitStack() as stack:
        if arguments.bootstrap:
            bootstrap: tuple[str, ...] = tuple(arguments.bootstrap.split(","))
        else:
            bootstrap = stack.enter_context(KafkaServer()).bootstrap_servers
        counts = run(
            bootstrap=bootstrap,
            chunks=arguments.chunks,
            kills=arguments.kills,
            seed=arguments.seed,
            home=home,
            pause_seconds=arguments.pause_seconds,
        )
    print(json.dumps(counts))
    print(f"worker logs: {home}", file=sys.stderr)
    return 0 if whole(counts) else 1


if __name__ == "__main__":
    sys.exit(main())
