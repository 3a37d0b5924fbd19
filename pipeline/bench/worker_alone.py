"""The worker's own cost: real broker, real stages, exactly once with full audit, and a judge that answers at once."""

import contextlib
import os
import threading
import time
from dataclasses import asdict, dataclass

from pipeline.bench.instant_judge import InstantJudge
from pipeline.bench.observe import observe
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import SystemClock
from pipeline.domain.transcript import SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.ingest.publish import publish_chunks
from pipeline.runtime.assembly import build_topic_specs, build_worker
from pipeline.runtime.engines import build_broker
from pipeline.settings import Settings

_CONSULTS = 200
_SAYINGS = (
    "The cough is better since Monday, um, and I sleep through the night again.",
    "Take one tablet of 500 milligrams with food in the morning, please.",
    "Any fever or chills since we last spoke?",
    "No, no fever, just tired, and my blood pressure was 120 over 80 this morning.",
)


@dataclass(frozen=True, slots=True)
class WorkerCost:
    """`cpu_ms_per_chunk` is the whole process's CPU time while working; `rss_mb` its resident memory at the end."""

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

    def body(self) -> dict[str, object]:
        return asdict(self)


def measure_worker(settings: Settings, *, chunks: int) -> WorkerCost:
    """Publish `chunks`, start a worker on them, and measure from its first assignment to the last commit.

    Raises what the broker raises.
    """
    clock = SystemClock()
    broker = build_broker(settings, clock=clock)
    admin = broker.topics()
    ensure(admin, build_topic_specs(settings), clock=clock)
    admin.close()
    names = TopicNames(settings.topics.prefix)
    sent = [_chunk(number) for number in range(chunks)]
    with contextlib.closing(broker.publisher(publisher_id="bench")) as publisher:
        publish_chunks(sent, publisher, topic=names.chunks)
    assembled = build_worker(settings, clock=clock, broker=broker, judge=InstantJudge())
    thread = threading.Thread(target=assembled.worker.run, name="worker")
    thread.start()
    while assembled.health.state.partitions == 0 and thread.is_alive():
        time.sleep(0.001)
    began, cpu = time.perf_counter(), time.process_time()
    while assembled.health.state.committed < chunks and thread.is_alive():
        time.sleep(0.005)
    seconds, cpu_seconds, rss_mb = time.perf_counter() - began, time.process_time() - cpu, _rss_mb()
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
    )


def _chunk(number: int) -> TranscriptChunk:
    seq = number // _CONSULTS
    return TranscriptChunk(
        tenant="bench",
        consult_id=f"bench-{number % _CONSULTS}",
        seq=seq,
        speaker=Speaker("spk_1", SpeakerRole.PATIENT if seq % 2 else SpeakerRole.CLINICIAN),
        text=_SAYINGS[number % len(_SAYINGS)],
        started_at_ms=seq * 3000,
        ended_at_ms=seq * 3000 + 2500,
        spoken_at="2026-01-05T09:00:00.000Z",
        source=SourceRef("bench", "built", "0"),
        language="en",
    )


def _rss_mb() -> float:
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
