"""A site of one machine: topics, workers on real threads, broker faults on demand, and what must hold in the end."""

import base64
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

import orjson

from pipeline.audit.chain import bound_to, sealed_in
from pipeline.audit.verify import verify
from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import (
    AssignmentListener,
    OutgoingRecord,
    Reader,
    Record,
    RecordRef,
    Stream,
    TopicPartition,
)
from pipeline.broker.key_codec import decode_key
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clean.cleaner import Cleaner
from pipeline.clock import Deadline, SystemClock
from pipeline.context.consultations import ContextLimits
from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.transcript import TranscriptChunk
from pipeline.domain.wire import AuditV1, VerdictV1
from pipeline.errors import CommitAborted, CommitUnknown
from pipeline.judge.base import Judge
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.opening import Opener
from pipeline.metrics import Metrics
from pipeline.runtime.erasure_watch import ErasureWatch
from pipeline.runtime.flow import Flow, Stages
from pipeline.runtime.health import Health
from pipeline.runtime.limits import WorkerLimits
from pipeline.runtime.worker import Worker
from pipeline.sink.dead_letter import DeadLetterLimit
from pipeline.source.decode import decode
from pipeline.testing.builders import chunk_record
from pipeline.testing.scripted_judge import ScriptedJudge

PROVIDER = EnvironmentKeys(base64.b64encode(bytes(32)).decode(), variable="KEY")
TOPICS = TopicNames()
GROUP = "flow"
PATIENCE_SECONDS = 30.0
SESSION_SECONDS = 1.0
"""Short, so that a dead worker's partitions move while a test waits."""


class Fault(Enum):
    """What happens at one commit."""

    ABORTED = "aborted"
    UNKNOWN_BUT_HAPPENED = "unknown_but_happened"
    UNKNOWN_AND_LOST = "unknown_and_lost"
    KILLED_BEFORE = "killed_before"
    KILLED_AFTER = "killed_after"


FATAL = frozenset({Fault.KILLED_BEFORE, Fault.KILLED_AFTER})


class Killed(Exception):
    """The process is gone: nothing it calls from here on does anything."""


