"""Puts what the topic of checkpoints holds into the anchor, in order, none left out."""

from itertools import islice

import orjson

from pipeline.audit.anchor import Anchor
from pipeline.broker.base import Reader, Record, TopicPartition
from pipeline.errors import AuditBroken

_BATCH = 50
"""Put between two looks at the chains: a new anchor is filled with what the topic holds without holding those up."""


class Anchoring:
    """Owned by one thread. `begin` once, then `follow` until it is done, again whenever `more` was written.

    The topic comes first and this follows it, so that the anchor never has what nothing continues from, and what an
    anchor missed while it was away is put there later. One that cannot be read gets the topic's last checkpoint after a
    restart, without what it may have missed before that.
    """

    def __init__(self, anchor: Anchor | None, reader: Reader, topic: TopicPartition) -> None:
        self._anchor, self._reader, self._topic = anchor, reader, topic
        self._next = 0
        self._behind = False
        self.last_seq: int | None = None
        """Number of the last one put."""

    def after(self, seq: int) -> tuple[int, bytes] | None:
        """The first that the anchor holds after number `seq`; None where there is none or it tells nothing.

        Raises AnchorRefused, AnchorUnavailable.
        """
        if self._anchor is None or not self._anchor.readable:
            return None
        return next(iter(self._anchor.read(start=seq + 1)), None)

    def begin(self, last: Record | None) -> None:
        """Go on where the anchor ends. `last` is the topic's last checkpoint, which is put there again.

        Raises as `after` does, BrokerError.
        """
        self._behind = self._anchor is not None
        if last is None:
            self._next = self._reader.begin_offset(self._topic)
        elif self._anchor is None or not self._anchor.readable or self.after(seq_of(last) - 1) is not None:
            self._next = last.ref.offset
        else:
            self._next = self._offset_of(self._newest_before(seq_of(last)), last)

    def more(self) -> None:
        """The topic has another checkpoint."""
        self._behind = self._anchor is not None

    def follow(self) -> bool:
        """Put the next few; True once the anchor holds all that the topic has. Raises as `Anchor.put` does, and
        BrokerError; what was not put is put the next time."""
        if self._anchor is None or not self._behind:
            return True
        found = list(islice(self._reader.read(self._topic, start=self._next), _BATCH))
        for record in found:
            seq = seq_of(record)
            self._anchor.put(seq, record.value or b"")
            self._next, self.last_seq = record.ref.offset + 1, seq
        self._behind = len(found) == _BATCH
        return not self._behind

    def _newest_before(self, seq: int) -> int | None:
        """By halving, the last number that the anchor holds, given that there is none from `seq` on."""
        if self.after(-1) is None:
            return None
        low, high = 0, seq
        while high - low > 1:
            middle = (low + high) // 2
            if self.after(middle - 1) is None:
                high = middle
            else:
                low = middle
        return low

    def _offset_of(self, seq: int | None, last: Record) -> int:
        """By halving, where the topic holds this number, or the first after it that is kept."""
        low, high = self._reader.begin_offset(self._topic), last.ref.offset
        while seq is not None and low < high:
            middle = (low + high) // 2
            record = next(iter(self._reader.read(self._topic, start=middle, stop=high)), None)
            if record is None or seq_of(record) >= seq:
                high = middle
            else:
                low = record.ref.offset + 1
        return low


def seq_of(record: Record) -> int:
    """The number of the checkpoint that a record holds. Raises AuditBroken."""
    try:
        seq = orjson.loads(record.value or b"")["seq"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise AuditBroken(_none(record)) from error
    if type(seq) is not int or seq < 0:
        raise AuditBroken(_none(record))
    return seq


def _none(record: Record) -> str:
    place = f"the record at offset {record.ref.offset} of {record.ref.topic}"
    return f"{place} is no checkpoint: run `consultguard audit verify`"
