"""A site of one machine whose worker has judged something, for the commands that look into its trail."""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from pipeline.audit.trail import TrailReport, chains_of, verify_trail
from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.topics import TopicNames, ensure
from pipeline.cli.main import app
from pipeline.clock import SystemClock
from pipeline.domain.transcript import TranscriptChunk
from pipeline.domain.wire import AuditV1
from pipeline.judge.base import Judge
from pipeline.runtime.assembly import build_topic_specs, build_worker
from pipeline.runtime.engines import build_broker
from pipeline.settings import load_settings
from pipeline.testing.builders import chunk_record
from pipeline.testing.scripted_judge import ScriptedJudge
from tests.flow.harness import wait_until

PARTITIONS = 2
TOPICS = TopicNames()


class JudgedSite:
    """The data folder that the settings name, and what is in it."""

    def __init__(self, home: Path) -> None:
        self.data = home / "data"
        self.key_file = self.data / "keys.json"
        self.settings = load_settings()
        self.clock = SystemClock()
        self.broker = build_broker(self.settings, clock=self.clock)
        admin = self.broker.topics()
        ensure(admin, build_topic_specs(self.settings), clock=self.clock)
        admin.close()

    def judge(self, chunks: Iterable[TranscriptChunk], judge: Judge | None = None) -> None:
        """Say them, and let a worker judge everything that is there."""
        self.publish(chunks)
        worker = build_worker(
            self.settings, clock=self.clock, broker=self.broker, judge=judge or ScriptedJudge()
        ).worker
        thread = threading.Thread(target=worker.run, name="worker")
        thread.start()
        try:
            wait_until(lambda: len(self.read(TOPICS.audit)) >= len(self.read(TOPICS.chunks)))
        finally:
            worker.stop()
            thread.join(30)

    def publish(self, chunks: Iterable[TranscriptChunk]) -> None:
        publisher = self.broker.publisher(publisher_id="test")
        publisher.publish([chunk_record(chunk) for chunk in chunks])
        publisher.close()

    def read(self, topic: str, *, partitions: int = PARTITIONS) -> list[Record]:
        reader = self.broker.reader()
        try:
            return [
                record for number in range(partitions) for record in reader.read(TopicPartition(topic, number), start=0)
            ]
        finally:
            reader.close()

    def events(self) -> list[AuditV1]:
        """What the service's own chain says."""
        return [
            AuditV1.model_validate_json(record.value or b"") for record in self.read(TOPICS.audit_events, partitions=1)
        ]

    def verified(self) -> TrailReport:
        reader = self.broker.reader()
        try:
            return verify_trail(
                reader,
                chains_of(TOPICS, partitions=PARTITIONS),
                checkpoint=None,
                retention_ms=self.settings.topics.audit_retention_ms,
                now_ms=self.clock.now_ms(),
            )
        finally:
            reader.close()

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        """A command of ours, in this process."""
        done: Result = CliRunner().invoke(app, arguments, input=answer)
        return done


def site_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgedSite]:
    """For a fixture: a site with no setting of the caller's, and structlog as it was."""
    for name in [name for name in os.environ if name.startswith("CONSULTGUARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(home)
    monkeypatch.setenv("CONSULTGUARD_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("CONSULTGUARD_TOPICS_PARTITIONS", str(PARTITIONS))
    yield JudgedSite(home)
    structlog.reset_defaults()


def files_below(folder: Path) -> Sequence[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