class FaultyStream:
    """A stream whose commits fail as planned (by their number, from 0). Keeps the worker to the stream's contract."""

    def __init__(self, inner: Stream, faults: Mapping[int, Fault]) -> None:
        self._inner = inner
        self._faults = faults
        self._dead = False
        self._unsettled = False
        self.commits = 0

    def open(self, listener: AssignmentListener) -> None:
        self._listener = listener
        self._inner.open(self)

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        self._alive()
        self._listener.assigned(positions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self._alive()
        self._listener.revoked(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self._alive()
        self._listener.lost(partitions)

    def poll(self, *, timeout_seconds: float, max_records: int) -> Sequence[Record]:
        self._alive()
        return self._inner.poll(timeout_seconds=timeout_seconds, max_records=max_records)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        self._alive()
        self._inner.pause(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self._alive()
        self._inner.resume(partitions)

    def commit(self, outgoing: Sequence[OutgoingRecord], *, offsets: Mapping[TopicPartition, int]) -> None:
        self._alive()
        assert not self._unsettled, "a commit after a failed one, without a recover between"
        fault = self._faults.get(self.commits)
        self.commits += 1
        if fault in {None, Fault.UNKNOWN_BUT_HAPPENED, Fault.KILLED_AFTER}:
            self._inner.commit(outgoing, offsets=offsets)
        if fault is not None:
            self._unsettled = True
            self._dead = fault in FATAL
            self._alive()
            raise CommitAborted("planned") if fault is Fault.ABORTED else CommitUnknown("planned")

    def recover(self) -> Mapping[TopicPartition, int]:
        self._alive()
        self._unsettled = False
        return self._inner.recover()

    def close(self, deadline: Deadline) -> None:
        self._alive()
        self._inner.close(deadline)

    def bury(self) -> None:
        """Give back what the dead process held, once nobody looks any more."""
        if self._dead:
            with suppress(Killed):
                self._inner.close(Deadline(0.0, clock=SystemClock()))

    def _alive(self) -> None:
        if self._dead:
            raise Killed


class Running:
    """A worker on a thread of its own."""

    def __init__(self, worker: Worker, stream: FaultyStream, metrics: Metrics, health: Health) -> None:
        self._worker = worker
        self._thread = threading.Thread(target=self._run, name="worker")
        self.stream = stream
        self.metrics = metrics
        self.health = health
        self.error: BaseException | None = None

    def _run(self) -> None:
        try:
            self._worker.run()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def start(self) -> "Running":
        self._thread.start()
        return self

    def ask_to_stop(self) -> None:
        self._worker.stop()

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> BaseException | None:
        """Wait for the end; what `run` raised."""
        self._thread.join(PATIENCE_SECONDS)
        assert self.ended(), "the worker did not stop"
        return self.error

    def stop(self) -> None:
        """Stop and wait; whatever it raised is raised here."""
        self.ask_to_stop()
        error = self.join()
        if error is not None:
            raise error


def stages() -> Stages:
    """All the real ones but the tripwires, so that a test's own numbers raise nothing."""
    policy = load_policy(BUILT_IN_POLICY)
    return Stages(
        decode=lambda record: decode(record, max_text_chars=8_000),
        clean=Cleaner().clean,
        trip=lambda clean: (),
        decide=lambda finding, evidence, language: evaluate(finding, evidence, policy=policy, language=language),
    )


class Site:
    """Topics on the local broker, and the workers a test starts on them."""

    def __init__(self, folder: Path, *, partitions: int = 3) -> None:
        self._clock = SystemClock()
        self.broker = LocalBroker(
            folder, clock=self._clock, session_timeout_seconds=SESSION_SECONDS, heartbeat_interval_seconds=0.05
        )
        self.partitions = partitions
        admin = self.broker.topics()
        ensure(admin, required_topics(TOPICS, partitions=partitions, replication=1, min_insync=1), clock=self._clock)
        admin.close()
        self._publisher = self.broker.publisher(publisher_id="test")
        self._reader = self.broker.reader()
        self._workers: list[Running] = []
        self.stages = stages()

    def send(self, records: Iterable[OutgoingRecord]) -> list[RecordRef]:
        records = list(records)
        return [ref for at in range(0, len(records), 500) for ref in self._publisher.publish(records[at : at + 500])]

    def append(self, topic: str, value: bytes, *, partition: int) -> None:
        """Write something of an outsider's."""
        self._publisher.publish([OutgoingRecord(topic, b"k", value, partition)])

    def say(self, chunks: Iterable[TranscriptChunk]) -> list[RecordRef]:
        return self.send(chunk_record(chunk) for chunk in chunks)

    def worker(
        self,
        judge: Judge | None = None,
        *,
        instance_id: str = "w1",
        faults: Mapping[int, Fault] | None = None,
        limits: WorkerLimits | None = None,
        dead_letters: DeadLetterLimit | None = None,
        context: ContextLimits | None = None,
        reader: Reader | None = None,
        wrap: Callable[[FaultyStream], Stream] = lambda stream: stream,
    ) -> Running:
        stream = FaultyStream(
            self.broker.stream(topic=TOPICS.chunks, group=GROUP, instance_id=instance_id), faults or {}
        )
        metrics, health = Metrics(), Health()
        worker = Worker(
            stream=wrap(stream),
            reader=reader or self.broker.reader(),
            judge=judge or ScriptedJudge(),
            flow=Flow(self.stages, topics=TOPICS, actor=f"test {instance_id}", clock=self._clock),
            stages=self.stages,
            erasures=ErasureWatch(self.broker.reader(), events_topic=TOPICS.audit_events, clock=self._clock),
            chains=ChainWriter(
                audit_topic=TOPICS.audit, keys_topic=TOPICS.keys, keys=ConsultationKeys(PROVIDER, clock=self._clock)
            ),
            context=context or ContextLimits(),
            limits=limits or WorkerLimits(commit_interval_ms=5, drain_timeout_seconds=10.0),
            dead_letters=dead_letters or DeadLetterLimit(),
            metrics=metrics,
            health=health,
            clock=self._clock,
        )
        running = Running(worker, stream, metrics, health)
        self._workers.append(running)
        return running

    def close(self) -> None:
        for running in self._workers:
            running.ask_to_stop()
        for running in self._workers:
            if running.health.state.phase != "starting" or not running.ended():
                running.join()
            running.stream.bury()
        self._publisher.close()
        self._reader.close()

    # What is on the topics

    def read(self, topic: str) -> list[Record]:
        """Every record of a topic, partition by partition."""
        return [
            record
            for number in range(self.partitions)
            for record in self._reader.read(TopicPartition(topic, number), start=0)
        ]

    def count(self, topic: str) -> int:
        return sum(self._reader.end_offset(TopicPartition(topic, number)) for number in range(self.partitions))

    def verdicts(self) -> list[VerdictV1]:
        topics = (TOPICS.safe, TOPICS.contested, TOPICS.unsafe)
        return [VerdictV1.model_validate_json(record.value or b"") for topic in topics for record in self.read(topic)]

    def audit(self) -> list[AuditV1]:
        return [AuditV1.model_validate_json(record.value or b"") for record in self.read(TOPICS.audit)]

    def events(self) -> Counter[tuple[str, str]]:
        """How often each event with each outcome was recorded."""
        return Counter((record.event.value, record.outcome) for record in self.audit())

    def settled(self) -> bool:
        """Every record sent has its audit record."""
        return self.count(TOPICS.audit) >= self.count(TOPICS.chunks)

    def wait_settled(self) -> None:
        wait_until(self.settled)

    def check(self) -> None:
        """What must hold whatever happened: nothing lost, nothing twice, in order, chained, in one place each."""
        for number in range(self.partitions):
            self._check_partition(number)
        assert len(self.verdicts()) == sum(record.event == "judged" for record in self.audit())

    def _check_partition(self, number: int) -> None:
        inputs = list(self._reader.read(TopicPartition(TOPICS.chunks, number), start=0))
        links = list(self._reader.read(TopicPartition(TOPICS.audit, number), start=0))
        chain = verify(links, chain_id=f"{TOPICS.chunks}/{number}")
        assert chain.verified, chain
        audit = [AuditV1.model_validate_json(link.value or b"") for link in links]
        sources = [record.source for record in audit if record.source is not None]
        assert [source.offset for source in sources] == [record.ref.offset for record in inputs]
        self._check_sealed(number, inputs, links)
        by_topic: dict[str, list[int]] = {}
        for topic in (TOPICS.safe, TOPICS.contested, TOPICS.unsafe):
            for record in self._reader.read(TopicPartition(topic, number), start=0):
                body: dict[str, Any] = orjson.loads(record.value or b"")
                (at,) = [at for at, one in enumerate(audit) if one.verdict_id == body["verdict_id"]]
                assert (audit[at].outcome, audit[at].chunk_id) == (body["risk_level"], body["chunk_id"])
                assert record.key == body["consult_id"].encode()
                by_topic.setdefault(topic, []).append(sources[at].offset)
        by_topic["dead letters"] = [
            int(dict(record.headers)["consult.source.offset"])
            for record in self._reader.read(TopicPartition(TOPICS.dead_letter, number), start=0)
        ]
        for offsets in by_topic.values():
            assert offsets == sorted(set(offsets))
        published = sorted(offset for offsets in by_topic.values() for offset in offsets)
        decided = [at for at, one in enumerate(audit) if one.event in {"judged", "dead_lettered"}]
        assert published == [sources[at].offset for at in decided]

    def _check_sealed(self, number: int, inputs: Sequence[Record], links: Sequence[Record]) -> None:
        """Every record of a known consultation opens, with the keys of its partition, to the text that came in."""
        keys = self._reader.read(TopicPartition(TOPICS.keys, number), start=0)
        opener = Opener(PROVIDER, [key for record in keys if (key := decode_key(record.value or b"")) is not None])
        for record, link in zip(inputs, links, strict=True):
            body = orjson.loads(link.value or b"")
            sealed = sealed_in(body)
            assert (sealed is None) == (body["consult_id"] is None)
            if sealed is not None:
                raw = orjson.loads(opener.open(sealed, bound_to=bound_to(body)))["raw"]
                assert raw == orjson.loads(record.value or b"")["text"]


def wait_until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.005)


def stays(condition: Callable[[], bool], *, seconds: float) -> None:
    """Assert that something holds all the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition()
        time.sleep(0.01)
