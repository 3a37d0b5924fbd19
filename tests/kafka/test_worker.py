"""The whole worker on a real Kafka, while things go wrong around it."""

import asyncio
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from pipeline.audit.chain import bound_to, sealed_in
from pipeline.bench.observe import Observed, observe
from pipeline.broker.base import OutgoingRecord, RecordRef, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import Deadline, SystemClock
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.sealing import WrappedKey
from pipeline.domain.window import ContextWindow
from pipeline.errors import BrokerUnavailable
from pipeline.keys.data_keys import open_sealed, unwrap_data_key
from pipeline.keys.providers import build_key_provider
from pipeline.runtime.assembly import Assembled, build_topic_specs, build_worker
from pipeline.runtime.data_keys import live_keys
from pipeline.runtime.erasure import ConsultationErasure
from pipeline.runtime.journal import Journal, open_journal
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

    def of(self, consult_id: str) -> tuple[list[dict[str, Any]], dict[str, WrappedKey], list[int]]:
        """Of a consultation: its audit records, the keys that are left, and the numbers that have verdicts."""
        names = self.names
        with closing(self.broker.reader()) as reader:

            def bodies(topic: str) -> list[dict[str, Any]]:
                places = [TopicPartition(topic, number) for number in range(_PARTITIONS)]
                records = [record for place in places for record in reader.read(place, start=0)]
                return [orjson.loads(record.value or b"") for record in records if record.key == consult_id.encode()]

            keys = [
                key
                for number in range(_PARTITIONS)
                for key in live_keys(reader, TopicPartition(names.keys, number)).values()
                if key.consult_id == consult_id
            ]
            verdicts = [body["seq"] for topic in (names.safe, names.contested, names.unsafe) for body in bodies(topic)]
            return bodies(names.audit), {key.key_id: key for key in keys}, sorted(verdicts)

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        journal = open_journal(self.settings, self.broker, role="test", clock=SystemClock())
        try:
            yield journal
        finally:
            journal.close(Deadline(10.0, clock=SystemClock()))

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


def test_an_erased_consultation_goes_on_under_a_new_key_and_what_was_not_judged_of_it_is_not_published(
    site: Site,
) -> None:
    """Kafka keeps the chunks and, until compaction, the wrapped key: what a worker does not know it would use."""

    def said(*numbers: int) -> None:
        chunks = [build_chunk(f"Part {number} of it.", consult_id="gone", seq=number) for number in numbers]
        site.send([chunk_record(chunk, topic=site.names.chunks) for chunk in chunks])

    def erase() -> bool:
        group = site.settings.worker.group
        with site.journal() as journal:
            erasure = ConsultationErasure(site.broker, site.names, "gone", group=group, clock=SystemClock())
            return erasure.run(journal, reason="stream revoked").spoke_on

    with site.worker("only"), capture_logs() as logs:
        said(0, 1)
        site.wait_committed()
        assert not erase()
        site.wait(lambda: any(log["event"] == "erasure_heard" for log in logs))
        said(2, 3)
        site.wait_committed()
    said(4)
    assert not erase()
    said(5)
    with site.worker("only"):
        site.wait_committed()

    assert not site.failures
    links, keys, verdicts = site.of("gone")
    assert [(link["event"], link["outcome"]) for link in links] == [
        *[("judged", "safe")] * 4,
        ("skipped", "erased"),
        ("judged", "safe"),
    ]
    ids = [None if sealed_in(link) is None else link["sealed"]["key"] for link in links]
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert ids[4] is None
    assert len({ids[0], ids[2], ids[5]}) == 3
    assert list(keys) == [ids[5]]
    sealed = sealed_in(links[5])
    assert sealed is not None
    data_key = unwrap_data_key(build_key_provider(site.settings), keys[sealed.key_id])
    opened = open_sealed(sealed, data_key, bound_to=bound_to(links[5]))
    assert orjson.loads(opened)["request"]["turns"] == []
    assert verdicts == [0, 1, 2, 3, 5]
