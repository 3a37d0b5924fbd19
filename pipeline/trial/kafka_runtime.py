"""What a trial broker runs on: the jars of Apache Kafka under Java, or the project's image in a container."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import BrokerUnavailable
from pipeline.trial.fetched import cache_dir, fetched_by_maven, run_tool

_FORMAT_TIMEOUT_SECONDS = 180  # a second or two, but for a machine with much else to do
_QUICK_START = ("-XX:TieredStopAtLevel=1",)
# The kernel kills the broker when the thread that started it ends, however it ends; the check after it covers a parent
# already gone.
_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
_LOG4J = """
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1}: %m%n
logger.server.name = kafka.server
logger.server.level = INFO
logger.transaction.name = kafka.coordinator.transaction
logger.transaction.level = INFO
logger.controller.name = org.apache.kafka.controller.QuorumController
logger.controller.level = INFO
"""


class Runtime(Protocol):
    """Starts one broker from a properties map and holds it."""

    def start(self) -> None:
        """Launch it; returns before it answers."""

    def running(self) -> bool: ...

    def signal(self, number: int) -> None:
        """Send it a signal: SIGTERM, SIGKILL, SIGSTOP or SIGCONT."""

    def wait(self, timeout_seconds: float) -> None:
        """Wait for its end after SIGTERM or SIGKILL; kills it when the time is up."""


def kafka_version() -> str:
    """The version the packaged pom names."""
    pom = files("pipeline.trial").joinpath("kafka-pom.xml").read_text("utf-8")
    found = re.search(r"<kafka\.version>([^<]+)<", pom)
    assert found is not None
    return found.group(1)


def missing_tools() -> str | None:
    """Why no trial broker can run on this machine, None if one can."""
    if docker_answers():
        return None
    reason = missing_jar_tools()
    return None if reason is None else f"no Docker engine answers and {reason}"


def missing_jar_tools() -> str | None:
    """Why no broker can run from jars on this machine, None if one can. Several need to: see `kafka_cluster`."""
    absent = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if "mvn" in absent and (cache_dir() / f"kafka-{kafka_version()}").is_dir():
        absent.remove("mvn")
    if not absent:
        return None
    return f"{' and '.join(absent)} not found: install Docker, or a JDK of 17+ with Maven"


def docker_answers() -> bool:
    """Whether a Docker engine is there for us, and what drives it (`testcontainers`, of the development install)."""
    if shutil.which("docker") is None or find_spec("testcontainers") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False)
    return asked.returncode == 0


def fetched_jars() -> Path:
    """The folder of the broker's jars; fetched by Maven on first use."""
    pom = files("pipeline.trial").joinpath("kafka-pom.xml")
    return fetched_by_maven(pom, cache_dir() / f"kafka-{kafka_version()}", what="Apache Kafka")


def ending_with_starter(command: Sequence[str]) -> list[str]:
    """`command`, to be started by this process; it is killed when the thread that starts it ends (Linux)."""
    return [sys.executable, "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]


class JarRuntime:
    """`java kafka.Kafka` as a child of this process.

    `quick_start` spends less on compiling, which makes it sooner ready and slower for ever. `launcher` is a command
    that runs the one after it in its own place; `environment` is added to ours.
    """

    def __init__(
        self,
        properties: Mapping[str, str],
        *,
        data_dir: Path,
        log_file: Path,
        heap_mb: int = 512,
        quick_start: bool = False,
        launcher: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if shutil.which("java") is None:
            raise BrokerUnavailable("no java on the path: install a JDK of 17 or newer")
        self._jars = fetched_jars()
        self._log_file = log_file
        self._options = (f"-Xmx{heap_mb}m", f"-Xms{heap_mb // 2}m", *(_QUICK_START if quick_start else ()))
        self._launcher = list(launcher)
        self._environment = {**os.environ, **(environment or {})}
        self._config = data_dir / "server.properties"
        self._config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), "utf-8")
        self._log4j = data_dir / "log4j2.properties"
        self._log4j.write_text(_LOG4J, "utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        if not (Path(properties["log.dirs"]) / "meta.properties").exists():
            self._format()

    def start(self) -> None:
        # Within the launcher, which may change credentials; that would undo the death signal.
        java = [*self._java(*self._options), "kafka.Kafka", str(self._config)]
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._launcher, *ending_with_starter(java)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        if number == signal.SIGSTOP:
            # Its threads stop one after another, and until the last has stopped it may still answer.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def wait(self, timeout_seconds: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _format(self) -> None:
        # A fixed cluster id: the folder belongs to one trial, and a random one would only have to be kept.
        tool = [*self._launcher, *self._java("-Xmx128m", *_QUICK_START), "kafka.tools.StorageTool"]
        command = [*tool, "format", "-t", "Y29uc3VsdGd1YXJkLXRyaQ", "-c", str(self._config)]
        run_tool(command, timeout_seconds=_FORMAT_TIMEOUT_SECONDS, what="format the storage")

    def _java(self, *more: str) -> list[str]:
        options = ["-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={self._log4j}"]
        return ["java", *more, *options, "-cp", f"{self._jars}/*"]


class DockerRuntime:
    """The image `apache/kafka` of the same version; the reaper of testcontainers removes it with this process."""

    def __init__(self, properties: Mapping[str, str], *, ports: Sequence[int]) -> None:
        from testcontainers.core.container import DockerContainer  # only development installs have it

        container = DockerContainer(f"apache/kafka:{kafka_version()}")
        for port in ports:
            container = container.with_bind_ports(port, port)
        for key, value in properties.items():
            if key != "log.dirs":
                container = container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
        self._container: Any = container
        self._created = False

    def start(self) -> None:
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True

    def running(self) -> bool:
        if not self._created:
            return False
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status in ("running", "created", "paused"))

    def signal(self, number: int) -> None:
        wrapped = self._container.get_wrapped_container()
        match number:
            case signal.SIGSTOP:
                wrapped.pause()
            case signal.SIGCONT:
                wrapped.unpause()
            case _:
                wrapped.kill(signal=number)

    def wait(self, timeout_seconds: float) -> None:
        if self._created:
            self._container.get_wrapped_container().wait(timeout=timeout_seconds)
