"""On a real Kafka with its authorizer on, what deploy/kafka/acls.sh gives is enough to work, and no more."""

import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    ResourcePattern,
    ResourceType,
)
from kafka.errors import KafkaError
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.broker.base import OutgoingRecord, TopicPartition, TopicSpec
from pipeline.broker.kafka.broker import KafkaBroker
from pipeline.broker.kafka.config import KafkaConfig
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import Deadline, SystemClock
from pipeline.domain.audit import AuditEvent
from pipeline.errors import BrokerError, BrokerRefused
from pipeline.runtime.assembly import build_topic_specs, build_worker
from pipeline.runtime.journal import open_journal
from pipeline.settings import Settings, load_settings
from pipeline.testing.builders import build_chunk, chunk_record
from pipeline.testing.scripted_judge import ScriptedJudge
from pipeline.trial.kafka_runtime import missing_tools
from pipeline.trial.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
SCRIPT = Path(__file__).parents[2] / "deploy" / "kafka" / "acls.sh"
CLOCK, NAMES = SystemClock(), TopicNames()
USERS = {
    f"consultguard-{name}": f"pw-{name}" for name in ("worker", "ingest", "auditor", "ehr", "checkpointer", "alert")
}
USERS["outsider"] = "pw-outsider"
_AUDIT = TopicPartition(NAMES.audit, 0)
_PATIENCE_SECONDS = 60.0


def _alter_retention(client: KafkaAdminClient) -> None:
    change = ConfigResource(ConfigResourceType.TOPIC, NAMES.audit, {"retention.ms": "1"})
    answered = client.alter_configs([change], raise_on_unknown=False)["topic"][NAMES.audit]
    if answered != "OK":
        raise KafkaError(answered)


ATTEMPTS: dict[str, Callable[[KafkaAdminClient], object]] = {
    "delete its records": lambda client: client.delete_records({LibraryPartition(NAMES.audit, 0): 1}),
    "delete it": lambda client: client.delete_topics([NAMES.audit]),
    "add partitions": lambda client: client.create_partitions({NAMES.audit: 9}),
    "keep it shorter": _alter_retention,
}


@pytest.fixture(scope="module")
def server() -> Iterator[KafkaServer]:
    if reason := missing_tools():
        pytest.skip(reason)
    with KafkaServer(users=USERS) as server:
        broker = KafkaBroker(KafkaConfig(bootstrap_servers=server.bootstrap_servers), clock=CLOCK)
        with closing(broker.topics()) as admin:
            ensure(admin, build_topic_specs(_settings(server, "worker")), clock=CLOCK)
        client = KafkaAdminClient(bootstrap_servers=list(server.bootstrap_servers))
        given = client.create_acls([acl for line in _lines() for acl in _parsed(line)])
        assert not given["failed"], given
        client.close()
        yield server


def _lines() -> list[str]:
    return [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line.startswith("kafka-acls.sh")]


def _parsed(line: str) -> Iterator[ACL]:
    """What kafka-acls.sh makes of a line."""
    words = shlex.split(line.replace('"$@"', ""))
    named = dict(re.findall(r"--(allow-principal|topic|group|transactional-id|resource-pattern-type) (\S+)", line))
    kind = next(kind for kind in ("topic", "group", "transactional-id") if kind in named)
    pattern = ACLResourcePatternType[named.get("resource-pattern-type", "literal").upper()]
    resource = ResourcePattern(ResourceType[kind.replace("-", "_").upper()], named[kind], pattern)
    for at, word in enumerate(words):
        if word == "--operation":
            operation = ACLOperation[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words[at + 1]).upper()]
            yield ACL(named["allow-principal"], "*", operation, ACLPermissionType.ALLOW, resource)


def _settings(server: KafkaServer, user: str) -> Settings:
    name = f"consultguard-{user}" if user != "outsider" else user
    return load_settings(
        broker="kafka",
        topics={"partitions": 1},
        worker={"instance_id": "north-1"},
        keys={"provider": "environment", "secret": "A" * 43 + "="},
        kafka={
            "bootstrap_servers": ",".join(server.users_bootstrap_servers),
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_username": name,
            "sasl_password": USERS[name],
        },
    )


