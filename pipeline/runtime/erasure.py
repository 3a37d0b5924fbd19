"""Erasing a consultation: its data keys are destroyed, so that nobody can open what the audit trail holds of it, and
its records are removed from every other topic as far as the broker can. Audit records stay, and their chains hold.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass

from pipeline.broker.base import Broker, Erasure, Reader, TopicAdmin, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.clock import Clock, Deadline
from pipeline.domain.audit import AuditEvent
from pipeline.errors import BrokerUnavailable, InputError
from pipeline.runtime.data_keys import record_keys_of
from pipeline.runtime.erased import ASKED, cut_detail
from pipeline.runtime.erasure_watch import LOOK_SECONDS
from pipeline.runtime.journal import Journal

REASON_CHARS = 200

_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.25
_HEARING_SECONDS = 3 * LOOK_SECONDS


@dataclass(frozen=True, slots=True)
class TopicErasure:
    """What became of the consultation's `records` on a topic. `until_ms` is how long those stay that are not `gone`,
    at least; None where the topic has no such limit. Data keys that were destroyed before count until the broker's
    files have lost them."""

    topic: str
    became: Erasure
    records: int
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """`topics` begins with that of the keys. `spoke_on`: something of the consultation was written meanwhile, so that
    it has to be erased again once it has ended."""

    consult_id: str
    topics: tuple[TopicErasure, ...]
    spoke_on: bool


def checked_reason(text: str) -> str:
    """`text` fit for a record that is kept for years. Raises InputError."""
    reason = text.strip()
    if not 1 <= len(reason) <= REASON_CHARS or not reason.isprintable():
        raise InputError(
            f"the reason must have 1 to {REASON_CHARS} characters and none that cannot be printed; it is kept in the "
            "audit trail in clear, so name nobody"
        )
    return reason


class ConsultationErasure:
    """The erasing of one consultation. `run` may be repeated, and finishes what an interrupted one began.

    `group` is the workers', which have to let go of what they have in flight.
    """

    def __init__(self, broker: Broker, names: TopicNames, consult_id: str, *, group: str, clock: Clock) -> None:
        self._broker = broker
        self._names = names
        self._consult_id = consult_id
        self._group = group
        self._clock = clock
        self._others = (names.chunks, names.safe, names.contested, names.unsafe, names.dead_letter)

    def known(self) -> bool:
        """Whether any topic holds anything of the consultation. Looks where it is found soonest; the audit topic
        last, which knows it also when all else is gone. Raises BrokerError."""
        with closing(self._broker.reader()) as reader:
            if record_keys_of(reader, self._partitions(self._names.keys), self._consult_id):
                return True
            return any(self._holds(reader, topic) for topic in (*self._others, self._names.audit))

    def run(
        self, journal: Journal, *, reason: str, on_topic: Callable[[str], None] = lambda _topic: None
    ) -> ErasureReport:
        """Erase, with a record in the trail before and after.

        1. That it was asked for is durable, with the cut (pipeline.runtime.erased): no key is destroyed without a word
           in the trail. Workers hear of it, and write nothing more of what was said before.
        2. What they have in flight is waited for, a few seconds at most.
        3. The data keys, which puts what is sealed out of everybody's reach.
        4. Chunks, verdicts and dead letters.
        5. That it was done, topic by topic; `unfinished` where something of it was written meanwhile.

        Raises BrokerError, AuditBroken; what was done until then stays done.
        """
        with closing(self._broker.reader()) as reader, closing(self._broker.topics()) as admin:
            ends = {topic: self._ends(reader, topic) for topic in (self._names.keys, *self._others)}
            detail = {"reason": reason} | cut_detail(ends[self._names.chunks])
            journal.write(AuditEvent.ERASED, ASKED, consult_id=self._consult_id, detail=detail)  # Step 1
            self._let_workers_hear(reader)  # Step 2
            on_topic(self._names.keys)
            topics = [self._erase_keys(reader, admin)]  # Step 3
            for topic in self._others:
                on_topic(topic)
                topics.append(self._erase_records(reader, admin, topic))  # Step 4
            spoke_on = self._spoke_on(reader, ends)
            outcome = "unfinished" if spoke_on else "done"
            detail = {one.topic: f"{one.became} {one.records}" for one in topics}
            journal.write(AuditEvent.ERASED, outcome, consult_id=self._consult_id, detail=detail)  # Step 5
        return ErasureReport(self._consult_id, tuple(topics), spoke_on)

    def _let_workers_hear(self, reader: Reader) -> None:
        """Until every chunk of the consultation is done with, or every worker that runs has heard."""
        deadline = Deadline(_HEARING_SECONDS, clock=self._clock)
        left = [
            (partition, record.ref.offset)
            for partition in self._partitions(self._names.chunks)
            for record in reader.read(partition, start=self._done(reader, partition))
            if record.key == self._key
        ]
        while left and not deadline.passed:
            self._clock.sleep(_PAUSE_SECONDS)
            left = [(partition, offset) for partition, offset in left if self._done(reader, partition) <= offset]

    def _done(self, reader: Reader, partition: TopicPartition) -> int:
        return reader.committed(self._group, partition) or reader.begin_offset(partition)

    def _erase_keys(self, reader: Reader, admin: TopicAdmin) -> TopicErasure:
        """Those too that were destroyed before, for as long as the broker holds them: it compacts a partition only
        once something is written there after a while, and this is."""
        topic = self._names.keys
        keys = record_keys_of(reader, self._partitions(topic), self._consult_id, destroyed_too=True)
        became = self._insist(admin, topic, keys)
        records = sum(len(of_partition) for of_partition in keys.values())
        until_ms = None
        if records and became is not Erasure.GONE:
            lag_ms = _compaction_lag_ms(admin, topic)
            until_ms = None if lag_ms is None else self._clock.now_ms() + lag_ms
        return TopicErasure(topic, became, records, until_ms)

    def _erase_records(self, reader: Reader, admin: TopicAdmin, topic: str) -> TopicErasure:
        partitions = self._partitions(topic)
        times_ms = [
            record.timestamp_ms
            for partition in partitions
            for record in reader.read(partition, start=reader.begin_offset(partition))
            if record.key == self._key
        ]
        became = self._insist(admin, topic, {partition.partition: [self._key] for partition in partitions})
        until_ms = None
        if times_ms and became is Erasure.WITH_RETENTION:
            found = admin.describe(topic)
            kept_ms = -1 if found is None else found.retention_ms
            until_ms = None if kept_ms == -1 else max(times_ms) + kept_ms
        return TopicErasure(topic, became, len(times_ms), until_ms)

    def _insist(self, admin: TopicAdmin, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        """A log that is being read lets nobody empty it; it is read for moments at a time."""
        deadline = Deadline(_PATIENCE_SECONDS, clock=self._clock)
        while True:
            try:
                return admin.erase(topic, keys)
            except BrokerUnavailable:
                if deadline.passed:
                    raise
            self._clock.sleep(_PAUSE_SECONDS)

    def _spoke_on(self, reader: Reader, ends: Mapping[str, dict[int, int]]) -> bool:
        keys = self._partitions(self._names.keys)
        if record_keys_of(reader, keys, self._consult_id, since=ends[self._names.keys]):
            return True
        return any(
            record.key == self._key
            for topic in self._others
            for partition in self._partitions(topic)
            for record in reader.read(partition, start=ends[topic][partition.partition])
        )

    def _holds(self, reader: Reader, topic: str) -> bool:
        return any(
            record.key == self._key
            for partition in self._partitions(topic)
            for record in reader.read(partition, start=reader.begin_offset(partition))
        )

    def _ends(self, reader: Reader, topic: str) -> dict[int, int]:
        return {partition.partition: reader.end_offset(partition) for partition in self._partitions(topic)}

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self._broker.partitions(topic))]

    @property
    def _key(self) -> bytes:
        return self._consult_id.encode()


def _compaction_lag_ms(admin: TopicAdmin, topic: str) -> int | None:
    """How long the broker may leave what was overwritten alone, None where it does not tell."""
    found = admin.describe(topic)
    lag = "" if found is None else found.extra.get("max.compaction.lag.ms", "")
    return int(lag) if lag.isdigit() else None
