"""What a commit leaves when the broker, the network or the worker fails in the middle of it."""

import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.net.connection import KafkaConnection
from kafka.protocol.producer import InitProducerIdRequest

from pipeline.broker.base import OutgoingRecord, Record, Stream, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.clock import Deadline
from pipeline.errors import BrokerUnavailable, CommitAborted, CommitUnknown
from pipeline.trial.kafka_server import KafkaServer
from tests.kafka.serving import CLOCK, quick_broker

Topic = Callable[[int], str]
PATIENCE_SECONDS = 60.0
TWENTY = [b"%d" % number for number in range(20)]


class Owned:
    def __init__(self) -> None:
        self.positions: dict[TopicPartition, int] = {}

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        self.positions.update(positions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in partitions:
            del self.positions[partition]

    lost = revoked


@pytest.fixture
def impatient(kafka_server: KafkaServer) -> KafkaBroker:
    """Gives up a commit after a second, and keeps its membership through the silences."""
    return quick_broker(
        kafka_server,
        session_timeout_ms=15_000,
        request_timeout_ms=900,
        delivery_timeout_ms=1_000,
        commit_timeout_seconds=1.0,
    )


@pytest.fixture
def opened() -> Iterator[Callable[[KafkaBroker, str, str], Stream]]:
    streams: list[Stream] = []

    def open_(broker: KafkaBroker, topic: str, group: str) -> Stream:
        stream = broker.stream(topic=topic, group=group, instance_id="worker-0")
        streams.append(stream)
        stream.open(Owned())
        return stream

    yield open_
    for stream in streams:
        stream.close(Deadline(5, clock=CLOCK))


def publish(broker: KafkaBroker, topic: str, values: Sequence[bytes]) -> None:
    publisher = broker.publisher(publisher_id=uuid.uuid4().hex)
    publisher.publish([OutgoingRecord(topic, b"consult-1", value, 0) for value in values])
    publisher.close()


def values(broker: KafkaBroker, topic: str) -> list[bytes | None]:
    place = TopicPartition(topic, 0)
    reader = broker.reader()
    try:
        reader.last(place, settle_seconds=PATIENCE_SECONDS)
        return [record.value for record in reader.read(place, start=0)]
    finally:
        reader.close()


def take(stream: Stream, count: int) -> list[Record]:
    deadline = Deadline(PATIENCE_SECONDS, clock=CLOCK)
    taken: list[Record] = []
    while len(taken) < count:
        assert not deadline.passed, f"{len(taken)} of {count} records came"
        taken.extend(stream.poll(timeout_seconds=0.5, max_records=count - len(taken)))
    return taken


def copy(stream: Stream, records: Sequence[Record], sink: str) -> None:
    outgoing = [OutgoingRecord(sink, record.key, record.value or b"", 0) for record in records]
    stream.commit(outgoing, offsets={records[-1].ref.topic_partition: records[-1].ref.offset + 1})


def recovered(stream: Stream) -> Mapping[TopicPartition, int]:
    deadline = Deadline(PATIENCE_SECONDS, clock=CLOCK)
    while True:
        try:
            return stream.recover()
        except BrokerUnavailable:
            assert not deadline.passed, "never recovered"


@pytest.mark.parametrize("silent_after_ms", [2, 20])
def test_a_broker_that_falls_silent_during_a_commit_neither_loses_nor_doubles(
    silent_after_ms: int,
    kafka_server: KafkaServer,
    impatient: KafkaBroker,
    topic: Topic,
    unique: Callable[[str], str],
    opened: Callable[[KafkaBroker, str, str], Stream],
) -> None:
    source, sink = topic(1), topic(1)
    publish(impatient, source, TWENTY)
    stream = opened(impatient, source, unique("group"))
    copy(stream, take(stream, 10), sink)
    rest = take(stream, 10)
    threading.Timer(silent_after_ms / 1000, kafka_server.suspend).start()
    commit_through_silence(stream, rest, sink, server=kafka_server)

    assert values(impatient, sink) == TWENTY
    assert stream.poll(timeout_seconds=0.5, max_records=10) == []


@pytest.mark.parametrize("silent_after_ms", [None, 0, 1, 2, 4])
def test_a_commit_whose_answer_is_lost_neither_loses_nor_doubles(
    silent_after_ms: int | None,
    kafka_server: KafkaServer,
    impatient: KafkaBroker,
    topic: Topic,
    unique: Callable[[str], str],
    opened: Callable[[KafkaBroker, str, str], Stream],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Silent right before the request to commit (None), or so long after it."""
    source, sink = topic(1), topic(1)
    publish(impatient, source, TWENTY)
    stream = opened(impatient, source, unique("group"))
    copy(stream, take(stream, 10), sink)
    rest = take(stream, 10)
    send_commit = KafkaProducer.commit_transaction

    def commit_into_silence(producer: KafkaProducer) -> None:
        if silent_after_ms is None:
            kafka_server.suspend()
        else:
            threading.Timer(silent_after_ms / 1000, kafka_server.suspend).start()
        send_commit(producer)

    with monkeypatch.context() as patched:
        patched.setattr(KafkaProducer, "commit_transaction", commit_into_silence)
        failure = commit_through_silence(stream, rest, sink, server=kafka_server, healed=patched.undo)

    assert silent_after_ms is not None or isinstance(failure, CommitUnknown)
    assert not isinstance(failure, CommitAborted)
    assert values(impatient, sink) == TWENTY
    assert stream.poll(timeout_seconds=0.5, max_records=10) == []


def commit_through_silence(
    stream: Stream,
    records: Sequence[Record],
    sink: str,
    *,
    server: KafkaServer,
    healed: Callable[[], None] = lambda: None,
) -> Exception | None:
    """Commit while the broker is silent for four seconds; afterwards recover and finish what was not done."""
    thaw = threading.Timer(4.0, server.resume)
    thaw.start()
    failure: Exception | None = None
    try:
        copy(stream, records, sink)
    except (CommitUnknown, CommitAborted) as error:
        failure = error
    thaw.join()
    healed()
    if failure is None:
        return None
    (position,) = recovered(stream).values()
    done = position > records[0].ref.offset
    assert not (done and isinstance(failure, CommitAborted))
    if not done:
        copy(stream, take(stream, len(records)), sink)
    return failure


def test_a_commit_while_the_broker_is_silent_ends_in_time_and_nothing_is_written(
    kafka_server: KafkaServer,
    impatient: KafkaBroker,
    topic: Topic,
    unique: Callable[[str], str],
    opened: Callable[[KafkaBroker, str, str], Stream],
) -> None:
    source, sink = topic(1), topic(1)
    publish(impatient, source, [b"1"])
    stream = opened(impatient, source, unique("group"))
    records = take(stream, 1)
    kafka_server.suspend()
    try:
        with pytest.raises(CommitAborted):
            copy(stream, records, sink)
        with pytest.raises(CommitAborted):
            copy(stream, records, sink)
    finally:
        kafka_server.resume()
    recovered(stream)
    copy(stream, take(stream, 1), sink)

    assert values(impatient, sink) == [b"1"]


def test_a_broker_that_falls_silent_while_a_failure_is_settled_is_asked_again(
    kafka_server: KafkaServer,
    topic: Topic,
    unique: Callable[[str], str],
    opened: Callable[[KafkaBroker, str, str], Stream],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its request times out long before the call would: the library then has no name for what happened."""
    broker = quick_broker(
        kafka_server,
        session_timeout_ms=15_000,
        request_timeout_ms=900,
        delivery_timeout_ms=1_000,
        commit_timeout_seconds=5.0,
    )
    source, sink = topic(1), topic(1)
    publish(broker, source, [b"1"])
    stream = opened(broker, source, unique("group"))
    take(stream, 1)
    send = KafkaConnection.send_request

    def send_into_silence(connection: KafkaConnection, request: Any, **more: Any) -> Any:
        if isinstance(request, InitProducerIdRequest):
            kafka_server.suspend()
        return send(connection, request, **more)

    with monkeypatch.context() as patched:
        patched.setattr(KafkaConnection, "send_request", send_into_silence)
        try:
            with pytest.raises(BrokerUnavailable):
                stream.recover()
        finally:
            kafka_server.resume()
    recovered(stream)
    copy(stream, take(stream, 1), sink)
    assert values(broker, sink) == [b"1"]


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_a_broker_that_restarts_in_the_middle_costs_nothing(
    how: str,
    kafka_server: KafkaServer,
    broker: KafkaBroker,
    topic: Topic,
    unique: Callable[[str], str],
    opened: Callable[[KafkaBroker, str, str], Stream],
) -> None:
    source, sink = topic(1), topic(1)
    expected = [b"%d" % number for number in range(30)]
    publish(broker, source, expected)
    stream = opened(broker, source, unique("group"))
    copy(stream, take(stream, 10), sink)
    in_flight = take(stream, 5)
    if how == "kill":
        kafka_server.kill()
        kafka_server.start()
    else:
        kafka_server.restart()

    deadline = Deadline(PATIENCE_SECONDS, clock=CLOCK)
    pending, seen = list(in_flight), 10
    while seen < 30:
        assert not deadline.passed
        try:
            if not pending:
                pending = list(stream.poll(timeout_seconds=0.5, max_records=5))
                continue
            copy(stream, pending, sink)
            seen += len(pending)
        except (CommitAborted, CommitUnknown):
            (position,) = recovered(stream).values() or (pending[0].ref.offset,)
            seen += len(pending) if position > pending[0].ref.offset else 0
        except BrokerUnavailable:
            continue
        pending = []

    assert values(broker, sink) == expected


def test_a_killed_workers_open_transaction_is_settled_by_its_successor(
    kafka_server: KafkaServer,
    broker: KafkaBroker,
    topic: Topic,
    unique: Callable[[str], str],
    opened: Callable[[KafkaBroker, str, str], Stream],
) -> None:
    source, sink, group = topic(1), topic(1), unique("group")
    publish(broker, source, [b"1"])
    leave_open(kafka_server, sink, transactional_id=f"consultguard-{group}-worker-0")
    place, reader = TopicPartition(sink, 0), broker.reader()
    with pytest.raises(BrokerUnavailable):
        reader.last(place, settle_seconds=0.3)

    stream = opened(broker, source, group)
    assert reader.last(place, settle_seconds=2.0) is None
    reader.close()
    copy(stream, take(stream, 1), sink)
    assert values(broker, sink) == [b"1"]


def test_the_last_record_is_found_behind_aborted_ones(
    kafka_server: KafkaServer, broker: KafkaBroker, topic: Topic, unique: Callable[[str], str]
) -> None:
    sink = topic(1)
    publish(broker, sink, [b"first", b"kept"])
    dead = unique("dead")
    leave_open(kafka_server, sink, transactional_id=f"consultguard-publisher-{dead}", records=40)
    successor = broker.publisher(publisher_id=dead)
    other = topic(1)
    successor.publish([OutgoingRecord(other, b"k", b"v", 0)])
    successor.close()
    reader = broker.reader()
    last = reader.last(TopicPartition(sink, 0), settle_seconds=5.0)
    everything = list(reader.read(TopicPartition(sink, 0), start=0))
    end = reader.end_offset(TopicPartition(sink, 0))
    reader.close()

    assert last is not None
    assert last.value == b"kept"
    assert [record.value for record in everything] == [b"first", b"kept"]
    assert end > 40


def leave_open(server: KafkaServer, topic: str, *, transactional_id: str, records: int = 1) -> None:
    """Write uncommitted records from a process that then dies without a word."""
    program = textwrap.dedent(
        """
        import os, sys
        from kafka import KafkaProducer
        server, topic, transactional_id, records = sys.argv[1:]
        producer = KafkaProducer(bootstrap_servers=server, transactional_id=transactional_id, linger_ms=50)
        producer.init_transactions()
        producer.begin_transaction()
        sent = [producer.send(topic, b"never committed", b"k", partition=0) for _ in range(int(records))]
        for future in sent:
            future.get(20)
        os._exit(9)
        """
    )
    arguments = [server.bootstrap_servers[0], topic, transactional_id, str(records)]
    died = subprocess.run([sys.executable, "-c", program, *arguments], timeout=60, check=False)
    assert died.returncode == 9
