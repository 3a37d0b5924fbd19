"""One record through the stages, up to the judge and from the judge's finding on. No I/O and no broker here.

    source -> clean -> context -> judge -> decide -> sink + audit

`admit` does everything before the judge, `conclude` everything after it. The stages themselves are named, in order, in
`pipeline.runtime.assembly`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from pipeline.broker.base import Record, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.clock import Clock
from pipeline.context.consultations import Consultations
from pipeline.context.sequence import Arrival
from pipeline.domain.audit import GREEDY, AuditEvent, AuditRecord, Exchange, Latency, Origin, SourcePosition
from pipeline.domain.ids import verdict_id_of
from pipeline.domain.judgment import Abstention, Judgment
from pipeline.domain.transcript import CleanChunk, Skipped, TranscriptChunk
from pipeline.domain.verdict import Evidence, Verdict
from pipeline.domain.window import ContextWindow
from pipeline.runtime.erased import Asked, ErasedConsultations
from pipeline.runtime.inflight import Outcome
from pipeline.runtime.laps import Laps, Stage
from pipeline.sink.dead_letter import dead_letter
from pipeline.sink.verdicts import SealText, publish
from pipeline.source.decode import InvalidCode, InvalidRecord


@dataclass(frozen=True, slots=True)
class Stages:
    """The deterministic stages, in the order they are applied."""

    decode: Callable[[Record], TranscriptChunk | InvalidRecord]
    clean: Callable[[TranscriptChunk], CleanChunk | Skipped]
    trip: Callable[[ContextWindow], Sequence[Evidence]]
    decide: Callable[[Judgment | Abstention, Sequence[Evidence], str | None], Verdict]


@dataclass(frozen=True, slots=True)
class Pending:
    """A chunk on its way to the judge, with what was found before. Times are milliseconds since the epoch."""

    record: Record
    window: ContextWindow
    evidence: Sequence[Evidence]
    admitted_at_ms: int
    cleaned_at_ms: int


class Flow:
    """The stages over the state of one worker's partitions. Used by one thread.

    `erased` is what this worker knows of erasures.
    """

    def __init__(
        self,
        stages: Stages,
        *,
        topics: TopicNames,
        actor: str,
        clock: Clock,
        origin: Origin | None = None,
        seal_text: SealText | None = None,
    ) -> None:
        self._stages = stages
        self._topics = topics
        self._actor = actor
        self._origin = origin
        self._seal_text = seal_text
        self._clock = clock
        self.laps = Laps()
        self._consultations: dict[TopicPartition, Consultations] = {}
        self.erased = ErasedConsultations()

    def own(self, partition: TopicPartition, consultations: Consultations) -> None:
        """Take a partition over with what is remembered of its consultations."""
        self._consultations[partition] = consultations

    def disown(self, partition: TopicPartition) -> None:
        self._consultations.pop(partition, None)

    def erase(self, asked: Asked) -> None:
        """Remember the erasure, and forget what was said; numbers seen are kept, so that nothing is judged twice."""
        self.erased.add(asked)
        for consultations in self._consultations.values():
            consultations.forget_turns(asked.consult_id)

    def admit(self, record: Record) -> Pending | Outcome:
        """What the record needs: a judge, or nothing more. Records of one partition come in offset order."""
        now_ms = self._clock.now_ms()
        self.laps.start()
        consultations = self._consultations[record.ref.topic_partition]
        prepared = prepare(record, self._stages, consultations, erased=self.erased, laps=self.laps)
        match prepared:
            case ContextWindow():
                evidence = self._stages.trip(prepared)
                self.laps.lap(Stage.TRIPWIRES)
                return Pending(record, prepared, evidence, now_ms, self._clock.now_ms())
            case InvalidRecord():
                return self._dead_letter(record, prepared, now_ms)
            case Skipped():
                return self._silent(record, AuditEvent.SKIPPED, prepared.reason, prepared.chunk, now_ms)
            case Duplicate():
                return self._silent(record, AuditEvent.DUPLICATE, "already_judged", prepared.chunk, now_ms)
            case Erased():
                return self.gone(record)
            case _:
                assert_never(prepared)

    def gone(self, record: Record) -> Outcome:
        """What is left to say of a record whose consultation was erased: ids, and nothing sealed."""
        decoded = self._stages.decode(record)
        chunk = decoded.chunk if isinstance(decoded, InvalidRecord) else decoded
        audit = self._audit(record, AuditEvent.SKIPPED, "erased", chunk, self._clock.now_ms())
        return Outcome((), replace(audit, exchange=None))

    def conclude(self, pending: Pending, finding: Judgment | Abstention, *, judge_seconds: float) -> Outcome:
        """The verdict on a judged chunk, as the records to publish."""
        now_ms = self._clock.now_ms()
        self.laps.start()
        clean, ref = pending.window.chunk, pending.record.ref
        chunk = clean.chunk
        verdict = self._stages.decide(finding, pending.evidence, chunk.language)
        self.laps.lap(Stage.DECIDE)
        model = verdict.model
        chunk_id = chunk.chunk_id
        verdict_id = verdict_id_of(
            chunk_id,
            policy_version=f"{verdict.policy_id}/{verdict.policy_version}",
            model_revision=f"{model.name}/{model.revision}",
            prompt_version=model.prompt_version,
        )
        latency = Latency(
            queue=max(0, pending.admitted_at_ms - pending.record.timestamp_ms),
            clean=max(0, pending.cleaned_at_ms - pending.admitted_at_ms),
            judge=round(judge_seconds * 1000),
            total=max(0, now_ms - pending.admitted_at_ms),
        )
        audit = AuditRecord(
            event=AuditEvent.JUDGED,
            outcome=verdict.level,
            recorded_at_ms=now_ms,
            source=SourcePosition(*ref),
            actor=self._actor,
            consult_id=chunk.consult_id,
            chunk_id=chunk_id,
            seq=chunk.seq,
            verdict_id=verdict_id,
            verdict=verdict,
            cleaner_version=clean.cleaner_version,
            latency=latency,
            origin=self._origin,
            sampling=GREEDY,
            exchange=Exchange(chunk.text, pending.window, finding),
        )
        published = publish(
            verdict,
            verdict_id=verdict_id,
            clean=clean,
            partition=ref.partition,
            topics=self._topics,
            judged_at_ms=now_ms,
            latency=latency,
            seal=self._seal_text,
        )
        self.laps.lap(Stage.PUBLISH)
        return Outcome((published,), audit)

    def _dead_letter(self, record: Record, invalid: InvalidRecord, now_ms: int) -> Outcome:
        letter = dead_letter(
            record, topic=self._topics.dead_letter, stage="source", code=invalid.code, field=invalid.field
        )
        return Outcome((letter,), self._audit(record, AuditEvent.DEAD_LETTERED, invalid.code, invalid.chunk, now_ms))

    def _silent(self, record: Record, event: AuditEvent, outcome: str, chunk: TranscriptChunk, now_ms: int) -> Outcome:
        return Outcome((), self._audit(record, event, outcome, chunk, now_ms))

    def _audit(
        self, record: Record, event: AuditEvent, outcome: str, chunk: TranscriptChunk | None, now_ms: int
    ) -> AuditRecord:
        return AuditRecord(
            event=event,
            outcome=outcome,
            recorded_at_ms=now_ms,
            source=SourcePosition(*record.ref),
            actor=self._actor,
            consult_id=None if chunk is None else chunk.consult_id,
            chunk_id=None if chunk is None else chunk.chunk_id,
            seq=None if chunk is None else chunk.seq,
            origin=self._origin,
            exchange=None if chunk is None else Exchange(chunk.text),
        )


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A chunk whose number was seen before."""

    chunk: TranscriptChunk


