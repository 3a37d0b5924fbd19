"""Everything of a run that runs: three brokers behind a proxy, a judge, workers and a sender, and the faults."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

from pipeline.broker.base import Reader, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clock import SystemClock
from pipeline.errors import BrokerUnavailable
from pipeline.keys.key_file import init_key_file
from pipeline.trial.kafka_cluster import KafkaCluster
from tests.chaos.checker import check
from tests.chaos.faults import FaultRun
from tests.chaos.fleet import ChaosWorker
from tests.chaos.judges import HostileJudge, JudgeServer, RealJudge
from tests.chaos.plan import Fault
from tests.chaos.proxy import Proxy
from tests.chaos.sender import Sender
from tests.chaos.skew import SkewedClock, build_skew_library

_PARTITIONS = 6
_NODES = (1, 2, 3)
_GROUP = "chaos"
_TEND_SECONDS = 0.2
_TELL_SECONDS = 15.0
_SETTLE_SECONDS = 5.0
_DISK_MB = 160
_DISK_BYTES_A_CHUNK = 12_000
"""Five records a chunk, of which the audit record is the longest, and room for indices."""

Say = Callable[[str], None]


class Site:
    """A context manager; nothing of it outlives it but the logs under `home`."""

    def __init__(
        self, home: Path, *, seed: int, workers: int, judge: str, chunks: int, seconds: float, disks: bool, say: Say
    ) -> None:
        self._home, self._say, self._chunks, self._seconds = home, say, chunks, seconds
        self._names, self._stack = TopicNames("chaos"), ExitStack()
        library = build_skew_library(home)
        clocks = [SkewedClock(library, home / f"clock-{number}") for number in range(workers + 3)] if library else []
        self._cluster = KafkaCluster(
            data_dir=home / "cluster",
            disk_mb=_DISK_MB + chunks * _DISK_BYTES_A_CHUNK // 1_000_000 if disks else None,
            environments={node: clock.environment for node, clock in zip(_NODES, clocks[workers:], strict=False)},
        )
        ports = self._cluster.ports
        self._proxy = Proxy({node: (its.front, its.behind) for node, its in ports.items()})
        log = home / "judge.log"
        self._judge: JudgeServer = HostileJudge(seed=seed, log=log) if judge == "hostile" else RealJudge(log=log)
        self._broker = KafkaBroker(KafkaConfig(bootstrap_servers=self._cluster.bootstrap_servers), clock=SystemClock())
        self._workers = [
            ChaosWorker(
                f"worker-{number}",
                environment=self._environment(self._cluster.front_servers)
                | (clocks[number].environment if clocks else {}),
                logs=home,
            )
            for number in range(workers)
        ]
        self._faults = FaultRun(self._cluster, self._proxy, self._workers, self._judge, clocks, say=say)
        self._sender = Sender(self._broker, topic=self._names.chunks, chunks=chunks, seconds=seconds)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            init_key_file(self._home / "keys.json", clock=SystemClock())
            self._say("starting three brokers")
            stack.enter_context(self._cluster)
            stack.enter_context(self._proxy)
            specs = required_topics(self._names, partitions=_PARTITIONS, replication=3, min_insync=2, brokers=3)
            with closing(self._broker.topics()) as admin:
                ensure(admin, specs, clock=SystemClock())
            self._say("starting the judge")
            stack.callback(self._judge.kill)
            self._judge.start()
            for worker in self._workers:
                stack.callback(worker.abandon)
                worker.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def run(self, plan: Sequence[Fault], *, patience_seconds: float) -> dict[str, Any]:
        """Send, break, wait until everything is committed, stop, count. Raises SystemExit if that does not come."""
        began = time.monotonic()
        self._sender.start()
        faults = self._faults.start(plan)
        with closing(self._broker.reader()) as reader:
            self._tend_until(lambda: not faults.is_alive() and self._sender.done, reader, limit_seconds=None)
            broken = time.monotonic() - began
            self._say("all faults are over and all is sent; waiting for the rest to be committed")
            settled = self._tend_until(lambda: self._settled(reader), reader, limit_seconds=patience_seconds)
            seconds = time.monotonic() - began
            codes = self._stop_workers()
        counts = check(
            self._broker,
            self._names,
            partitions=_PARTITIONS,
            sent=self._sender.sent,
            environment=self._environment(self._cluster.bootstrap_servers),
            logs=sorted(self._home.rglob("*.log")),
        )
        return {
            **counts,
            "settled": settled,
            "seconds": round(seconds, 1),
            "seconds_with_faults": round(broken, 1),
            "sent_again": self._sender.sent_again,
            "sender_failure": repr(self._sender.failure) if self._sender.failure else None,
            "faults": [done.body() for done in self._faults.done],
            "commit_answers_lost": self._proxy.answers_lost,
            "commit_requests_held": self._proxy.requests_held,
            "worker_lives": [worker.lives for worker in self._workers],
            "worker_ends": [end.body() | {"expected": end.expected} for worker in self._workers for end in worker.ends],
            "exit_codes": codes,
        }

    def _environment(self, servers: Sequence[str]) -> dict[str, str]:
        """Of a process of this deployment: no setting of the caller's is in it."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTGUARD_")}
        return clean | self._judge.environment() | {
            "CONSULTGUARD_BROKER": "kafka",
            "CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS": ",".join(servers),
            "CONSULTGUARD_TOPICS_PREFIX": self._names.prefix,
            "CONSULTGUARD_TOPICS_PARTITIONS": str(_PARTITIONS),
            "CONSULTGUARD_TOPICS_REPLICATION": "3",
            "CONSULTGUARD_TOPICS_MIN_INSYNC_REPLICAS": "2",
            "CONSULTGUARD_WORKER_GROUP": _GROUP,
            "CONSULTGUARD_LOG_FORMAT": "json",
            "CONSULTGUARD_DATA_DIR": str(self._home / "data"),
            "CONSULTGUARD_KEYS_FILE": str(self._home / "keys.json"),
        }  # fmt: skip

    def _tend_until(self, condition: Callable[[], bool], reader: Reader, *, limit_seconds: float | None) -> bool:
        began, told = time.monotonic(), 0.0
        while not condition():
            for worker in self._workers:
                worker.tend()
            if limit_seconds is not None and time.monotonic() - began > limit_seconds:
                self._say(f"not everything was committed {limit_seconds:.0f} s after the last fault")
                return False
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                self._say(f"sent {len(self._sender.sent)} of {self._chunks}, committed {self._committed(reader)}")
            time.sleep(_TEND_SECONDS)
        return True

    def _committed(self, reader: Reader) -> str:
        places = [TopicPartition(self._names.chunks, number) for number in range(_PARTITIONS)]
        try:
            return str(sum(reader.committed(_GROUP, place) or 0 for place in places))
        except BrokerUnavailable:
            return "unknown"

    def _settled(self, reader: Reader) -> bool:
        """Whether the last record of every partition of the input is committed."""
        try:
            for number in range(_PARTITIONS):
                place = TopicPartition(self._names.chunks, number)
                last = reader.last(place, settle_seconds=_SETTLE_SECONDS)
                if last is not None and (reader.committed(_GROUP, place) or 0) <= last.ref.offset:
                    return False
        except BrokerUnavailable:
            return False
        return True

    def _stop_workers(self) -> list[int]:
        codes: dict[str, int] = {}

        def stop(worker: ChaosWorker) -> None:
            codes[worker.name] = worker.stop()

        stopping = [threading.Thread(target=stop, args=(worker,)) for worker in self._workers]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        return [codes[worker.name] for worker in self._workers]


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
