"""The service that signs how far the audit trail has come: one process for the whole deployment.

Order, each step durable before the next:
1. The records that are new are read and checked, every second.
2. A checkpoint over them is signed, after so many records or so long, in quiet times too.
3. It is appended to the topic, behind the one this process follows or not at all: of two checkpointers one goes on.
4. It is put into the anchor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.audit.anchor import Anchor
from pipeline.audit.checkpoint import Flaw
from pipeline.audit.checkpointer import Checkpointer
from pipeline.broker.base import OutgoingRecord, Publisher, Reader, Record, TopicPartition
from pipeline.clock import Clock, Deadline
from pipeline.errors import (
    AnchorError,
    AuditBroken,
    BrokerUnavailable,
    CheckpointForged,
    CommitAborted,
    CommitUnknown,
    ConsultGuardError,
    Fenced,
)
from pipeline.runtime.anchoring import Anchoring, seq_of

_POLL_SECONDS = 1.0
_ANCHOR_RETRY_SECONDS = 5.0
_SETTLE_SECONDS = 15.0
_END_SECONDS = 20.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Cadence:
    """A checkpoint after `records` new ones, or after `seconds` whether there were any or not."""

    records: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """What a run did: checkpoints `written`, the number of the topic's last (None: there is none) and of the last put
    into the anchor."""

    written: int
    last_seq: int | None
    anchored_seq: int | None


class CheckpointService:
    """`run` or `run_once` is called once, by the thread that owns reader, publisher and anchor.

    `public_keys`: those that may have signed the topic's last checkpoint, the current one first. A fault that is
    `retriable` is logged and tried again; any other ends the run: AuditBroken (a chain is not sound, or the topic was
    rolled back), Fenced (another checkpointer goes on), AnchorRefused, BrokerError.
    """

    def __init__(
        self,
        checkpointer: Checkpointer,
        *,
        reader: Reader,
        publisher: Publisher,
        topic: TopicPartition,
        anchor: Anchor | None,
        public_keys: Sequence[Ed25519PublicKey],
        cadence: Cadence,
        clock: Clock,
    ) -> None:
        self._checkpointer, self._reader, self._publisher, self._topic = checkpointer, reader, publisher, topic
        self._anchoring = Anchoring(anchor, reader, topic)
        self._public_keys, self._cadence, self._clock = public_keys, cadence, clock
        self._stopping = Event()
        self._followed: bytes | None = None  # the topic's last record as this process knows it
        self._pending: bytes | None = None  # signed, and not known to be in the topic
        self._unsure = False  # whether `_pending` may be there all the same
        self._new_records = 0
        self._signed_at = 0.0
        self._anchor_at = 0.0
        self._written = 0
        self._last_seq: int | None = None

    def stop(self) -> None:
        """Ask `run` to sign a last checkpoint and return. From any thread; before `run`, or twice, is fine."""
        self._stopping.set()

    def run(self) -> Checkpointed:
        """Work until stopped."""
        if self._start_when_it_can():
            while not self._stopping.is_set():
                self._step()
                self._clock.sleep(_POLL_SECONDS)
            self._end(Deadline(_END_SECONDS, clock=self._clock))
        return self._told()

    def run_once(self) -> Checkpointed:
        """Sign one checkpoint over what there is now; raises where that cannot be done soon."""
        self._start()
        self._end(Deadline(_END_SECONDS, clock=self._clock))
        return self._told()

    def _start_when_it_can(self) -> bool:
        """False if stopped first."""
        while True:
            try:
                self._start()
            except ConsultGuardError as error:
                if not error.retriable:
                    raise
                _log.warning("checkpointer_not_started", fault=error)
                if self._stopping.is_set():
                    return False
                self._clock.sleep(_POLL_SECONDS)
            else:
                return True

    def _start(self) -> None:
        last = self._settled_last()
        if last is not None:
            self._resume(last)
            self._followed, self._last_seq = last.value, seq_of(last)
        self._anchoring.begin(last)
        self._signed_at = self._clock.monotonic()
        _log.info("checkpointer_started", last_seq=self._last_seq)

    def _settled_last(self) -> Record | None:
        """The topic's last record, once the anchor holds nothing after it. Raises AuditBroken where it does."""
        before = None
        while True:
            last = self._reader.last(self._topic, settle_seconds=_SETTLE_SECONDS)
            seq = -1 if last is None else seq_of(last)
            ahead = self._anchoring.after(seq)
            if ahead is None:
                return last
            # Another checkpointer may have written to both in between, to the topic first: then it is there by now.
            if seq == before:
                ends = "has none" if last is None else f"ends with number {seq}"
                raise AuditBroken(
                    f"the anchor holds checkpoint {ahead[0]} and the topic {self._topic.topic} {ends}: an older state "
                    "was put back. Nothing is signed: run `consultguard audit verify` and restore the topics"
                )
            before = seq

    def _resume(self, last: Record) -> None:
        flaw: CheckpointForged | None = None
        for public_key in self._public_keys:
            try:
                self._checkpointer.resume(last.value or b"", public_key=public_key)
            except CheckpointForged as error:
                flaw = error
                if error.flaw != Flaw.ANOTHER_KEY:
                    break
            else:
                return
        raise AuditBroken(
            f"the topic {self._topic.topic} ends with what this deployment cannot go on from ({flaw}): name the key "
            "that signed before with --earlier-key, set the origin right, or run `consultguard audit verify`"
        ) from flaw

    def _step(self) -> None:
        self._follow_anchor()
        try:
            self._advance()
            if self._pending is None and self._due():
                self._sign()
            if self._pending is not None:
                self._write()
        except ConsultGuardError as error:
            if not error.retriable:
                raise
            _log.warning("checkpoint_delayed", fault=error)
        self._follow_anchor()

    def _advance(self) -> None:
        self._new_records += self._checkpointer.advance()

    def _due(self) -> bool:
        waited_seconds = self._clock.monotonic() - self._signed_at
        return self._new_records >= self._cadence.records or waited_seconds >= self._cadence.seconds

    def _sign(self) -> None:
        """These bytes are kept until they are known to be in the topic: no other is signed under their number."""
        self._pending = self._checkpointer.checkpoint()
        self._signed_at = self._clock.monotonic()
        _log.debug("checkpoint_signed", new_records=self._new_records)
        self._new_records = 0

    def _write(self) -> None:
        """Append what is signed, unless the topic has it already. Raises Fenced where another one follows there."""
        value = self._pending
        assert value is not None

        def after(last: Record | None) -> OutgoingRecord:
            found = None if last is None else last.value or b""
            if self._unsure and found == value:
                raise _Written
            if found != self._followed:
                raise _Overtaken
            return OutgoingRecord(self._topic.topic, None, value, self._topic.partition)

        try:
            self._publisher.append(self._topic, after)
        except _Written:
            pass
        except _Overtaken as error:
            raise Fenced(
                f"another checkpointer wrote to {self._topic.topic}: it goes on and this one stops; run one at a time"
            ) from error
        except Fenced as error:
            raise CommitAborted("another publisher of checkpoints came in between") from error
        except (CommitUnknown, BrokerUnavailable):
            self._unsure = True
            raise
        self._checkpointer.written(value)
        self._followed, self._pending, self._unsure = value, None, False
        self._written += 1
        self._last_seq = 0 if self._last_seq is None else self._last_seq + 1
        self._anchoring.more()
        _log.info("checkpoint_written", seq=self._last_seq)

    def _follow_anchor(self) -> None:
        if self._clock.monotonic() < self._anchor_at:
            return
        try:
            self._anchoring.follow()
        except ConsultGuardError as error:
            if not error.retriable:
                raise
            _log.warning("checkpoint_not_anchored", fault=error, anchored_seq=self._anchoring.last_seq)
            if isinstance(error, AnchorError):
                self._anchor_at = self._clock.monotonic() + _ANCHOR_RETRY_SECONDS

    def _end(self, deadline: Deadline) -> None:
        """The last checkpoint, in topic and anchor. Raises the fault that is still there at the deadline."""
        signed = False
        while True:
            try:
                if self._pending is not None:
                    self._write()
                if not signed:
                    self._advance()
                    self._sign()
                    signed = True
                elif self._anchoring.follow():
                    return
                elif deadline.passed:
                    _log.warning("checkpoints_still_to_anchor", anchored_seq=self._anchoring.last_seq)
                    return
            except ConsultGuardError as error:
                if not error.retriable or deadline.passed:
                    raise
                _log.warning("checkpoint_delayed", fault=error)
                self._clock.sleep(_POLL_SECONDS)

    def _told(self) -> Checkpointed:
        return Checkpointed(self._written, self._last_seq, self._anchoring.last_seq)


class _Written(Exception):
    """The topic has the checkpoint already."""


class _Overtaken(Exception):
    """The topic has another one in its place."""
