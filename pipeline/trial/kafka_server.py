"""A real single-node Apache Kafka for trials and tests, on free ports.

As a program: `python -m pipeline.trial.kafka_server up|down [--port N]` keeps one running in the background.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.clock import Clock, Deadline, SystemClock
from pipeline.errors import BrokerUnavailable
from pipeline.trial.fetched import cache_dir
from pipeline.trial.kafka_runtime import (
    DockerRuntime,
    JarRuntime,
    Runtime,
    docker_answers,
    kafka_version,
    missing_tools,
)
from pipeline.trial.ports import HOST, free_port, free_port_near

_DEFAULT_PORT = 9092
_READY_SECONDS = 90.0
_STOP_SECONDS = 30.0
_READY_PAUSE_SECONDS = 0.2
_LOG_TAIL_BYTES = 1500
_MARKERS_GIVEN_UP = "while trying to send transaction markers"


class KafkaServer:
    """One broker in KRaft combined mode. `start` returns once it answers; `stop` twice, or before `start`, is fine.

    Without `data_dir` the data lies in a temporary folder that `stop` removes. `users`, names to passwords, log in on a
    listener of their own, where the authorizer refuses what no access control list allows. `properties` are further
    ones of the broker.
    """

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        port: int | None = None,
        users: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._own_dir = data_dir is None
        self._data_dir = data_dir or Path(tempfile.mkdtemp(prefix="consultguard-kafka-"))
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._port = port or free_port()
        self._controller_port = free_port()
        self._users = dict(users or {})
        self._more = dict(properties or {})
        self._users_port = free_port()
        self._runtime: Runtime | None = None

    @property
    def bootstrap_servers(self) -> tuple[str, ...]:
        return (f"{HOST}:{self._port}",)

    @property
    def users_bootstrap_servers(self) -> tuple[str, ...]:
        """Where the users log in, by SASL PLAIN; what they may do is what access control lists give them."""
        return (f"{HOST}:{self._users_port}",)

    @property
    def data_dir(self) -> Path:
        """Where its files lie, unless it runs in a container."""
        return self._data_dir

    @property
    def log_file(self) -> Path:
        return self._data_dir / "kafka.log"

    def start(self) -> None:
        """Raises BrokerUnavailable, saying what to install or where the log lies, when it does not come up."""
        if reason := missing_tools():
            raise BrokerUnavailable(f"no trial Kafka can run here: {reason}")
        if self._runtime is None:
            self._runtime = self._make_runtime()
        self._runtime.start()
        self._await_ready(self._runtime)

    def stop(self) -> None:
        """End it in order, and remove a temporary data folder."""
        self._end(signal.SIGTERM)
        if self._own_dir:
            shutil.rmtree(self._data_dir, ignore_errors=True)

    def kill(self) -> None:
        """End it as a power cut would; the data stays."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """End it in order if it runs, and start it on the same port and data."""
        self._end(signal.SIGTERM)
        self.start()

    def suspend(self) -> None:
        """Freeze it: connections stay open and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `suspend`."""
        self._signal(signal.SIGCONT)

    def left_open(self, word: str) -> bool:
        """Whether the broker gave up the markers of a transaction whose partitions or id hold `word`.

        A single broker that is killed between a commit and its markers elects itself before it is registered again,
        finds no leader for the partitions, takes them for deleted, and never writes the markers (seen with 4.4.0).
        """
        if not self.log_file.exists():
            return False
        lines = self.log_file.read_text("utf-8", "replace").splitlines()
        return any(_MARKERS_GIVEN_UP in line and word in line for line in lines)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _signal(self, number: int) -> None:
        if self._runtime is not None:
            self._runtime.signal(number)

    def _end(self, number: int) -> None:
        if self._runtime is not None:
            if number == signal.SIGTERM:
                # A suspended process would not see it.
                self._runtime.signal(signal.SIGCONT)
            self._runtime.signal(number)
            self._runtime.wait(_STOP_SECONDS)

    def _make_runtime(self) -> Runtime:
        if docker_answers():
            ports = (self._port, self._users_port) if self._users else (self._port,)
            return DockerRuntime(self._properties(bind="0.0.0.0"), ports=ports)  # noqa: S104 - inside the container
        return JarRuntime(self._properties(bind=HOST), data_dir=self._data_dir, log_file=self.log_file)

    def _properties(self, *, bind: str) -> dict[str, str]:
        single = {
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
        }
        quick = {
            "offsets.topic.num.partitions": "2",
            "transaction.state.log.num.partitions": "2",
            "group.initial.rebalance.delay.ms": "0",
            "broker.session.timeout.ms": "2000",  # how long a killed broker's registration bars its restart
            "broker.heartbeat.interval.ms": "500",
            "group.min.session.timeout.ms": "1000",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        }
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{bind}:{self._port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self._port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self._data_dir / "log"),
            "auto.create.topics.enable": "false",
            **single,
            **quick,
            **(self._authorized(bind=bind) if self._users else {}),
            **self._more,
        }

    def _authorized(self, *, bind: str) -> dict[str, str]:
        """A second listener for the users, with the authorizer on; whoever is on the first one may do everything."""
        logins = " ".join(f'user_{name}="{password}"' for name, password in self._users.items())
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        own = f"PLAINTEXT://{bind}:{self._port},CONTROLLER://{HOST}:{self._controller_port}"
        return {
            "listeners": f"{own},USERS://{bind}:{self._users_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self._port},USERS://{HOST}:{self._users_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,USERS:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.users.plain.sasl.jaas.config": f"{module} required {logins};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def _await_ready(self, runtime: Runtime) -> None:
        """A port that accepts is not yet a broker: ask for metadata until it answers."""
        deadline = Deadline(_READY_SECONDS, clock=self._clock)
        broker = KafkaBroker(KafkaConfig(bootstrap_servers=self.bootstrap_servers), clock=self._clock)
        while not deadline.passed:
            if not runtime.running():
                break
            if _accepts(self._port) and _answers(broker):
                return
            self._clock.sleep(_READY_PAUSE_SECONDS)
        self.kill()
        raise BrokerUnavailable(f"the trial Kafka did not come up; its log {self.log_file} ends: {self._log_tail()}")

    def _log_tail(self) -> str:
        if not self.log_file.exists():
            return "(there is none)"
        return self.log_file.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _answers(broker: KafkaBroker) -> bool:
    topics = broker.topics()
    try:
        topics.describe("consultguard-ready")
    except BrokerUnavailable:
        return False
    finally:
        topics.close()
    return True


def main(arguments: list[str] | None = None) -> int:
    """`up` starts one in the background, `down` ends it, `serve` runs it in the foreground."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.trial.kafka_server", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "serve"))
    parser.add_argument("--port", type=int, help=f"default: {_DEFAULT_PORT}, or a free one where that is taken")
    parsed = parser.parse_args(arguments)
    home = cache_dir() / "trial-kafka"
    home.mkdir(parents=True, exist_ok=True)
    try:
        match parsed.command:
            case "up":
                return _up(home, parsed.port)
            case "down":
                return _down(home)
            case _:
                return _serve(home, parsed.port or free_port_near(_DEFAULT_PORT))
    except BrokerUnavailable as error:
        print(error, file=sys.stderr)
        return 1


