"""The judge alone: the same prompts and as many in flight, without a broker. What a pipeline around it can reach."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from pipeline.bench.latency import Latency, Throughput, latency_of, throughput_of
from pipeline.bench.talk import Talk
from pipeline.context.consultations import Consultations
from pipeline.domain.judgment import Judgment
from pipeline.domain.transcript import CleanChunk
from pipeline.domain.window import ContextWindow
from pipeline.judge.base import Judge
from pipeline.runtime.assembly import build_context_limits, build_policy, build_stages
from pipeline.settings import Settings

_SAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`per_second` as of a load run, `judge_ms` one chunk's time at the judge, `client_cores` the CPU seconds a
    second of the process that asks: near one core the client is the limit and not the judge. `found` counts labels,
    and chunks without one."""

    judge: str
    in_flight: int
    chunks: int
    seconds: float
    per_second: Throughput
    judge_ms: Latency
    client_cores: float
    found: Mapping[str, int]

    def body(self) -> dict[str, object]:
        return asdict(self)


def measure_ceiling(
    judge: Judge, settings: Settings, talk: Talk, *, name: str, in_flight: int, say: Callable[[str], None]
) -> Ceiling:
    """Judge every chunk of `talk`, `in_flight` at a time. Raises what the judge raises."""
    windows = list(_windows(settings, talk))
    return asyncio.run(_measure(judge, windows, name=name, in_flight=in_flight, say=say))


def _windows(settings: Settings, talk: Talk) -> Iterator[ContextWindow]:
    """As a worker makes them of the same chunks."""
    clean = build_stages(build_policy(settings), max_text_chars=settings.worker.max_text_chars).clean
    consultations = Consultations(build_context_limits(settings))
    for number in range(talk.chunks):
        chunk = talk.chunk(number)
        consultations.arrive(chunk.consult_id, chunk.seq, timestamp_ms=0)
        cleaned = clean(chunk)
        if isinstance(cleaned, CleanChunk):
            yield consultations.window(cleaned)


async def _measure(
    judge: Judge, windows: Sequence[ContextWindow], *, name: str, in_flight: int, say: Callable[[str], None]
) -> Ceiling:
    times: list[float] = []
    took_ms: list[float] = []
    found: Counter[str] = Counter()
    left = iter(windows)

    async def ask() -> None:
        for window in left:
            asked = time.monotonic()
            finding = await judge.judge(window)
            times.append(time.monotonic())
            took_ms.append(1000 * (times[-1] - asked))
            found[finding.label if isinstance(finding, Judgment) else "abstained"] += 1

    async def tell() -> None:
        while True:
            await asyncio.sleep(_SAY_SECONDS)
            say(f"judged {len(times)} of {len(windows)}, no broker")

    await judge.start()
    telling = asyncio.create_task(tell())
    try:
        # One outside the figures: it makes the connection and whatever the server keeps from its first request.
        await judge.judge(windows[0])
        began, cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*(ask() for _ in range(in_flight)))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    finally:
        telling.cancel()
        await judge.close()
    return Ceiling(
        judge=name,
        in_flight=in_flight,
        chunks=len(windows),
        seconds=round(seconds, 2),
        per_second=throughput_of(times),
        judge_ms=latency_of(took_ms),
        client_cores=round(cpu / seconds, 3),
        found=dict(found),
    )
