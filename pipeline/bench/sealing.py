"""What sealing costs: the same worker on the same chunks with sealed audit records and without, by turns in one run."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from pipeline.bench.worker_alone import WorkerCost, measure_worker
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class SealingCost:
    """Of each round chunks a second and milliseconds of CPU a chunk; `ratio` is sealed to unsealed chunks a second by
    their medians (1.0: no cost), `cpu_ratio` unsealed to sealed CPU, which other work on the machine disturbs less."""

    broker: str
    chunks: int
    sealed_per_second: tuple[float, ...]
    unsealed_per_second: tuple[float, ...]
    sealed_cpu_ms: tuple[float, ...]
    unsealed_cpu_ms: tuple[float, ...]
    ratio: float
    cpu_ratio: float
    sound: bool

    def body(self) -> dict[str, object]:
        return asdict(self)


def measure_sealing(settings_of: Callable[[str], Settings], *, chunks: int, rounds: int) -> SealingCost:
    """`settings_of` gives settings with topics and data of their own for each name. Raises what the broker raises."""
    found: dict[bool, list[WorkerCost]] = {True: [], False: []}
    for number in range(rounds):
        # Which goes first alternates: a machine that warms up or fills up must not favour one of them.
        for sealed in (True, False) if number % 2 else (False, True):
            name = f"{'sealed' if sealed else 'unsealed'}-{number}"
            found[sealed].append(measure_worker(settings_of(name), chunks=chunks, sealed=sealed))
    rates = {sealed: tuple(cost.chunks_per_second for cost in costs) for sealed, costs in found.items()}
    cpu = {sealed: tuple(cost.cpu_ms_per_chunk for cost in costs) for sealed, costs in found.items()}
    every = [cost for costs in found.values() for cost in costs]
    return SealingCost(
        broker=every[0].broker,
        chunks=chunks,
        sealed_per_second=rates[True],
        unsealed_per_second=rates[False],
        sealed_cpu_ms=cpu[True],
        unsealed_cpu_ms=cpu[False],
        ratio=round(median(rates[True]) / median(rates[False]), 4),
        cpu_ratio=round(median(cpu[False]) / median(cpu[True]), 4),
        sound=all(not (cost.lost or cost.duplicated or cost.out_of_order) and cost.verified for cost in every),
    )
