"""One contender's run: topics of its own, the chunks published, its process started, watched, and killed at the end.

Rates are read off the topics, by the broker's own times; nothing a contender says of itself counts.
"""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

import orjson
from pydantic import SecretStr

from pipeline.bench.compare import (
    Measured,
    Published,
    duplicated_of,
    lost_of,
    mean_or_none,
    out_of_order_of,
    rate_of,
    repeated_of,
    window_of,
)
from pipeline.bench.contenders import Contender
from pipeline.bench.long_prompts import CONTEXT_TOKENS, LongPrompts
from pipeline.bench.peers.job import Job
from pipeline.bench.processes import RUN_WORKER, WorkerProcess, worker_environment
from pipeline.bench.rig import with_topics
from pipeline.bench.samples import usage_of
from pipeline.broker.base import Reader, Record, TopicPartition, TopicSpec
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import Clock, Deadline
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import BrokerUnavailable
from pipeline.runtime.assembly import build_topic_specs
from pipeline.runtime.engines import build_broker
from pipeline.settings import Settings, variable
from pipeline.testing.builders import chunk_record

_BATCH = 500
_WARM_UP_SHARE = 0.2
_FIRST_VERDICT_SECONDS = 300.0
_LOOK_SECONDS = 0.5
# Kafka's own time-out of a transaction, which Quix Streams leaves as it is, and the broker's interval of looking.
_SETTLE_SECONDS = 90.0
_LOG_TAIL_CHARS = 300
# For every verdict the broker's own time: Quix Streams gives what it produces the time of what it consumed.
_BROKER_TIME = {"message.timestamp.type": "LogAppendTime"}


@dataclass(frozen=True, slots=True)
class Terms:
    """The same for all: `seconds` after a warm-up of a fifth of it, `in_flight` of those peers that ask many at a time,
    and whether their answers are written to `max_tokens` even where the model would end them."""

    talk: LongPrompts
    seconds: float
    in_flight: int = 32
    max_tokens: int = 128
    whole_answers: bool = False


class ContenderEnded(Exception):
    """It ended by itself, or published nothing in time; the text says how."""


