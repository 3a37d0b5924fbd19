"""How an audit trail that lies on a real Kafka is tampered with.

The tamperer may write every topic as he likes (the log of a partition is emptied and written anew under its own name)
and has no signing key, unless the tampering says so.
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition as LibraryPartition

from pipeline.audit.anchor_names import checkpoint_name
from pipeline.audit.canonical import canonical
from pipeline.audit.chain import EVENTS_CHAIN
from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.domain.audit import GENESIS
from tests.kafka.judged_trail import TrailSite

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding has to point: a chain and the record's number there, and the record's place in the rewritten
    list (None: past its end); or, for checkpoints, `topic` or `anchor` and the checkpoint's number."""

    where: str
    seq: int
    at: int | None = None


Expected = tuple[tuple[str, Place], ...]
"""Names of findings, and where each points."""


@dataclass(frozen=True, slots=True)
class Tampering:
    """`logs` are the new contents of partitions, `anchor` the new content of the anchor's files by number.

    `expected` are all findings there must be, by name; empty for what cannot be found, which `why` then explains.
    """

    group: str
    name: str
    expected: Expected
    logs: Mapping[TopicPartition, Sequence[bytes]] = field(default_factory=dict)
    anchor: Mapping[int, bytes] | None = None
    why: str = ""


class Trail:
    """The trail as it was left, in memory, and the means to put another in its place."""

    def __init__(self, site: TrailSite) -> None:
        self._site = site
        self._admin = KafkaAdminClient(bootstrap_servers=list(site.bootstrap))
        self.chains = site.places() | {EVENTS_CHAIN: TopicPartition(site.names.audit_events, 0)}
        self.checkpoints = TopicPartition(site.names.checkpoints, 0)
        with closing(site.broker.reader()) as reader:
            self.logs = {
                place: [record.value or b"" for record in reader.read(place, start=reader.begin_offset(place))]
                for place in (*self.chains.values(), self.checkpoints)
            }
        files = sorted(site.anchor.iterdir())
        self.anchor = {number: file.read_bytes() for number, file in enumerate(files)}
        self._written: set[TopicPartition] = set()

    @property
    def longest(self) -> tuple[str, TopicPartition]:
        """The input partition's chain of most records: its id, and where it lies."""
        return max(self._of_input(), key=lambda one: len(self.logs[one[1]]))

    @property
    def other(self) -> list[bytes]:
        """The records of another one."""
        return next(self.logs[place] for _, place in self._of_input() if place != self.longest[1])

    def _of_input(self) -> list[tuple[str, TopicPartition]]:
        return [one for one in self.chains.items() if one[0] != EVENTS_CHAIN]

    def put(self, tampering: Tampering) -> dict[TopicPartition, list[int]]:
        """Make topics and anchor what the tampering has them be; the offsets of the records written."""
        wanted = {place: self.logs[place] for place in self._written} | dict(tampering.logs)
        offsets = {place: self._rewrite(place, values) for place, values in wanted.items()}
        self._written = set(tampering.logs)
        shutil.rmtree(self._site.anchor)
        self._site.anchor.mkdir()
        for number, value in (self.anchor if tampering.anchor is None else tampering.anchor).items():
            (self._site.anchor / checkpoint_name(number)).write_bytes(value)
        return offsets

    def close(self) -> None:
        self._admin.close()

    def _rewrite(self, place: TopicPartition, values: Sequence[bytes]) -> list[int]:
        with closing(self._site.broker.reader()) as reader:
            end = reader.end_offset(place)
        self._admin.delete_records({LibraryPartition(*place): end})
        offsets: list[int] = []
        with closing(self._site.broker.publisher(publisher_id="tamperer")) as publisher:
            for start in range(0, len(values), _BATCH):
                records = [
                    OutgoingRecord(place.topic, None, value, place.partition)
                    for value in values[start : start + _BATCH]
                ]
                offsets += [ref.offset for ref in publisher.publish(records)]
        return offsets


def relinked(values: Sequence[bytes], *, since: int, changed: bool = True) -> list[bytes]:
    """A history that is sound in itself: from number `since` on the outcomes are others, and all is linked anew."""
    written = list(values[:since])
    prev = orjson.loads(written[-1])["hash"] if written else GENESIS.hash
    for number, value in enumerate(values[since:], since):
        body = orjson.loads(value)
        body.pop("hash")
        body["outcome"] = "safe" if changed and body["outcome"] != "safe" else "contested"
        prev = _linked(body, seq=number, prev=prev, written=written)
    return written


def follower(values: Sequence[bytes], seq: int, *, prev: str | None = None) -> bytes:
    """A record of the tamperer's, sound in itself, with this number; by default linked to the one before it."""
    body = orjson.loads(values[seq])
    body.pop("hash")
    body["outcome"] = "forged"
    written: list[bytes] = []
    before = (orjson.loads(values[seq - 1])["hash"] if seq else GENESIS.hash) if prev is None else prev
    _linked(body, seq=seq, prev=before, written=written)
    return written[0]


def _linked(body: dict[str, Any], *, seq: int, prev: str, written: list[bytes]) -> str:
    body["chain"] = {"id": body["chain"]["id"], "seq": seq, "prev": prev}
    clear = canonical(body)
    digest = sha256(clear).hexdigest()
    written.append(clear[:-1] + b',"hash":"' + digest.encode() + b'"}')
    return digest