def _up(home: Path, port: int | None) -> int:
    if _running_pid(home) is None:
        (home / "port").unlink(missing_ok=True)
        chosen = port or free_port_near(_DEFAULT_PORT)
        with (home / "serve.log").open("wb") as log:
            serving = subprocess.Popen(
                [sys.executable, "-m", "pipeline.trial.kafka_server", "serve", "--port", str(chosen)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (home / "pid").write_text(str(serving.pid))
        clock = SystemClock()
        while not (home / "port").exists():
            if serving.poll() is not None:
                raise BrokerUnavailable((home / "serve.log").read_text("utf-8", "replace").strip())
            clock.sleep(_READY_PAUSE_SECONDS)
    answering = (home / "port").read_text()
    print(f"Apache Kafka {kafka_version()} answers on {HOST}:{answering}; data and logs in {home}")
    print("Use it with:")
    print(f"  export CONSULTGUARD_BROKER=kafka CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS={HOST}:{answering}")
    return 0


def _down(home: Path) -> int:
    pid = _running_pid(home)
    if pid is None:
        print("no trial Kafka is running")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = Deadline(_STOP_SECONDS + 5, clock=SystemClock())
    while _running_pid(home) is not None and not deadline.passed:
        SystemClock().sleep(_READY_PAUSE_SECONDS)
    print("stopped")
    return 0


def _serve(home: Path, port: int) -> int:
    watched = {signal.SIGTERM, signal.SIGINT}
    with KafkaServer(data_dir=home, port=port):
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        # Written whole or not at all: `up` reads it as soon as it is there.
        (home / "port.new").write_text(str(port))
        (home / "port.new").replace(home / "port")
        signal.sigwait(watched)
    (home / "port").unlink(missing_ok=True)
    (home / "pid").unlink(missing_ok=True)
    return 0


def _running_pid(home: Path) -> int | None:
    """Of the server that serves `home`; None if it ended, or another process has its number now."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        pid = int((home / "pid").read_text())
        if b"pipeline.trial.kafka_server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None


if __name__ == "__main__":
    sys.exit(main())
