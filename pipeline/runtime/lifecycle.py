"""What a worker's start, end and breaker leave in the audit trail."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import orjson
import structlog

from pipeline.audit.chain import EVENTS_CHAIN, read_link
from pipeline.broker.base import Reader, TopicPartition
from pipeline.clock import Clock, Deadline
from pipeline.domain.audit import AuditEvent
from pipeline.domain.policy import Policy
from pipeline.errors import AuditBroken, BrokerError
from pipeline.runtime.journal import Journal
from pipeline.settings import Settings

_SETTINGS = "settings."
_DIGEST_DIGITS = 12
_CLOSE_SECONDS = 10.0
_log = structlog.get_logger()


@contextmanager
def recorded(
    journal: Journal, reader: Reader, *, topic: str, settings: Settings, policy: Policy, clock: Clock
) -> Iterator[None]:
    """Start and end of the block are in the trail, and before the start what is different since the last one.

    Raises BrokerError before the block: who cannot write the trail does not judge.
    """
    now = _described(settings, policy)
    for event, detail in _changes(_last_start(reader, topic, actor=journal.actor), now):
        journal.write(event, "changed", detail=detail)
    journal.write(AuditEvent.STARTED, "started", detail=now)
    try:
        yield
    except BaseException:
        try:
            journal.write(AuditEvent.STOPPED, "fault")
        except (BrokerError, AuditBroken) as error:
            # What ended the block is what has to be told; often it is the same broker.
            _log.error("audit_event_not_written", audit_event=AuditEvent.STOPPED.value, fault=error)
        raise
    else:
        journal.write(AuditEvent.STOPPED, "asked")
    finally:
        journal.close(Deadline(_CLOSE_SECONDS, clock=clock))


def note_breaker(journal: Journal, state: str) -> None:
    """Half-open is between the two: only what keeps the stream standing, and its end, are events."""
    if state == "open":
        journal.note(AuditEvent.BREAKER_OPENED, "opened")
    elif state == "closed":
        journal.note(AuditEvent.BREAKER_CLOSED, "closed")


def _described(settings: Settings, policy: Policy) -> dict[str, str]:
    """Policy, judge, and a digest of each group of settings: what changed can be told, and no value is shown."""
    dumped: Mapping[str, object] = settings.model_dump(mode="json")
    return {
        "policy": f"{policy.id}/{policy.version}",
        "judge": settings.judge,
        "broker": settings.broker,
        **{f"{_SETTINGS}{name}": _digest(value) for name, value in sorted(dumped.items())},
    }


def _digest(value: object) -> str:
    """Secrets are dumped as asterisks, so that no digest of them can be tried out."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hmac.new(b"consultguard settings", text, hashlib.sha256).hexdigest()[:_DIGEST_DIGITS]


def _changes(before: Mapping[str, str] | None, now: Mapping[str, str]) -> Iterator[tuple[AuditEvent, dict[str, str]]]:
    if before is None:
        return
    if before.get("policy") != now["policy"]:
        yield AuditEvent.POLICY_CHANGED, {"from": before.get("policy", ""), "to": now["policy"]}
    groups = [name for name in sorted(now) if name != "policy" and before.get(name) != now[name]]
    if groups:
        yield AuditEvent.CONFIGURATION_CHANGED, {"groups": " ".join(name.removeprefix(_SETTINGS) for name in groups)}


def _last_start(reader: Reader, topic: str, *, actor: str) -> Mapping[str, str] | None:
    """What the newest start of this worker was described by; it is the same one after an upgrade."""
    partition, found = TopicPartition(topic, 0), None
    for record in reader.read(partition, start=reader.begin_offset(partition)):
        link = read_link(record.value)
        if isinstance(link, str) or link.chain_id != EVENTS_CHAIN:
            continue
        if link.body.get("event") == "started" and _who(link.body.get("actor", "")) == _who(actor):
            found = link.body.get("detail")
    return found


def _who(actor: str) -> str:
    """Without the version."""
    return actor.partition(" ")[2]
