"""What a new owner of a partition must know before it judges: consultations under way, and the audit chain's head."""

from pipeline.audit.chain import chain_id_of, resume
from pipeline.broker.base import Reader, TopicPartition
from pipeline.context.consultations import Consultations, ContextLimits
from pipeline.domain.audit import ChainHead
from pipeline.runtime.flow import Stages, prepare

_LOOK_BACK = (64, 4096, 262_144)
"""Offsets to look back for the last record before a position: transaction markers and aborted data hold none."""


def restore_consultations(
    reader: Reader, partition: TopicPartition, *, position: int, stages: Stages, limits: ContextLimits
) -> Consultations:
    """The consultations as they stand before `position`, by reading one horizon of input back.

    The horizon counts from the last record before the position, not from now, so that a worker that was away for a
    week remembers what a worker that never stopped would. Raises BrokerUnavailable.
    """
    consultations = Consultations(limits)
    begin = reader.begin_offset(partition)
    last_ms = _last_timestamp(reader, partition, begin=begin, position=position)
    if last_ms is None:
        return consultations
    start = max(begin, reader.offset_for_time(partition, last_ms - limits.horizon_ms))
    for record in reader.read(partition, start=start, stop=position):
        prepare(record, stages, consultations)
    return consultations


def restore_head(reader: Reader, source: TopicPartition, *, audit_topic: str, settle_seconds: float) -> ChainHead:
    """The head of the partition's audit chain. Raises AuditBroken, BrokerUnavailable."""
    last = reader.last(TopicPartition(audit_topic, source.partition), settle_seconds=settle_seconds)
    return resume(last, chain_id=chain_id_of(source))


def _last_timestamp(reader: Reader, partition: TopicPartition, *, begin: int, position: int) -> int | None:
    for distance in (*_LOOK_BACK, position - begin):
        timestamp_ms = None
        for record in reader.read(partition, start=max(begin, position - distance), stop=position):
            timestamp_ms = record.timestamp_ms
        if timestamp_ms is not None or distance >= position - begin:
            return timestamp_ms
    return None
