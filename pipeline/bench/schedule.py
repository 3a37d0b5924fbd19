"""When each chunk is to be sent. A load run keeps to it whatever the system under test does (open loop)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`chunks` chunks at a steady rate."""

    per_second: float
    chunks: int


def steps_of(rates: Sequence[float], chunks: int) -> tuple[Step, ...]:
    """One step a rate, all of about the same length in time, `chunks` together."""
    seconds = chunks / sum(rates)
    steps: list[Step] = []
    for rate in rates[:-1]:
        steps.append(Step(rate, min(round(rate * seconds), chunks)))
        chunks -= steps[-1].chunks
    return (*steps, Step(rates[-1], chunks))


def due_seconds(steps: Sequence[Step]) -> Iterator[float]:
    """Seconds from the start at which each chunk is due."""
    began = 0.0
    for step in steps:
        for number in range(step.chunks):
            yield began + number / step.per_second
        began += step.chunks / step.per_second