def _as(server: KafkaServer, user: str) -> KafkaBroker:
    name = f"consultguard-{user}" if user != "outsider" else user
    config = KafkaConfig(
        bootstrap_servers=server.users_bootstrap_servers,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username=name,
        sasl_password=USERS[name],
    )
    return KafkaBroker(config, clock=CLOCK)


def _client(server: KafkaServer, user: str) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=list(server.users_bootstrap_servers),
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_plain_username=f"consultguard-{user}",
        sasl_plain_password=USERS[f"consultguard-{user}"],
    )


def test_the_script_is_what_the_command_prints() -> None:
    from typer.testing import CliRunner

    from pipeline.cli.topics import app

    assert CliRunner().invoke(app, ["acls"]).output == SCRIPT.read_text(encoding="utf-8")


def test_ingest_worker_and_journal_do_their_work_with_what_they_are_given(server: KafkaServer) -> None:
    with closing(_as(server, "ingest").publisher(publisher_id="vtt")) as publisher:
        publisher.publish([chunk_record(build_chunk("It aches.", consult_id="c-1", seq=seq)) for seq in range(5)])
    settings = _settings(server, "worker")
    broker = _as(server, "worker")
    with closing(broker.topics()) as admin:
        ensure(admin, build_topic_specs(settings), clock=CLOCK)  # looks, and finds nothing missing
    journal = open_journal(settings, broker, role="worker", clock=CLOCK)
    journal.write(AuditEvent.STARTED, "started")
    journal.close(Deadline(5, clock=CLOCK))
    assembled = build_worker(settings, clock=CLOCK, broker=broker, judge=ScriptedJudge())
    thread = threading.Thread(target=assembled.worker.run)
    thread.start()
    try:
        end = time.monotonic() + _PATIENCE_SECONDS
        while assembled.health.state.committed < 5:
            assert time.monotonic() < end, "nothing was judged"
            time.sleep(0.05)
    finally:
        assembled.worker.stop()
        thread.join(_PATIENCE_SECONDS)
    with closing(_as(server, "auditor").reader()) as reader:
        assert len(list(reader.read(_AUDIT, start=0))) == 5
    with closing(_as(server, "ehr").reader()) as reader:
        assert len(list(reader.read(TopicPartition(NAMES.safe, 0), start=0))) == 5


@pytest.mark.parametrize("user", ["ingest", "auditor", "ehr", "checkpointer", "alert", "outsider"])
@pytest.mark.parametrize("topic", [NAMES.audit, NAMES.audit_events, NAMES.keys])
def test_nobody_but_a_worker_may_append_to_the_trail(server: KafkaServer, user: str, topic: str) -> None:
    with closing(_as(server, user).publisher(publisher_id="forger")) as publisher, pytest.raises(BrokerError):
        publisher.publish([OutgoingRecord(topic, b"c-1", b"{}", 0)])


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("ehr", NAMES.contested),
        ("ehr", NAMES.audit),
        ("alert", NAMES.keys),
        ("auditor", NAMES.keys),
        ("auditor", NAMES.contested),
        ("ingest", NAMES.chunks),
        ("outsider", NAMES.safe),
        ("worker", NAMES.safe),
    ],
)
def test_nobody_reads_what_is_not_theirs(server: KafkaServer, user: str, topic: str) -> None:
    with closing(_as(server, user).reader()) as reader, pytest.raises(BrokerError):
        list(reader.read(TopicPartition(topic, 0), start=0))


@pytest.mark.parametrize("user", ["worker", "auditor", "checkpointer"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nobody_deletes_or_alters_the_trail(server: KafkaServer, user: str, attempt: str) -> None:
    client = _client(server, user)
    try:
        with pytest.raises(KafkaError) as refused:
            ATTEMPTS[attempt](client)
    finally:
        client.close()
    assert "authoriz" in f"{type(refused.value).__name__} {refused.value}".lower()


def test_a_worker_may_create_no_topic(server: KafkaServer) -> None:
    with closing(_as(server, "worker").topics()) as admin, pytest.raises(BrokerRefused):
        admin.create(TopicSpec("consult.mine", 1))
