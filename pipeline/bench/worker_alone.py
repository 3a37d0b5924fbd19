"""The worker's own cost: real broker, real stages, exactly once with full audit, and a judge that answers at once."""

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.bench.instant_judge import InstantJudge
from pipeline.bench.observe import observe
from pipeline.bench.profile import profiled
from pipeline.bench.resident import resident_mb
from pipeline.broker.base import Broker
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import SystemClock
from pipeline.domain.transcript import SpeakerRole, TranscriptChunk
from pipeline.metrics import Metrics
from pipeline.runtime.assembly import build_topic_specs, build_worker
from pipeline.runtime.engines import build_broker
from pipeline.settings import Settings
from pipeline.testing.builders import build_chunk, chunk_record

_CONSULTS = 200
_BATCH = 500
_SAYINGS = (
    "The cough is better since Monday, um, and I sleep through the night again.",
    "Take one tablet of 500 milligrams with food in the morning, please.",
    "Any fever or chills since we last spoke?",
    "No, no fever, just tired, and my blood pressure was 120 over 80 this morning.",
)


@dataclass(frozen=True, slots=True)
class WorkerCost:
    """`cpu_ms_per_chunk` is the whole process's CPU time while working, `rss_mb` its resident memory at the end.
    `stage_ms_per_chunk` is time of the worker's thread, waiting for the broker and for Python's lock included; what is
    not in it goes into polling, the judge's thread and the loop itself."""

    chunks: int
    seconds: float
    chunks_per_second: float
    cpu_ms_per_chunk: float
    rss_mb: float
    lost: int
    duplicated: int
    out_of_order: int
    verified: bool
    broker: str
    stage_ms_per_chunk: Mapping[str, float]

    def body(self) -> dict[str, object]:
        return asdict(self)


def measure_worker(settings: Settings, *, chunks: int, sealed: bool = True, profile: Path | None = None) -> WorkerCost:
    """Publish `chunks`, start a worker on them, and measure from its first assignment to the last commit.

    Without `sealed` the audit records hold nothing sealed, which no worker in use can be told. `profile` is where a
    page of where the worker's thread spends its time goes; it slows the worker down.
    Raises what the broker raises; MissingExtra.
    """
    clock = SystemClock()
    broker = build_broker(settings, clock=clock)
    admin = broker.topics()
    ensure(admin, build_topic_specs(settings, brokers=admin.brokers()), clock=clock)
    admin.close()
    names = TopicNames(settings.topics.prefix)
    sent = [_chunk(number) for number in range(chunks)]
    _publish(broker, sent, topic=names.chunks)
    assembled = build_worker(settings, clock=clock, broker=broker, judge=InstantJudge(), unsealed=not sealed)
    run = assembled.worker.run if profile is None else profiled(assembled.worker.run, profile)
    thread = threading.Thread(target=run, name="worker")
    thread.start()
    while assembled.health.state.partitions == 0 and thread.is_alive():
        time.sleep(0.001)
    began, cpu = time.perf_counter(), time.process_time()
    while assembled.health.state.committed < chunks and thread.is_alive():
        time.sleep(0.005)
    seconds, cpu_seconds, rss_mb = time.perf_counter() - began, time.process_time() - cpu, resident_mb()
    assembled.worker.stop()
    thread.join()
    with contextlib.closing(broker.reader()) as reader:
        found = observe(
            reader, names, partitions=broker.partitions(names.chunks), sent={chunk.chunk_id for chunk in sent}
        )
    return WorkerCost(
        chunks=chunks,
        seconds=round(seconds, 3),
        chunks_per_second=round(chunks / seconds, 1),
        cpu_ms_per_chunk=round(cpu_seconds / chunks * 1000, 4),
        rss_mb=rss_mb,
        lost=found.lost,
        duplicated=found.duplicated,
        out_of_order=found.out_of_order,
        verified=not found.flaws and not found.orphaned,
        broker=settings.broker,
        stage_ms_per_chunk=_stages(assembled.metrics, chunks=chunks),
    )


def _stages(metrics: Metrics, *, chunks: int) -> dict[str, float]:
    found = next(iter(metrics.stage_seconds.collect())).samples
    return {
        sample.labels["stage"]: round(sample.value / chunks * 1000, 4)
        for sample in found
        if sample.name.endswith("_total")
    }


def _chunk(number: int) -> TranscriptChunk:
    seq = number // _CONSULTS
    role = SpeakerRole.PATIENT if seq % 2 else SpeakerRole.CLINICIAN
    return build_chunk(_SAYINGS[number % len(_SAYINGS)], consult_id=f"bench-{number % _CONSULTS}", seq=seq, role=role)


def _publish(broker: Broker, chunks: Sequence[TranscriptChunk], *, topic: str) -> None:
    with contextlib.closing(broker.publisher(publisher_id="bench")) as publisher:
        for start in range(0, len(chunks), _BATCH):
            publisher.publish([chunk_record(chunk, topic=topic) for chunk in chunks[start : start + _BATCH]])
