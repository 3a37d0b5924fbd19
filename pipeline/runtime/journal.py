"""The chain of what happens to the service itself: one for the whole deployment, written by whoever does something.

A start, a change of policy or settings, a breaker, a verification, an export, an erasure, a look into what is sealed.
"""

import os
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from getpass import getuser
from importlib.metadata import version
from socket import gethostname

import structlog

from pipeline.audit.chain import EVENTS_CHAIN, link, resume
from pipeline.broker.base import Broker, OutgoingRecord, Record, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.clock import Clock, Deadline
from pipeline.domain.audit import AuditEvent, AuditRecord, Origin
from pipeline.errors import BrokerError
from pipeline.settings import Settings

_PUBLISHER = "audit-events"
_RETRY_SECONDS = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Note:
    event: AuditEvent
    outcome: str
    recorded_at_ms: int
    consult_id: str | None
    detail: Mapping[str, str]


def open_journal(settings: Settings, broker: Broker, *, role: str, clock: Clock) -> "Journal":
    """The journal of `consultguard-ROLE`: of a worker by its instance id, of a command by who runs it."""
    names = TopicNames(settings.topics.prefix)
    who = settings.worker.instance_id if role == "worker" else f"{getuser()}@{gethostname()}"
    actor = f"consultguard-{role}/{version('consultguard')} {who}"
    return Journal(broker, topic=names.audit_events, actor=actor, origin=this_process(), clock=clock)


def this_process() -> Origin:
    return Origin(gethostname(), os.getpid(), version("consultguard"))


class Journal:
    """`write` at once, or `note` from a thread that may not wait; `close` writes what is still noted.

    `actor` is who does it. `detail` holds short words, never protected text.
    """

    def __init__(self, broker: Broker, *, topic: str, actor: str, origin: Origin, clock: Clock) -> None:
        self._publisher = broker.publisher(publisher_id=_PUBLISHER)
        self._partition = TopicPartition(topic, 0)
        self.actor, self._origin, self._clock = actor, origin, clock
        self._lock = threading.Lock()
        self._notes: queue.SimpleQueue[_Note | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing: Deadline | None = None

    def write(
        self,
        event: AuditEvent,
        outcome: str,
        *,
        consult_id: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Durable on return. Raises BrokerError, and AuditBroken where the chain cannot be continued."""
        self._append(_Note(event, outcome, self._clock.now_ms(), consult_id, detail or {}))

    def note(self, event: AuditEvent, outcome: str, *, detail: Mapping[str, str] | None = None) -> None:
        """Written soon, by a thread of the journal's own, which tries again while the broker is away."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audit-events", daemon=True)
            self._thread.start()
        self._notes.put(_Note(event, outcome, self._clock.now_ms(), None, detail or {}))

    def close(self, deadline: Deadline) -> None:
        """What cannot be written by then is lost, and logged. A second call does nothing."""
        self._closing = deadline
        if self._thread is not None:
            self._notes.put(None)
            self._thread.join(max(0.0, deadline.remaining_seconds()))
            self._thread = None
        self._publisher.close()

    def _append(self, note: _Note) -> None:
        record = AuditRecord(
            event=note.event,
            outcome=note.outcome,
            recorded_at_ms=note.recorded_at_ms,
            source=None,
            actor=self.actor,
            consult_id=note.consult_id,
            origin=self._origin,
            detail=note.detail,
        )

        def after(last: Record | None) -> OutgoingRecord:
            value, _ = link(record, chain_id=EVENTS_CHAIN, head=resume(last, chain_id=EVENTS_CHAIN))
            key = None if record.consult_id is None else record.consult_id.encode()
            return OutgoingRecord(self._partition.topic, key, value, self._partition.partition)

        with self._lock:
            self._publisher.append(self._partition, after)

    def _run(self) -> None:
        while (note := self._notes.get()) is not None:
            while True:
                try:
                    self._append(note)
                    break
                except BrokerError as error:
                    if self._closing is not None and self._closing.passed:
                        _log.error("audit_event_not_written", audit_event=note.event.value, fault=error)
                        break
                    self._clock.sleep(_RETRY_SECONDS)
