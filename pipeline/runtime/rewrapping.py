"""Every data key wrapped anew under the provider's newest key, so that older ones can be given up. No record of the
audit trail is touched.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from pipeline.audit.chain import EVENTS_CHAIN, read_link
from pipeline.broker.base import Broker, OutgoingRecord, Publisher, Reader, TopicAdmin, TopicPartition
from pipeline.broker.key_codec import encode_key
from pipeline.broker.topics import TopicNames
from pipeline.domain.audit import AuditEvent
from pipeline.domain.sealing import WrappedKey
from pipeline.errors import KeyMissing, KeyRefused
from pipeline.keys.base import KeyProvider
from pipeline.keys.data_keys import rewrap_data_key
from pipeline.keys.key_file import read_key_file
from pipeline.keys.providers import key_file_of
from pipeline.runtime.data_keys import live_keys
from pipeline.runtime.journal import Journal
from pipeline.settings import Settings

_PUBLISHER = "audit-rewrap"
_BATCH_KEYS = 500


@dataclass(frozen=True, slots=True)
class RewrapReport:
    """`newest` wraps now. `in_use` counts data keys by the provider's key, as the topic of keys has them afterwards;
    `unused` are provider keys that no data key needs any more. `not_opened` says of a data key's id why it was left."""

    newest: str
    wrapped: int
    newest_already: int
    in_use: Mapping[str, int]
    unused: tuple[str, ...]
    not_opened: Mapping[str, str]


@dataclass(slots=True)
class _Count:
    wrapped: int = 0
    already: int = 0
    before: set[str] = field(default_factory=set)
    not_opened: dict[str, str] = field(default_factory=dict)


def known_provider_keys(settings: Settings) -> tuple[str, ...]:
    """The ids of the keys that the provider holds, where it tells: those of the key file. Raises KeysError."""
    if settings.keys.provider != "file":
        return ()
    return tuple(key.id for key in read_key_file(key_file_of(settings)))


def rewrap(
    broker: Broker,
    names: TopicNames,
    provider: KeyProvider,
    journal: Journal,
    *,
    known: Collection[str] = (),
    on_key: Callable[[int], None] = lambda _keys: None,
) -> RewrapReport:
    """Wrap anew what an older key wrapped, in batches of one transaction each; repeating goes on where it stopped.

    `known` are ids of provider keys to tell of whether they are used. `on_key` hears how many more keys were looked
    at. What was wrapped is read back before anything is called unused. A data key that does not open is left as it is.
    Holds the keys of one partition in memory. Raises BrokerError, AuditBroken, KeyUnavailable.
    """
    newest = provider.key_id
    count = _Count()
    partitions = [TopicPartition(names.keys, number) for number in range(broker.partitions(names.keys))]
    with (
        closing(broker.reader()) as reader,
        closing(broker.topics()) as admin,
        closing(broker.publisher(publisher_id=_PUBLISHER)) as publisher,
    ):
        journal.write(AuditEvent.KEY_ROTATED, "asked", detail={"provider_key_id": newest})
        run = _Run(reader, admin, publisher, provider, names, count)
        for partition in partitions:
            run.partition(partition, newest=newest, on_key=on_key)
        in_use = Counter(
            key.provider_key_id for partition in partitions for key in live_keys(reader, partition).values()
        )
    unused = tuple(sorted((count.before | set(known)) - set(in_use) - {newest}))
    report = RewrapReport(newest, count.wrapped, count.already, in_use, unused, count.not_opened)
    _record(journal, report)
    return report


class _Run:
    def __init__(
        self,
        reader: Reader,
        admin: TopicAdmin,
        publisher: Publisher,
        provider: KeyProvider,
        names: TopicNames,
        count: _Count,
    ) -> None:
        self._reader = reader
        self._admin = admin
        self._publisher = publisher
        self._provider = provider
        self._erasures = _Erasures(reader, TopicPartition(names.audit_events, 0))
        self._count = count

    def partition(self, partition: TopicPartition, *, newest: str, on_key: Callable[[int], None]) -> None:
        keys = live_keys(self._reader, partition)
        self._count.before.update(key.provider_key_id for key in keys.values())
        older = {record_key: key for record_key, key in keys.items() if key.provider_key_id != newest}
        self._count.already += len(keys) - len(older)
        on_key(len(keys) - len(older))
        rest = iter(older.items())
        while batch := list(islice(rest, _BATCH_KEYS)):
            self._batch(partition, batch)
            on_key(len(batch))

    def _batch(self, partition: TopicPartition, batch: Sequence[tuple[bytes, WrappedKey]]) -> None:
        anew = {record_key: again for record_key, key in batch if (again := self._again(key)) is not None}
        self._publisher.publish(
            [
                OutgoingRecord(partition.topic, record_key, encode_key(key), partition.partition)
                for record_key, key in anew.items()
            ]
        )
        self._count.wrapped += len(anew)
        # An erasure may have destroyed one of them between the reading and the writing, which brought it back.
        self._erasures.look()
        brought_back = {record_key for record_key, key in anew.items() if self._erasures.cover(key)}
        if brought_back:
            self._admin.erase(partition.topic, {partition.partition: brought_back})
            self._count.wrapped -= len(brought_back)

    def _again(self, key: WrappedKey) -> WrappedKey | None:
        try:
            return rewrap_data_key(self._provider, key)
        except (KeyMissing, KeyRefused) as fault:
            self._count.not_opened[key.key_id] = str(fault)
            return None


class _Erasures:
    """Which consultations are being erased while keys are wrapped anew: asked for and not done when it began, or asked
    for since."""

    def __init__(self, reader: Reader, journal: TopicPartition) -> None:
        self._reader = reader
        self._journal = journal
        self._next = reader.begin_offset(journal)
        self._asked_at_ms: dict[str, int] = {}
        self._begun = False
        self.look()
        self._begun = True

    def cover(self, key: WrappedKey) -> bool:
        """Whether one of them destroys this key: a key made later belongs to what was said later."""
        asked_at_ms = self._asked_at_ms.get(key.consult_id)
        return asked_at_ms is not None and key.created_at_ms <= asked_at_ms

    def look(self) -> None:
        """Read what the trail has by now."""
        end = self._reader.end_offset(self._journal)
        for record in self._reader.read(self._journal, start=self._next, stop=end):
            link = read_link(record.value)
            if isinstance(link, str) or link.chain_id != EVENTS_CHAIN or link.body.get("event") != AuditEvent.ERASED:
                continue
            consult_id, at_ms = link.body.get("consult_id"), link.body.get("recorded_at_ms")
            if not isinstance(consult_id, str) or not isinstance(at_ms, int):
                continue
            if link.body.get("outcome") == "asked":
                self._asked_at_ms[consult_id] = at_ms
            elif not self._begun:
                self._asked_at_ms.pop(consult_id, None)
        self._next = end


def _record(journal: Journal, report: RewrapReport) -> None:
    detail = {
        "provider_key_id": report.newest,
        "wrapped": str(report.wrapped),
        "newest_already": str(report.newest_already),
        "not_opened": str(len(report.not_opened)),
        "unused": " ".join(report.unused),
    }
    journal.write(AuditEvent.KEY_ROTATED, "incomplete" if report.not_opened else "done", detail=detail)