class ContenderRun:
    """`measure` is called once, `record_bytes` after it."""

    def __init__(self, contender: Contender, settings: Settings, terms: Terms, *, clock: Clock) -> None:
        self._contender, self._terms, self._clock = contender, terms, clock
        apart = with_topics(settings, partitions=settings.topics.partitions, name=contender.name)
        # What the one before it asked must not lie in the server's prefix cache.
        vllm = apart.vllm.model_copy(update={"cache_salt": SecretStr(token_hex(8))})
        self._settings = apart.model_copy(update={"vllm": vllm})
        self._names = TopicNames(apart.topics.prefix)
        self._partitions = range(apart.topics.partitions)
        self._broker = build_broker(apart, clock=clock)
        self._verdict_topics = (
            [f"{self._names.prefix}.verdicts"] if contender.module else [*map(self._names.verdicts, RiskLevel)]
        )

    def measure(self) -> Measured:
        """Raises ContenderEnded; what the broker raises."""
        self._make_topics()
        self._publish()
        self._settings.data_dir.mkdir(parents=True, exist_ok=True)
        process = self._process()
        with contextlib.closing(self._broker.reader()) as reader:
            process.start()
            try:
                cpu_seconds = self._watch(process, reader)
            finally:
                _kill(process)
            return self._measured(reader, cpu_seconds=cpu_seconds)

    def record_bytes(self) -> dict[str, float]:
        """Mean sizes of the worker's records: key, value and headers."""
        topics = {"chunk": [self._names.chunks], "verdict": self._verdict_topics, "audit": [self._names.audit]}
        with contextlib.closing(self._broker.reader()) as reader:
            sizes = {
                name: [_size(record) for topic in of for record in self._records(reader, topic)]
                for name, of in topics.items()
            }
        return {name: round(sum(found) / len(found), 1) for name, found in sizes.items() if found}

    def _make_topics(self) -> None:
        with contextlib.closing(self._broker.topics()) as admin:
            if self._contender.module:
                names = (self._names.chunks, *self._verdict_topics)
                specs = [TopicSpec(name, len(self._partitions)) for name in names]
            else:
                specs = [*build_topic_specs(self._settings, brokers=admin.brokers())]
            timed = [
                replace(spec, extra={**spec.extra, **_BROKER_TIME}) if spec.name in self._verdict_topics else spec
                for spec in specs
            ]
            ensure(admin, timed, clock=self._clock)

    def _publish(self) -> None:
        talk = self._terms.talk
        with contextlib.closing(self._broker.publisher(publisher_id="bench")) as publisher:
            for start in range(0, talk.chunks, _BATCH):
                chunks = map(talk.chunk, range(start, min(start + _BATCH, talk.chunks)))
                publisher.publish([chunk_record(chunk, topic=self._names.chunks) for chunk in chunks])

    def _process(self) -> WorkerProcess:
        name, home = self._contender.name, self._settings.data_dir
        if self._contender.module is None:
            same_prompts = {variable("context", "max_tokens"): str(CONTEXT_TOKENS)}
            environment = worker_environment(self._settings) | same_prompts
            return WorkerProcess(name, RUN_WORKER, environment=environment, home=home)
        return WorkerProcess(name, self._contender.command(self._job().argument()), environment={}, home=home)

    def _job(self) -> Job:
        settings, terms = self._settings, self._terms
        salt = settings.vllm.cache_salt
        return Job(
            bootstrap=settings.kafka.bootstrap_servers,
            chunks_topic=self._names.chunks,
            partitions=len(self._partitions),
            verdicts_topic=self._verdict_topics[0],
            group=settings.worker.group,
            url=settings.vllm.endpoints.split(",")[0].strip(),
            model=settings.vllm.model,
            max_tokens=terms.max_tokens,
            whole=terms.whole_answers,
            in_flight=terms.in_flight,
            cache_salt="" if salt is None else salt.get_secret_value(),
            home=str(settings.data_dir),
        )

    def _watch(self, process: WorkerProcess, reader: Reader) -> float | None:
        """Until the time is over or every chunk has its verdict; the CPU seconds that the process took after the
        warm-up, None where it was done before."""
        first = Deadline(_FIRST_VERDICT_SECONDS, clock=self._clock)
        while not self._begun(reader):
            if first.passed:
                raise ContenderEnded(f"no verdict within {_FIRST_VERDICT_SECONDS:.0f} s; {_last_words(process)}")
            self._look(process)
        warm_up = Deadline(_WARM_UP_SHARE * self._terms.seconds, clock=self._clock)
        over = Deadline((1 + _WARM_UP_SHARE) * self._terms.seconds, clock=self._clock)
        before: float | None = None
        while not over.passed and not self._finished(reader):
            if before is None and warm_up.passed:
                before = _cpu_seconds(process)
            self._look(process)
        after = _cpu_seconds(process)
        return None if before is None or after is None else after - before

    def _look(self, process: WorkerProcess) -> None:
        if process.died:
            raise ContenderEnded(f"it ended by itself with code {process.stop()}; {_last_words(process)}")
        self._clock.sleep(_LOOK_SECONDS)

    def _begun(self, reader: Reader) -> bool:
        return any(
            reader.end_offset(TopicPartition(topic, partition))
            for topic in self._verdict_topics
            for partition in self._partitions
        )

    def _finished(self, reader: Reader) -> bool:
        try:
            if sum(self._committed(reader).values()) < self._terms.talk.chunks:
                return False  # cheap, and enough while chunks are left
        except BrokerUnavailable:
            return False  # a transaction over the offsets is open
        return sum(1 for topic in self._verdict_topics for _ in self._records(reader, topic)) >= self._terms.talk.chunks

    def _committed(self, reader: Reader) -> dict[int, int]:
        """Of the input, by partition: the next offset to read."""
        group, topic = self._settings.worker.group, self._names.chunks
        return {
            partition: reader.committed(group, TopicPartition(topic, partition)) or 0 for partition in self._partitions
        }

    def _settled(self, reader: Reader) -> dict[int, int]:
        """As `_committed`, once the broker has ended a transaction that the killed process left open."""
        patience = Deadline(_SETTLE_SECONDS, clock=self._clock)
        while True:
            try:
                return self._committed(reader)
            except BrokerUnavailable:
                if patience.passed:
                    raise
                self._clock.sleep(_LOOK_SECONDS)

    def _measured(self, reader: Reader, *, cpu_seconds: float | None) -> Measured:
        sources = {
            orjson.loads(record.value or b"")["chunk_id"]: (record.ref.partition, record.ref.offset)
            for record in self._records(reader, self._names.chunks)
        }
        committed = self._settled(reader)
        by_topic = [[*map(_published(sources), self._records(reader, topic))] for topic in self._verdict_topics]
        every = [one for topic in by_topic for one in topic]
        if not every:
            raise ContenderEnded("it committed no verdict in its time")
        times_ms = [one.at_ms for one in every]
        seconds = self._terms.seconds
        finished = len(every) >= len(sources)
        window = window_of(times_ms, warm_up_seconds=_WARM_UP_SHARE * seconds, seconds=seconds, finished=finished)
        within = sum(map(window.holds, times_ms))
        return Measured(
            name=self._contender.name,
            what=self._contender.what,
            versions=self._contender.versions(),
            promise=self._contender.promise,
            chunks_per_second=round(rate_of(times_ms, window), 2),
            verdicts=within,
            seconds=round(window.seconds, 2),
            finished=finished,
            cpu_ms_per_chunk=round(1000 * cpu_seconds / within, 2) if cpu_seconds is not None and within else None,
            prompt_tokens=mean_or_none(one.prompt_tokens for one in every),
            answer_tokens=mean_or_none(one.answer_tokens for one in every),
            lost=lost_of(every, committed=committed, sent=sources.values()),
            repeated=repeated_of(every, committed=committed),
            duplicated=duplicated_of(every),
            out_of_order=sum(map(out_of_order_of, by_topic)),
        )

    def _records(self, reader: Reader, topic: str) -> Iterator[Record]:
        for partition in self._partitions:
            yield from reader.read(TopicPartition(topic, partition), start=0)


