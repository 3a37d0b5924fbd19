"""A real Apache Kafka cluster on this machine, each broker of which can be killed, frozen, filled and brought back.

From jars under Java only: brokers in containers could not share the loopback address that clients and proxies use.
"""

import re
import shutil
import signal
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.clock import Clock, Deadline, SystemClock
from pipeline.errors import BrokerUnavailable
from pipeline.trial.kafka_runtime import JarRuntime
from pipeline.trial.limited_disk import LimitedDisk
from pipeline.trial.ports import HOST, lasting_ports

_READY_SECONDS = 300.0
_READY_PAUSE_SECONDS = 0.3
_STOP_SECONDS = 30.0
_PORTS_A_NODE = 4
_LED = re.compile(rb"Becoming the active controller at epoch (\d+)")


@dataclass(frozen=True, slots=True)
class NodePorts:
    """`direct` is for clients and the other brokers; who comes in at `behind` is told to come to `front` from then on,
    where a proxy may listen; `controller` is the quorum's."""

    direct: int
    behind: int
    front: int
    controller: int


class KafkaCluster:
    """Brokers and controllers in one process each, numbered from 1. `stop` twice, or before `start`, is fine.

    Internal topics have a copy on each of up to three brokers, one of which may be away. With `disk_mb` the data of
    each broker lies on a disk of that size, else in `data_dir`. `environment` is added to that of every broker.
    """

    def __init__(
        self,
        *,
        nodes: int = 3,
        data_dir: Path | None = None,
        heap_mb: int = 256,
        disk_mb: int | None = None,
        environments: Mapping[int, Mapping[str, str]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._own_dir = data_dir is None
        self._data_dir = data_dir or Path(tempfile.mkdtemp(prefix="consultguard-cluster-"))
        self._heap_mb, self._disk_mb = heap_mb, disk_mb
        self._environments = environments or {}
        taken = iter(lasting_ports(nodes * _PORTS_A_NODE))
        self.ports = {node: NodePorts(*(next(taken) for _ in range(_PORTS_A_NODE))) for node in range(1, nodes + 1)}
        # A broker ends with the thread that started it, so that one has to stay.
        self._starter = ThreadPoolExecutor(max_workers=1)
        self._disks: dict[int, LimitedDisk] = {}
        self._runtimes: dict[int, JarRuntime] = {}

    @property
    def nodes(self) -> tuple[int, ...]:
        return tuple(self.ports)

    @property
    def bootstrap_servers(self) -> tuple[str, ...]:
        """Straight to the brokers."""
        return tuple(f"{HOST}:{ports.direct}" for ports in self.ports.values())

    @property
    def front_servers(self) -> tuple[str, ...]:
        """Through the proxies that listen at the front ports."""
        return tuple(f"{HOST}:{ports.front}" for ports in self.ports.values())

    def log_file(self, node: int) -> Path:
        return self._home(node) / "kafka.log"

    def start(self) -> None:
        """Returns once every broker answers. Raises BrokerUnavailable, naming the log of the one that does not."""
        with ThreadPoolExecutor(len(self.nodes)) as making:
            list(making.map(self._make, self.nodes))
        for node in self.nodes:
            self._launch(node)
        for node in self.nodes:
            self.await_ready(node)

    def start_node(self, node: int) -> None:
        """Bring it back on its ports and data; returns once it answers. Raises BrokerUnavailable."""
        if not self.running(node):
            self._launch(node)
        self.await_ready(node)

    def kill(self, node: int) -> None:
        """End it as a power cut would; the data stays."""
        self._runtimes[node].signal(signal.SIGKILL)
        self._runtimes[node].wait(_STOP_SECONDS)

    def suspend(self, node: int) -> None:
        """Freeze it: connections stay open and nothing is answered."""
        self._runtimes[node].signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        self._runtimes[node].signal(signal.SIGCONT)

    def running(self, node: int) -> bool:
        return node in self._runtimes and self._runtimes[node].running()

    def disk(self, node: int) -> LimitedDisk:
        """Its disk; only with `disk_mb`."""
        return self._disks[node]

    def controller(self) -> int | None:
        """The node that leads the quorum, as the brokers' own logs tell; None before there is one."""
        led = {node: _epochs_led(self.log_file(node)) for node in self.nodes}
        last = max(led, key=lambda node: led[node])
        return last if led[last] >= 0 else None

    def await_ready(self, node: int) -> None:
        """Wait until it answers clients itself. Raises BrokerUnavailable."""
        deadline = Deadline(_READY_SECONDS, clock=self._clock)
        where = (f"{HOST}:{self.ports[node].direct}",)
        broker = KafkaBroker(KafkaConfig(bootstrap_servers=where), clock=self._clock)
        while self.running(node) and not deadline.passed:
            if _answers(broker):
                return
            self._clock.sleep(_READY_PAUSE_SECONDS)
        raise BrokerUnavailable(f"broker {node} of the trial cluster did not come up; its log: {self.log_file(node)}")

    def stop(self) -> None:
        """End all at once, and remove a temporary data folder."""
        for runtime in self._runtimes.values():
            runtime.signal(signal.SIGKILL)
        for runtime in self._runtimes.values():
            runtime.wait(_STOP_SECONDS)
        for disk in self._disks.values():
            disk.close()
        self._runtimes, self._disks = {}, {}
        self._starter.shutdown()
        if self._own_dir:
            shutil.rmtree(self._data_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _home(self, node: int) -> Path:
        return self._data_dir / f"broker-{node}"

    def _make(self, node: int) -> None:
        """Its disk and its storage, once."""
        if node in self._runtimes:
            return
        home, data = self._home(node), self._home(node) / "data"
        data.mkdir(parents=True, exist_ok=True)
        if self._disk_mb is not None:
            self._disks[node] = LimitedDisk(data, size_mb=self._disk_mb)
        self._runtimes[node] = JarRuntime(
            self._properties(node),
            data_dir=home,
            log_file=self.log_file(node),
            heap_mb=self._heap_mb,
            quick_start=True,
            launcher=self._disks[node].launcher if node in self._disks else (),
            environment=self._environments.get(node),
        )

    def _launch(self, node: int) -> None:
        self._starter.submit(self._runtimes[node].start).result()

    def _properties(self, node: int) -> dict[str, str]:
        ports = self.ports[node]
        copies, in_sync = min(3, len(self.ports)), min(2, len(self.ports))
        voters = ",".join(f"{other}@{HOST}:{its.controller}" for other, its in self.ports.items())
        own = f"DIRECT://{HOST}:{ports.direct},BEHIND://{HOST}:{ports.behind}"
        return {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{own},CONTROLLER://{HOST}:{ports.controller}",
            "advertised.listeners": f"DIRECT://{HOST}:{ports.direct},BEHIND://{HOST}:{ports.front}",
            "listener.security.protocol.map": "DIRECT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "DIRECT",
            "log.dirs": str(self._home(node) / "data" / "log"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": str(copies),
            "min.insync.replicas": str(in_sync),
            **_internal_topics(copies, in_sync),
            **_QUICK,
        }


_QUICK = {
    # Twice the defaults: on a machine with much else to do a quorum would elect again and again.
    "controller.quorum.election.timeout.ms": "2000",
    "controller.quorum.fetch.timeout.ms": "4000",
    "controller.quorum.request.timeout.ms": "4000",
    # How long a killed or frozen broker keeps its leaderships.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "1000",
    "replica.lag.time.max.ms": "5000",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": str(32 << 20),
}


def _internal_topics(copies: int, in_sync: int) -> dict[str, str]:
    return {
        "offsets.topic.num.partitions": "6",
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.num.partitions": "6",
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(in_sync),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": str(in_sync),
    }


def _epochs_led(log_file: Path) -> int:
    found = _LED.findall(log_file.read_bytes()) if log_file.exists() else []
    return max((int(epoch) for epoch in found), default=-1)


def _answers(broker: KafkaBroker) -> bool:
    topics = broker.topics()
    try:
        topics.describe("consultguard-ready")
    except BrokerUnavailable:
        return False
    finally:
        topics.close()
    return True
