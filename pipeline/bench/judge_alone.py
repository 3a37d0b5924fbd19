"""The embedded judge's own cost: the read of one label on one core, beside the whole answer a first user asks for."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path

from pipeline.bench.resident import resident_mb
from pipeline.judge.grammar import MAX_FINDINGS_TOKENS
from pipeline.judge.onnx_guard import OnnxGuard
from pipeline.judge.prompt import PREFILL, Message
from pipeline.judge.template import FolderTemplate

_WARM_UP_READS = 10
_WHOLE_ANSWERS = 20


@dataclass(frozen=True, slots=True)
class JudgeCost:
    """Of one prompt of `tokens` or a few more, on one thread, one after the other.

    `whole_answer_ms` is the median of some of the prompts with the answer written out to its end, `times_faster` how
    much less a label's read takes; `rss_mb` is the process's resident memory with the model in it.
    """

    tokens: int
    reads: int
    median_ms: float
    p95_ms: float
    cpu_ms_per_read: float
    whole_answer_ms: float
    times_faster: float
    rss_mb: float
    model: str

    def body(self) -> dict[str, object]:
        return asdict(self)


def measure_judge(model_dir: Path, *, tokens: int, reads: int) -> JudgeCost:
    """Read `reads` different prompts. Raises JudgeMisconfigured for a folder that holds no guard, JudgeUnavailable."""
    guard = OnnxGuard(model_dir, intra_op_threads=1)
    prompts = list(islice(_prompts(guard, model_dir, tokens=tokens), _WARM_UP_READS + reads))
    for prompt in prompts[:_WARM_UP_READS]:
        guard.read(prompt)
    measured = prompts[_WARM_UP_READS:]
    cpu = time.process_time()
    labels = [_milliseconds_of_a_read(guard, prompt) for prompt in measured]
    cpu = time.process_time() - cpu
    whole = [_milliseconds_of_an_answer(guard, prompt) for prompt in measured[:_WHOLE_ANSWERS]]
    median, answer = statistics.median(labels), statistics.median(whole)
    return JudgeCost(
        tokens=tokens,
        reads=reads,
        median_ms=round(median, 2),
        p95_ms=round(sorted(labels)[int(0.95 * (len(labels) - 1))], 2),
        cpu_ms_per_read=round(1000 * cpu / reads, 2),
        whole_answer_ms=round(answer, 2),
        times_faster=round(answer / median, 2),
        rss_mb=resident_mb(),
        model=guard.revision,
    )


def _prompts(guard: OnnxGuard, model_dir: Path, *, tokens: int) -> Iterator[list[int]]:
    """Each of `tokens` or a few more, no two alike."""
    template = FolderTemplate.load(model_dir)
    skeleton = template.skeleton((Message("user", ""),))
    for first in count():
        lines: list[str] = []
        ids: list[int] = []
        while len(ids) < tokens:
            day = first + len(lines)
            lines.append(f"patient: On day {day} the pain was {day % 10} out of ten.")
            ids = guard.encode(skeleton.fill((Message("user", "\n".join(lines)),)) + PREFILL)
        yield ids


def _milliseconds_of_a_read(guard: OnnxGuard, prompt: list[int]) -> float:
    began = time.perf_counter()
    guard.read(prompt)
    return 1000 * (time.perf_counter() - began)


def _milliseconds_of_an_answer(guard: OnnxGuard, prompt: list[int]) -> float:
    began = time.perf_counter()
    guard.write(guard.read(prompt), max_tokens=MAX_FINDINGS_TOKENS)
    return 1000 * (time.perf_counter() - began)
