"""The same stages for one transcript, without a broker: for `consultguard judge` and the evaluation."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.broker.codec import encode_chunk
from pipeline.clock import Clock
from pipeline.context.consultations import Consultations, ContextLimits
from pipeline.domain.transcript import TranscriptChunk
from pipeline.judge.base import Judge
from pipeline.runtime.flow import Flow, Pending
from pipeline.runtime.inflight import Outcome

_PARTITION = TopicPartition("file", 0)


async def judge_chunks(
    chunks: Iterable[TranscriptChunk],
    *,
    flow: Flow,
    judge: Judge,
    context: ContextLimits,
    clock: Clock,
    concurrency: int = 16,
) -> AsyncIterator[tuple[TranscriptChunk, Outcome]]:
    """Each chunk with its outcome, in input order; up to `concurrency` chunks are at the judge at a time.

    `judge` is started already. Raises what it raises.
    """
    flow.own(_PARTITION, Consultations(context))
    waiting: list[tuple[TranscriptChunk, asyncio.Task[Outcome]]] = []
    try:
        for offset, chunk in enumerate(chunks):
            record = Record(
                RecordRef(*_PARTITION, offset), chunk.consult_id.encode(), encode_chunk(chunk), (), clock.now_ms()
            )
            waiting.append((chunk, asyncio.create_task(_outcome(flow, judge, flow.admit(record), clock))))
            if len(waiting) >= concurrency:
                first, task = waiting.pop(0)
                yield first, await task
        while waiting:
            first, task = waiting.pop(0)
            yield first, await task
    finally:
        for _, task in waiting:
            task.cancel()
        flow.disown(_PARTITION)


async def _outcome(flow: Flow, judge: Judge, admitted: Pending | Outcome, clock: Clock) -> Outcome:
    if isinstance(admitted, Outcome):
        return admitted
    began = clock.monotonic()
    finding = await judge.judge(admitted.window)
    return flow.conclude(admitted, finding, judge_seconds=clock.monotonic() - began)