def _published(sources: Mapping[str, tuple[int, int]]) -> Any:
    def read(record: Record) -> Published:
        body = orjson.loads(record.value or b"")
        return Published(
            chunk_id=body["chunk_id"],
            consult_id=body["consult_id"],
            seq=body["seq"],
            at_ms=record.timestamp_ms,
            source=sources[body["chunk_id"]],
            prompt_tokens=body.get("prompt_tokens"),
            answer_tokens=body.get("answer_tokens"),
        )

    return read


def _kill(process: WorkerProcess) -> None:
    """As a crash would end it: what it had in hand shows what its guarantee is worth."""
    if process.pid is not None and not process.died:
        os.kill(process.pid, signal.SIGKILL)
    process.stop()


def _cpu_seconds(process: WorkerProcess) -> float | None:
    usage = None if process.pid is None else usage_of(process.pid)
    return None if usage is None else usage.cpu_seconds


def _last_words(process: WorkerProcess) -> str:
    told = process.log_file.read_text("utf-8", "replace").strip() if process.log_file.exists() else ""
    return f"its last words: {told[-_LOG_TAIL_CHARS:]}" if told else "it said nothing"


def _size(record: Record) -> int:
    return (
        len(record.key or b"")
        + len(record.value or b"")
        + sum(len(name) + len(value) for name, value in record.headers)
    )
