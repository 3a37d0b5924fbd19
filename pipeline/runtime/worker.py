"""The worker's loop: poll, admit, judge, commit. Each blocking broker call is made by the thread that runs it."""

import threading
from collections.abc import Mapping, Sequence

import structlog

from pipeline.audit.writer import ChainWriter
from pipeline.broker.base import Reader, Record, Stream, TopicPartition
from pipeline.clock import Clock, Deadline
from pipeline.context.consultations import ContextLimits
from pipeline.errors import BrokerError, BrokerUnavailable, CommitAborted, CommitUnknown, DeadLetterLimitReached
from pipeline.judge.base import Judge
from pipeline.metrics import Metrics
from pipeline.runtime.accounts import Accounts
from pipeline.runtime.commit import Committer
from pipeline.runtime.docket import Docket, Heard
from pipeline.runtime.erasure_watch import ErasureWatch
from pipeline.runtime.flow import Flow, Pending, Stages
from pipeline.runtime.health import Health
from pipeline.runtime.inflight import InFlight, Slot
from pipeline.runtime.judging import JudgeThread
from pipeline.runtime.limits import WorkerLimits
from pipeline.runtime.ownership import Ownership
from pipeline.sink.dead_letter import LIMIT_ADVICE, DeadLetterLimit, DeadLetterMeter

_IDLE_POLL_SECONDS = 0.1
_BUSY_POLL_SECONDS = 0.005  # while chunks are at the judge, a poll must not hold a finished verdict back
_BROKER_RETRY_SECONDS = 0.5
_LEAST_CLOSE_SECONDS = 1.0


