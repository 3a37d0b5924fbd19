"""The whole worker with the real vLLM as its judge."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.bench.observe import observe
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import SystemClock
from pipeline.runtime.assembly import build_topic_specs, build_worker
from pipeline.runtime.engines import build_broker
from pipeline.settings import load_settings
from pipeline.testing.builders import build_chunk, chunk_record
from pipeline.trial.vllm_server import VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]
_CHUNKS = 240
_PATIENCE_SECONDS = 600.0


def test_a_judge_that_is_killed_holds_the_stream_and_nothing_is_lost(tmp_path: Path, vllm_server: VllmServer) -> None:
    settings = load_settings(
        broker="local",
        judge="vllm",
        data_dir=tmp_path,
        vllm={"endpoints": vllm_server.url, "model": vllm_server.name, "profile": "consultguard"},
        worker={"max_in_flight": 32},
    )
    clock, names = SystemClock(), TopicNames()
    broker = build_broker(settings, clock=clock)
    with closing(broker.topics()) as admin:
        ensure(admin, build_topic_specs(settings), clock=clock)
    said = [
        build_chunk(f"The knee hurts on stairs, night {number}.", consult_id=f"visit-{number % 8}", seq=number // 8)
        for number in range(_CHUNKS)
    ]
    with closing(broker.publisher(publisher_id="test")) as publisher:
        publisher.publish([chunk_record(chunk) for chunk in said])
    assembled = build_worker(settings, clock=clock, broker=broker)
    thread = threading.Thread(target=assembled.worker.run)
    thread.start()
    try:
        _wait(lambda: assembled.health.state.committed > 20)
        vllm_server.kill()
        _wait(lambda: assembled.health.state.breaker == "open")
        held = assembled.health.state.committed
        assert held < _CHUNKS
        vllm_server.start()
        _wait(lambda: assembled.health.state.committed == _CHUNKS)
        assert assembled.health.state.breaker == "closed"
    finally:
        assembled.worker.stop()
        thread.join(60)
    with closing(broker.reader()) as reader:
        found = observe(
            reader, names, partitions=broker.partitions(names.chunks), sent={chunk.chunk_id for chunk in said}
        )
    assert (found.lost, found.duplicated, found.out_of_order, found.orphaned, found.flaws) == (0, 0, 0, 0, ())
    assert sum(found.levels.values()) == _CHUNKS


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.02)
