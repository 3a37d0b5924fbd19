"""The whole worker on a real Kafka, while things go wrong around it."""

import asyncio
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

import pytest

from pipeline.bench.observe import Observed, observe
from pipeline.broker.base import OutgoingRecord, RecordRef, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import SystemClock
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.window import ContextWindow
from pipeline.errors import BrokerUnavailable
from pipeline.runtime.assembly import Assembled, build_topic_specs, build_worker
from pipeline.settings import load_settings
from pipeline.testing.builders import build_chunk, chunk_record
from pipeline.testing.scripted_judge import ScriptedJudge
from pipeline.trial.kafka_server import KafkaServer
from tests.kafka.serving import quick_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
_PARTITIONS = 4
_PATIENCE_SECONDS = 90.0
_TRIES = 4


class UnhurriedJudge(ScriptedJudge):
    """Takes a moment for each chunk, so that there is something in flight when things go wrong."""

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        await asyncio.sleep(0.01)
        return await super().judge(window)


class Site:
    """Topics of its own on the shared server, and workers on threads."""

    def __init__(self, server: KafkaServer, prefix: str) -> None:
        # A commit must give up while a suspended broker is still suspended.
        self.broker: KafkaBroker = quick_broker(
            server, request_timeout_ms=2_000, delivery_timeout_ms=2_500, commit_timeout_seconds=3.0,
            transaction_timeout_ms=6_000,
        )  # fmt: skip
        self.names = TopicNames(prefix)
        self.settings = load_settings(
            broker="kafka",
            topics={"prefix": prefix, "partitions": _PARTITIONS},
            worker={"group": prefix, "max_in_flight": 64},
            keys={"provider": "environment", "secret": b64encode(bytes(32)).decode()},
        )
        with closing(self.broker.topics()) as admin:
            ensure(admin, build_topic_specs(self.settings), clock=SystemClock())
        self.sent: set[str] = set()
        self.refs: list[RecordRef] = []
        self.failures: list[BaseException] = []

    def say(self, *, consultations: int, chunks: int) -> None:
        said = [
            build_chunk(f"Part {seq}, um, of what was said.", consult_id=f"visit-{number}", seq=seq)
            for seq in range(chunks)
            for number in range(consultations)
        ]
        self.sent.update(chunk.chunk_id for chunk in said)
        self.send([chunk_record(chunk, topic=self.names.chunks) for chunk in said])

    def send(self, records: list[OutgoingRecord]) -> None:
        with closing(self.broker.publisher(publisher_id=self.names.prefix)) as publisher:
            self.refs.extend(publisher.publish(records))

    @contextmanager
    def worker(self, name: str) -> Iterator[Assembled]:
        settings = self.settings.model_copy(
            update={"worker": self.settings.worker.model_copy(update={"instance_id": name})}
        )
        assembled = build_worker(settings, clock=SystemClock(), broker=self.broker, judge=UnhurriedJudge())

        def run() -> None:
            try:
                assembled.worker.run()
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.failures.append(error)

        thread = threading.Thread(target=run, name=name)
        thread.start()
        try:
            yield assembled
        finally:
            assembled.worker.stop()
            thread.join(60)
            assert not thread.is_alive()

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            assert not self.failures, self.failures
            assert time.monotonic() < end, "it did not come to that in time"
            time.sleep(0.05)

    def wait_committed(self, *, or_if: Callable[[], bool] = lambda: False) -> None:
        ends: dict[TopicPartition, int] = {}
        for ref in self.refs:
            ends[ref.topic_partition] = max(ends.get(ref.topic_partition, 0), ref.offset + 1)
        with closing(self.broker.reader()) as reader:
            group = self.settings.worker.group

            def done() -> bool:
                try:
                    return all((reader.committed(group, one) or 0) >= end for one, end in ends.items())
                except BrokerUnavailable:  # it is being restarted
                    return False

            self.wait(lambda: or_if() or done())

    def observe(self) -> Observed:
        with closing(self.broker.reader()) as reader:
            return observe(reader, self.names, partitions=_PARTITIONS, sent=self.sent)


@pytest.fixture
def site(kafka_server: KafkaServer, unique: Callable[[str], str]) -> Site:
    return Site(kafka_server, unique("worker"))


def assert_whole(found: Observed, *, records: int) -> None:
    assert (found.lost, found.duplicated, found.out_of_order, found.orphaned, found.flaws) == (0, 0, 0, 0, ())
    assert found.audit_records == records


def _has_committed(worker: Assembled, records: int) -> bool:
    return worker.health.state.committed > records


def test_a_second_worker_joins_under_load_and_the_first_leaves(site: Site) -> None:
    site.say(consultations=16, chunks=60)
    with site.worker("second") as second:
        with site.worker("first") as first:
            site.wait(lambda: first.health.state.partitions > 0 and second.health.state.partitions > 0)
            site.wait(lambda: first.health.state.committed > 0 and second.health.state.committed > 0)
        site.wait(lambda: second.health.state.partitions == _PARTITIONS)
        site.wait_committed()
    assert not site.failures
    assert_whole(site.observe(), records=16 * 60)


def test_a_broker_that_restarts_in_the_middle_costs_time_and_nothing_else(
    kafka_server: KafkaServer, unique: Callable[[str], str]
) -> None:
    """Again, with new topics, where the broker itself left a transaction open for ever (README, Operate)."""
    for _ in range(_TRIES):
        site = Site(kafka_server, unique("worker"))
        left_open = partial(kafka_server.left_open, site.names.prefix)
        site.say(consultations=16, chunks=60)
        with site.worker("only") as worker:
            site.wait(partial(_has_committed, worker, 100))
            kafka_server.kill()
            time.sleep(1)
            kafka_server.start()
            site.wait_committed(or_if=left_open)
        assert not site.failures
        if not left_open():
            assert_whole(site.observe(), records=16 * 60)
            return
    pytest.fail(f"the broker left a transaction open in each of {_TRIES} tries")


def test_a_commit_whose_outcome_is_unknown_is_settled_and_nothing_is_doubled(
    site: Site, kafka_server: KafkaServer
) -> None:
    site.say(consultations=16, chunks=60)
    with site.worker("only") as worker:
        site.wait(lambda: worker.health.state.committed > 100)
        kafka_server.suspend()
        try:
            failed = worker.metrics.registry.get_sample_value

            def unsettled() -> bool:
                outcomes = ("aborted", "unknown")
                return any(failed("consultguard_commits_total", {"outcome": outcome}) for outcome in outcomes)

            site.wait(unsettled)
        finally:
            kafka_server.resume()
        site.wait_committed()
    assert not site.failures
    assert_whole(site.observe(), records=16 * 60)


def test_unreadable_records_of_every_size_become_dead_letters_and_the_stream_goes_on(site: Site) -> None:
    largest = b"x" * (1024 * 1024 - 200)
    bad = [b"not json", b"\xff\xfe", b"{}", largest]
    site.send([OutgoingRecord(site.names.chunks, b"visit-0", value, 0) for value in bad])
    site.say(consultations=4, chunks=5)
    with site.worker("only"):
        site.wait_committed()
    assert not site.failures
    found = site.observe()
    assert found.dead_letter == len(bad)
    assert_whole(found, records=len(bad) + 4 * 5)
