"""`consultguard demo`: sample consultations through the real worker, with what really happened read back at the end."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.text import Text

from pipeline.bench.observe import Observed, observe, percentile
from pipeline.broker.base import Broker, Reader, TopicPartition
from pipeline.broker.topics import TopicNames, ensure
from pipeline.cli.inputs import at_once, consultations, samples
from pipeline.cli.output import JsonOption, console, print_json, print_table, progress_console
from pipeline.cli.trial import trial_settings
from pipeline.clock import SystemClock
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import TranscriptChunk
from pipeline.ingest.publish import publish_chunks
from pipeline.log import configure
from pipeline.runtime.assembly import Assembled, build_topic_specs, build_worker
from pipeline.runtime.engines import build_broker
from pipeline.settings import Settings

EXAMPLES = """Examples:\n
  consultguard demo\n
  consultguard demo --input visit.vtt --input dialogues.jsonl --limit 30 --json\n
  consultguard demo --broker kafka --judge vllm\n
Kafka and vLLM are started for the demo, and stopped after it, unless CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS and
CONSULTGUARD_VLLM_ENDPOINTS name running ones.
"""
_COLOURS = {RiskLevel.SAFE: "green", RiskLevel.CONTESTED: "yellow", RiskLevel.UNSAFE: "bold red"}
_LOOK_SECONDS = 0.1
_TELL_SECONDS = 2.0


def demo(
    *,
    broker: Annotated[Literal["local", "kafka"], typer.Option(help="The broker to run on.")] = "local",
    judge: Annotated[Literal["embedded", "vllm"], typer.Option(help="The judge engine.")] = "embedded",
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input", help="A .vtt or .jsonl file; repeat for more. Default: the samples.", exists=True, dir_okay=False
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many consultations.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Moderate sample consultations, show each verdict as it comes, and count what really happened."""
    chunks = at_once(consultations(inputs, tenant="demo") if inputs else samples(), limit=limit)
    configure(level="warning", form="auto")
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consultguard-demo-")))
        settings = stack.enter_context(trial_settings(broker=broker, judge=judge, home=home))
        observed = _run(settings, chunks, show=not as_json)
    summary = _summary(observed, chunks=len(chunks), broker=broker, judge=judge)
    if as_json:
        print_json(summary)
    else:
        _print_summary(summary)
    whole = not (observed.lost or observed.duplicated or observed.out_of_order or observed.flaws or observed.orphaned)
    if not whole:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the demo runs on."""

    settings: Settings
    broker: Broker
    names: TopicNames
    reader: Reader
    partitions: int


def _run(settings: Settings, chunks: Sequence[TranscriptChunk], *, show: bool) -> Observed:
    clock = SystemClock()
    broker = build_broker(settings, clock=clock)
    admin = broker.topics()
    ensure(admin, build_topic_specs(settings, brokers=admin.brokers()), clock=clock)
    admin.close()
    assembled = build_worker(settings, clock=clock, broker=broker)
    names = TopicNames(settings.topics.prefix)
    scene = _Scene(settings, broker, names, broker.reader(), broker.partitions(names.chunks))
    with _working(assembled) as failure, contextlib.closing(scene.reader):
        publisher = broker.publisher(publisher_id="demo")
        with contextlib.closing(publisher):
            refs = publish_chunks(chunks, publisher, topic=names.chunks)
        ends: dict[TopicPartition, int] = {}
        for ref in refs:
            ends[ref.topic_partition] = max(ends.get(ref.topic_partition, 0), ref.offset + 1)
        progress = _Progress(assembled, total=len(chunks))
        _watch(scene, ends, failure, progress=None if show else progress)
        return observe(scene.reader, names, partitions=scene.partitions, sent={chunk.chunk_id for chunk in chunks})


@contextlib.contextmanager
def _working(assembled: Assembled) -> Iterator[list[BaseException]]:
    """The worker on a thread of its own; what ended it before its time is put into the list."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            assembled.worker.run()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that watches
            failure.append(error)

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield failure
    finally:
        assembled.worker.stop()
        thread.join()


class _Progress:
    """A line to standard error now and then, for those who wait without seeing verdicts."""

    def __init__(self, assembled: Assembled, *, total: int) -> None:
        self._assembled, self._total, self._told = assembled, total, time.monotonic()

    def tell(self) -> None:
        if time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            progress_console.print(f"{self._assembled.health.state.committed} of {self._total} chunks committed")


def _watch(
    scene: _Scene, ends: Mapping[TopicPartition, int], failure: Sequence[BaseException], *, progress: _Progress | None
) -> None:
    """Until everything sent is committed: show verdicts as they become visible, or tell the progress."""
    seen: dict[TopicPartition, int] = {}
    while True:
        if failure:
            raise failure[0]
        done = _committed(scene, ends)
        if progress is None:
            _show_new(scene, seen)
        else:
            progress.tell()
        if done:
            return
        time.sleep(_LOOK_SECONDS)


def _committed(scene: _Scene, ends: Mapping[TopicPartition, int]) -> bool:
    """Whether the group's committed positions are past everything that was sent."""
    group = scene.settings.worker.group
    return all((scene.reader.committed(group, partition) or 0) >= end for partition, end in ends.items())


def _show_new(scene: _Scene, seen: dict[TopicPartition, int]) -> None:
    fresh: list[dict[str, Any]] = []
    for level in RiskLevel:
        for number in range(scene.partitions):
            partition = TopicPartition(scene.names.verdicts(level), number)
            for record in scene.reader.read(partition, start=seen.get(partition, 0)):
                seen[partition] = record.ref.offset + 1
                fresh.append(orjson.loads(record.value or b"{}"))
    for body in sorted(fresh, key=lambda body: (body["consult_id"], body["seq"])):
        level = RiskLevel(body["risk_level"])
        reason = "" if level is RiskLevel.SAFE else f"  {body['reason']}"
        console.print(
            Text(f"{level:<9}", style=_COLOURS[level]),
            Text(f" {body['consult_id'][:14]:<14} {body['speaker_role']:<11} "),
            Text(body["text"], style="dim" if level is RiskLevel.SAFE else ""),
            Text(reason, style="italic"),
            sep="",
        )


def _summary(observed: Observed, *, chunks: int, broker: str, judge: str) -> dict[str, Any]:
    seconds = max(0.001, (observed.last_ms - observed.first_ms) / 1000)
    return {
        "chunks": chunks,
        "skipped": observed.skipped,
        "safe": observed.levels.get(RiskLevel.SAFE, 0),
        "contested": observed.levels.get(RiskLevel.CONTESTED, 0),
        "unsafe": observed.levels.get(RiskLevel.UNSAFE, 0),
        "dead_letter": observed.dead_letter,
        "lost": observed.lost,
        "duplicated": observed.duplicated,
        "out_of_order": observed.out_of_order,
        "audit": {"records": observed.audit_records, "verified": not observed.flaws and not observed.orphaned},
        "latency_ms": {
            "p50": percentile(observed.latencies_ms, 0.5),
            "p99": percentile(observed.latencies_ms, 0.99),
        },
        "chunks_per_second": round(chunks / seconds, 1),
        "broker": broker,
        "judge": judge,
    }


def _print_summary(summary: dict[str, Any]) -> None:
    rows: list[tuple[str, object]] = [(name.replace("_", " "), value) for name, value in summary.items()]
    rows = [(name, _words(value)) for name, value in rows]
    print_table(("", "counted by reading the topics back"), rows)
    console.print(
        "Latency is from the chunk's arrival at the broker; everything was sent at once, so it holds queueing."
    )


def _words(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {value[name]}" for name in value)
    return value
