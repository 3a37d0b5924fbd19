"""A deployment on a real Kafka, all of it real commands: workers that come, go and die, and a checkpointer beside them.

Its trail is what `tests.kafka.audit_trail` verifies and then tampers with.
"""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
from typer.testing import CliRunner, Result

from pipeline.broker.base import Reader, RecordRef, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.topics import TopicNames
from pipeline.cli.main import app
from pipeline.clock import SystemClock
from pipeline.domain.transcript import SpeakerRole, TranscriptChunk
from pipeline.errors import BrokerUnavailable
from pipeline.ingest.publish import publish_chunks
from pipeline.testing.builders import build_chunk
from tests.kafka.kill_workers import Worker

_PATIENCE_SECONDS = 300.0
_SAYINGS = (
    "The cough is better since Monday, um, and I sleep through the night.",
    "Take one tablet with food in the morning, please.",
    "My number is five five five oh one four two nine nine one.",
    "The other patient had the same thing with his kidneys.",
    "Any fever or chills since we last spoke?",
    "No, no fever, just tired.",
)
_TURNS = len(_SAYINGS)

CHANGES: tuple[tuple[str, int], ...] = (
    ("stop", 1), ("start", 1), ("kill", 0), ("start", 0), ("stop", 1), ("start", 1),
)  # fmt: skip
"""What becomes of which worker while records come in: each is a rebalance in the middle of the chains."""


class TrailSite:
    """Topics under a prefix of their own, a data folder with keys, and a folder that is the anchor."""

    def __init__(self, bootstrap: Sequence[str], *, prefix: str, partitions: int, home: Path) -> None:
        self.home, self.anchor, self.partitions = home, home / "anchor", partitions
        self.names, self.bootstrap = TopicNames(prefix), tuple(bootstrap)
        self.broker = KafkaBroker(KafkaConfig(bootstrap_servers=tuple(bootstrap)), clock=SystemClock())
        self.public_key = home / "data" / "audit-signing-key.public.pem"
        self.settings = {
            "CONSULTGUARD_BROKER": "kafka",
            "CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS": ",".join(bootstrap),
            "CONSULTGUARD_TOPICS_PREFIX": prefix,
            "CONSULTGUARD_TOPICS_PARTITIONS": str(partitions),
            "CONSULTGUARD_WORKER_GROUP": prefix,
            "CONSULTGUARD_DATA_DIR": str(home / "data"),
            "CONSULTGUARD_LOG_FORMAT": "json",
            "CONSULTGUARD_AUDIT_ANCHOR": f"file:{self.anchor}",
            "CONSULTGUARD_AUDIT_CHECKPOINT_SECONDS": "2",
            "CONSULTGUARD_AUDIT_CHECKPOINT_RECORDS": "2000",
        }
        self.anchor.mkdir(parents=True)
        for words in (("topics", "ensure"), ("keys", "init"), ("keys", "signing")):
            done = self.command(*words)
            assert done.exit_code == 0, done.output

    def environment(self) -> dict[str, str]:
        """For a process of this deployment: no setting of the caller's is in it."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTGUARD_")}
        return clean | self.settings

    def command(self, *arguments: str) -> Result:
        """A command of ours, in this process."""
        none: dict[str, str | None] = {name: None for name in os.environ if name.startswith("CONSULTGUARD_")}
        done: Result = CliRunner().invoke(app, arguments, env=none | self.settings)
        return done

    def places(self) -> dict[str, TopicPartition]:
        """Where the chain of each input partition lies, by its id."""
        return {
            f"{self.names.chunks}/{number}": TopicPartition(self.names.audit, number)
            for number in range(self.partitions)
        }

    def judge(self, chunks: Sequence[TranscriptChunk], *, workers: int, say: Callable[[str], None]) -> dict[str, Any]:
        """Publish in slices, each while the workers are at work on the one before, and change who works in each."""
        running = [
            Worker(f"worker-{number}", environment=self.environment(), log=self.home / f"worker-{number}.log")
            for number in range(workers)
        ]
        changes = [(what, who % workers) for what, who in CHANGES] if workers > 1 else []
        size = -(-len(chunks) // (len(changes) + 1))
        ends: dict[TopicPartition, int] = {}
        codes: list[int] = []
        began = time.monotonic()
        for worker in running:
            worker.start()
        try:
            with (
                closing(self.broker.publisher(publisher_id=self.names.prefix)) as publisher,
                closing(self.broker.reader()) as reader,
            ):
                for number in range(len(changes) + 1):
                    part = chunks[number * size : (number + 1) * size]
                    before = sum(ends.values())
                    _extend(ends, publish_chunks(part, publisher, topic=self.names.chunks))
                    self._wait(reader, ends, before + len(part) // 4)
                    if number < len(changes):
                        what, who = changes[number]
                        codes += self._change(running[who], what)
                        say(f"{what} worker-{who} while number {sum(ends.values())} or so is being judged")
                self._wait(reader, ends, sum(ends.values()))
        finally:
            codes += [worker.stop() for worker in running if not worker.died]
        return {"seconds": round(time.monotonic() - began, 1), "changes": changes, "exit_codes": codes}

    @contextmanager
    def checkpointer(self) -> Iterator[subprocess.Popen[bytes]]:
        """`run checkpointer`, ended in order."""
        with (self.home / "checkpointer.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli.main", "run", "checkpointer", "--json"],
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _change(self, worker: Worker, what: str) -> list[int]:
        match what:
            case "stop":
                return [worker.stop()]
            case "kill":
                worker.kill()
            case _:
                seen = worker.log_text().count("partitions_assigned")
                worker.start()
                _until(lambda: worker.log_text().count("partitions_assigned") > seen)
        return []

    def _wait(self, reader: Reader, ends: dict[TopicPartition, int], count: int) -> None:
        _until(lambda: self._committed(reader, ends) >= count)

    def _committed(self, reader: Reader, ends: dict[TopicPartition, int]) -> int:
        """Positions of the input, which hold the markers of its transactions too; 0 while the broker does not tell,
        because a worker died with a commit begun."""
        with suppress(BrokerUnavailable):
            return sum(min(end, reader.committed(self.names.prefix, place) or 0) for place, end in ends.items())
        return 0

    def hand_overs(self) -> dict[str, int]:
        """How often another process went on with a chain, by its id."""
        found: dict[str, int] = {}
        with closing(self.broker.reader()) as reader:
            for chain_id, place in self.places().items():
                writers = [
                    orjson.loads(record.value or b"")["origin"]["process"] for record in reader.read(place, start=0)
                ]
                found[chain_id] = sum(one != other for one, other in pairwise(writers))
        return found


def consultations(count: int, *, length: int = 70) -> list[TranscriptChunk]:
    """`count` chunks of consultations that go on side by side, each another turn of the same few sayings.

    A window that came before is not judged again, so that the judge costs next to nothing.
    """
    consults = max(_TURNS, count // length)
    return [
        build_chunk(
            _SAYINGS[(number // consults + number % consults) % _TURNS],
            consult_id=f"visit-{number % consults}",
            seq=number // consults,
            role=SpeakerRole.PATIENT if (number // consults) % 2 else SpeakerRole.CLINICIAN,
        )
        for number in range(count)
    ]


def _extend(ends: dict[TopicPartition, int], refs: Sequence[RecordRef]) -> None:
    found: defaultdict[TopicPartition, int] = defaultdict(int, ends)
    for ref in refs:
        found[ref.topic_partition] = max(found[ref.topic_partition], ref.offset + 1)
    ends.update(found)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("it did not come to that in time; see the logs of the workers")
        time.sleep(0.1)
