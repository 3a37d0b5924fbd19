"""The same stages without a broker: for `consultguard judge` and the evaluation."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import TypeVar

from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.broker.codec import encode_chunk
from pipeline.clock import Clock
from pipeline.context.consultations import Consultations, ContextLimits
from pipeline.domain.transcript import TranscriptChunk
from pipeline.judge.base import Judge
from pipeline.runtime.flow import Flow, Pending
from pipeline.runtime.inflight import Outcome
from pipeline.runtime.judging import label_seconds

_PARTITION = TopicPartition("file", 0)
_Key = TypeVar("_Key")


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
    admitted = ((chunk, flow.admit(_record(chunk, offset=offset, clock=clock))) for offset, chunk in enumerate(chunks))
    try:
        async with aclosing(_in_order(admitted, judge=judge, flow=flow, clock=clock, concurrency=concurrency)) as done:
            async for pair in done:
                yield pair
    finally:
        flow.disown(_PARTITION)


async def judge_last_chunks(
    consultations: Iterable[Sequence[TranscriptChunk]],
    *,
    flow: Flow,
    judge: Judge,
    context: ContextLimits,
    clock: Clock,
    concurrency: int = 16,
) -> AsyncIterator[tuple[TranscriptChunk, Outcome]]:
    """The last chunk of each consultation with its outcome, in input order; those before it are context alone and
    never reach the judge. A consultation has at least one chunk; each is apart from all the others.

    `judge` is started already. Raises what it raises.
    """

    def admitted() -> Iterator[tuple[TranscriptChunk, Pending | Outcome]]:
        for chunks in consultations:
            flow.own(_PARTITION, Consultations(context))
            try:
                seen = [flow.admit(_record(chunk, offset=offset, clock=clock)) for offset, chunk in enumerate(chunks)]
            finally:
                flow.disown(_PARTITION)
            yield chunks[-1], seen[-1]

    async with aclosing(_in_order(admitted(), judge=judge, flow=flow, clock=clock, concurrency=concurrency)) as done:
        async for pair in done:
            yield pair


async def _in_order(
    admitted: Iterable[tuple[_Key, Pending | Outcome]], *, judge: Judge, flow: Flow, clock: Clock, concurrency: int
) -> AsyncGenerator[tuple[_Key, Outcome], None]:
    waiting: list[tuple[_Key, asyncio.Task[Outcome]]] = []
    try:
        for key, one in admitted:
            waiting.append((key, asyncio.create_task(_outcome(flow, judge, one, clock))))
            if len(waiting) >= concurrency:
                first, task = waiting.pop(0)
                yield first, await task
        while waiting:
            first, task = waiting.pop(0)
            yield first, await task
    finally:
        for _, task in waiting:
            task.cancel()


def _record(chunk: TranscriptChunk, *, offset: int, clock: Clock) -> Record:
    return Record(RecordRef(*_PARTITION, offset), chunk.consult_id.encode(), encode_chunk(chunk), (), clock.now_ms())


async def _outcome(flow: Flow, judge: Judge, admitted: Pending | Outcome, clock: Clock) -> Outcome:
    if isinstance(admitted, Outcome):
        return admitted
    began = clock.monotonic()
    finding = await judge.judge(admitted.window)
    return flow.conclude(admitted, finding, judge_seconds=label_seconds(finding, clock.monotonic() - began))