class Worker:
    """Moderates the partitions that the stream gives it (as its listener) until `stop`. `run` is called once."""

    def __init__(
        self,
        *,
        stream: Stream,
        reader: Reader,
        judge: Judge,
        flow: Flow,
        stages: Stages,
        chains: ChainWriter,
        erasures: ErasureWatch,
        context: ContextLimits,
        limits: WorkerLimits,
        dead_letters: DeadLetterLimit,
        metrics: Metrics,
        health: Health,
        clock: Clock,
    ) -> None:
        self._stream, self._reader, self._flow = stream, reader, flow
        self._limits, self._metrics, self._health, self._clock = limits, metrics, health, clock
        self._stopping = threading.Event()
        self._accounts = Accounts(metrics=metrics, health=health, meter=DeadLetterMeter(dead_letters), clock=clock)
        self._erasures, self._judges = erasures, JudgeThread(judge)
        self._docket, self._inflight = Docket(self._judges), InFlight(limits.max_in_flight)
        self._committer = Committer(stream, self._inflight, chains, laps=flow.laps)
        self._own = Ownership(
            reader=reader,
            flow=flow,
            stages=stages,
            chains=chains,
            inflight=self._inflight,
            docket=self._docket,
            context=context,
            clock=clock,
        )
        self._unsettled = self._paused = False
        self._restore_at, self._last_commit = 0.0, clock.monotonic()
        self._log = structlog.get_logger()

    def stop(self) -> None:
        """Ask `run` to finish what is in flight and return. From any thread; before `run`, or twice, is fine."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped. Raises what keeps it from going on; what was decided before that is committed."""
        deadline: Deadline | None = None
        self._judges.start()
        self._erasures.start()
        try:
            if self._ready():
                self._open()
                while not self._stopping.is_set():
                    self._step()
                deadline = Deadline(self._limits.drain_timeout_seconds, clock=self._clock)
                self._drain(deadline)
        finally:
            self._health.stopping()
            self._close(deadline or Deadline(self._limits.drain_timeout_seconds, clock=self._clock))

    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        """Nothing of these is delivered before what their last owner knew is restored; the loop does that."""
        self._take(positions)
        self._owners_changed("partitions_assigned", list(positions))

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Commit what is decided while these are still ours; the next owner does the rest."""
        if not self._unsettled:
            try:
                self._commit(only=partitions)
            except BrokerError as error:
                self._log.warning("commit_failed_while_revoked", fault=error)
                self._unsettled = True
        self._own.leave(partitions)
        self._owners_changed("partitions_revoked", partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Someone else owns these already; whatever is in flight is theirs to do again."""
        self._own.leave(partitions)
        self._owners_changed("partitions_lost", partitions)

    def _ready(self) -> bool:
        """Wait for the judge, and to know what was erased; False if stopped first. The group is joined only then."""
        while not (self._judges.ready and self._erasures.ready):
            if self._stopping.is_set():
                return False
            self._clock.sleep(_BUSY_POLL_SECONDS)
        self._own.erase(self._erasures.heard())
        return True

    def _open(self) -> None:
        while True:
            try:
                self._stream.open(self)
            except BrokerUnavailable as error:
                if self._stopping.is_set():
                    raise
                self._wait_for_broker("broker_unavailable", error)
            else:
                self._health.started()
                self._log.info("worker_started")
                return

    def _step(self) -> None:
        if self._unsettled:
            self._recover()
            return
        for record in self._poll():
            self._admit(record)
        self._restore()
        self._docket.ask()
        self._hear()
        if self._commit_due():
            self._try_commit()
        self._press()
        if self._accounts.limit_broken is not None:
            raise DeadLetterLimitReached(f"{self._accounts.limit_broken}; {LIMIT_ADVICE}")

    def _poll(self) -> Sequence[Record]:
        try:
            return self._stream.poll(timeout_seconds=self._patience_seconds(), max_records=max(1, self._inflight.free))
        except BrokerUnavailable as error:
            self._wait_for_broker("broker_unavailable", error)
            return ()

    def _restore(self) -> None:
        """One slice; a partition that is ready by it is delivered from now on."""
        if not self._own.restoring or self._clock.monotonic() < self._restore_at:
            return
        try:
            ready = self._own.advance()
        except BrokerUnavailable as error:
            # Often a killed predecessor's transaction, which the broker ends in time; the others work on meanwhile.
            self._log.info("restore_waits", fault=error)
            self._restore_at = self._clock.monotonic() + _BROKER_RETRY_SECONDS
            return
        if ready is not None:
            if not self._paused:
                self._stream.resume([ready])
            self._owners_changed("partition_ready", [ready])

    def _patience_seconds(self) -> float:
        if self._own.restoring and self._clock.monotonic() >= self._restore_at:
            return 0.0
        if self._inflight.has_decided():
            due = self._last_commit + self._limits.commit_interval_ms / 1000 - self._clock.monotonic()
            return min(max(due, 0.0), _BUSY_POLL_SECONDS)
        return _BUSY_POLL_SECONDS if len(self._docket) else _IDLE_POLL_SECONDS

    def _admit(self, record: Record) -> None:
        if self._unsettled:
            return  # a commit failed while partitions were taken away, inside this step's poll; it is delivered again
        if record.ref.topic_partition not in self._own:
            # Paused or gone, it should not have come. Dropping it would skip it: recovery rewinds.
            self._unsettled = True
            return
        slot = self._inflight.admit(record)
        admitted = self._flow.admit(record)
        if not isinstance(admitted, Pending):
            slot.outcome = admitted
            return
        if (heard := self._docket.enter(slot, admitted)) is not None:
            self._conclude(heard)

    def _hear(self) -> None:
        self._own.erase(self._erasures.heard())
        for heard in self._docket.hear():
            self._metrics.judge_seconds.observe(heard.seconds)
            self._conclude(heard)

    def _conclude(self, heard: Heard) -> None:
        heard.slot.outcome = self._flow.conclude(heard.pending, heard.finding, judge_seconds=heard.seconds)

    def _press(self) -> None:
        """Backpressure: a full window pauses intake, a half-empty one resumes it. Membership lives on in `poll`."""
        if not self._paused and self._inflight.free == 0:
            self._stream.pause(self._own.ready)
            self._paused = True
        elif self._paused and self._inflight.free * 2 >= self._inflight.capacity:
            self._stream.resume(self._own.ready)
            self._paused = False
        self._metrics.paused.set(self._paused)

    def _commit_due(self) -> bool:
        elapsed_ms = (self._clock.monotonic() - self._last_commit) * 1000
        return elapsed_ms >= self._limits.commit_interval_ms or self._inflight.free == 0

    def _try_commit(self) -> None:
        if self._unsettled:
            return  # a commit failed while partitions were taken away, inside this step's poll
        try:
            self._commit()
        except (CommitAborted, CommitUnknown) as error:
            self._log.warning("commit_failed", fault=error)
            self._unsettled = True

    def _commit(self, *, only: Sequence[TopicPartition] | None = None) -> None:
        began = self._clock.monotonic()
        try:
            slots = self._committer.commit(only=only)
        except (CommitAborted, CommitUnknown) as error:
            self._metrics.commits.labels("unknown" if isinstance(error, CommitUnknown) else "aborted").inc()
            raise
        self._last_commit = self._clock.monotonic()
        if slots:
            self._metrics.commits.labels("committed").inc()
            self._metrics.commit_seconds.observe(self._last_commit - began)
            self._count(slots)

    def _count(self, slots: Sequence[Slot]) -> None:
        self._docket.settled([slot.record.ref for slot in slots])
        self._accounts.count(slots)
        self._metrics.stages(self._flow.laps.take())
        self._metrics.in_flight.set(len(self._inflight))

    def _recover(self) -> None:
        """After a failed commit: start again from what was committed."""
        try:
            positions = self._stream.recover()
        except BrokerUnavailable as error:
            self._wait_for_broker("recovery_waits_for_broker", error)
            return
        self._count_settled(positions)
        self._own.leave([partition for partition in self._own.taken if partition not in positions])
        self._take(positions)
        self._unsettled = False
        self._owners_changed("recovered", list(positions))

    def _count_settled(self, positions: Mapping[TopicPartition, int]) -> None:
        """Chunks of a commit whose outcome was unknown, and which turns out to have happened."""
        decided = self._inflight.decided()
        for partition, position in positions.items():
            self._count([slot for slot in decided.get(partition, ()) if slot.record.ref.offset < position])

    def _take(self, positions: Mapping[TopicPartition, int]) -> None:
        for partition, position in positions.items():
            self._own.take(partition, position)
        self._stream.pause(list(positions))

    def _owners_changed(self, event: str, partitions: Sequence[TopicPartition]) -> None:
        if partitions:
            self._log.info(event, partitions=sorted(partition.partition for partition in partitions))
        self._metrics.partitions.set(len(self._own.ready))
        self._health.owns(len(self._own.ready))

    def _wait_for_broker(self, event: str, error: BrokerUnavailable) -> None:
        self._log.warning(event, fault=error)
        self._clock.sleep(_BROKER_RETRY_SECONDS)

    def _close(self, deadline: Deadline) -> None:
        try:
            self._stream.close(deadline)
        finally:
            self._reader.close()
            for beside in (self._erasures, self._judges):
                beside.close(timeout_seconds=max(_LEAST_CLOSE_SECONDS, deadline.remaining_seconds()))
            self._log.info("worker_stopped")

    def _drain(self, deadline: Deadline) -> None:
        """Take nothing new in; finish and commit what is in flight."""
        self._paused = True
        self._stream.pause(self._own.taken)
        while len(self._inflight) and not deadline.passed and not self._unsettled:
            self._poll()  # keeps the membership; with everything paused it delivers nothing
            self._hear()
            self._try_commit()
        self._log.info("drained", left=len(self._inflight))