@dataclass(frozen=True, slots=True)
class Erased:
    """A record from before its consultation was erased."""


def prepare(
    record: Record, stages: Stages, consultations: Consultations, *, erased: ErasedConsultations, laps: Laps
) -> ContextWindow | InvalidRecord | Skipped | Duplicate | Erased:
    """Source, clean and context: all that `consultations` ever learns of a record happens here, so that reading records
    back (pipeline.runtime.restore) leaves the same state as having judged them. `laps` were started."""
    chunk, gone = stages.decode(record), erased.hold(record)
    laps.lap(Stage.DECODE)
    if isinstance(chunk, InvalidRecord):
        return Erased() if gone else chunk
    arrival = consultations.arrive(chunk.consult_id, chunk.seq, timestamp_ms=record.timestamp_ms)
    if gone:
        return Erased()
    match arrival:
        case Arrival.DUPLICATE:
            return Duplicate(chunk)
        case Arrival.BACKWARDS:
            return InvalidRecord(InvalidCode.SEQ_BACKWARDS, "seq", chunk)
        case Arrival.NEW:
            clean = stages.clean(chunk)
            laps.lap(Stage.CLEAN)
            if isinstance(clean, Skipped):
                return clean
            window = consultations.window(clean)
            laps.lap(Stage.CONTEXT)
            return window
        case _:
            assert_never(arrival)
