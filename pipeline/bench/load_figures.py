"""What a load run comes to, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pipeline.bench.latency import Latency, Throughput


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One rate of the schedule: what was asked for, what came out, and how late."""

    per_second: float
    chunks: int
    committed_per_second: float | None
    spoken_to_committed_ms: Latency


@dataclass(frozen=True, slots=True)
class Gauge:
    """One quantity over a run; `growth` as in pipeline.bench.samples."""

    first: float
    max: float
    last: float
    growth: float | None


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """One process: a worker, or the bench itself, which sends and reads. `cores` is CPU seconds a second over the run,
    `rss_mb` in units of 2**20 bytes; `told` is what a worker printed at its end."""

    name: str
    exit_code: int | None
    cpu_seconds: float
    cores: float
    cpu_ms_per_chunk: float
    rss_mb: Gauge
    fds: Gauge
    threads: Gauge
    told: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Point:
    """Of one moment: seconds after the start, chunks sent and not yet seen as verdicts, and by process (in the order of
    the report) its memory, file descriptors and threads; None where it was gone."""

    at_seconds: float
    lag: int
    rss_mb: tuple[float | None, ...]
    fds: tuple[int | None, ...]
    threads: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """Spoken-to-committed, in milliseconds, of the chunks that were due in one stretch of a run."""

    at_seconds: float
    p50: int
    p99: int


@dataclass(frozen=True, slots=True)
class AgainstCeiling:
    """The judge alone, before and after the run; `share` is the run's steady throughput over the mean of theirs."""

    before: Throughput
    after: Throughput
    share: float | None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A run. Produced-to-committed begins at the broker's timestamp of a chunk, spoken-to-committed at its place in the
    schedule, so that a sender that falls behind cannot hide what held it up; both end where a reader of committed
    records has the verdict, in milliseconds. A run without a schedule has no latencies: its chunks wait on purpose.

    `faults` is what ended the run before its time, `broken` every way in which it was not whole or broke a threshold.
    """

    broker: str
    judge: str
    workers: int
    partitions: int
    chunks: int
    consults: int
    seconds: float
    per_second: Throughput
    produced_to_committed_ms: Latency | None
    spoken_to_committed_ms: Latency | None
    sent_late_ms: Latency | None
    steps: tuple[StepFigures, ...]
    lag: Gauge
    levels: Mapping[str, int]
    lost: int
    duplicated: int
    out_of_order: int
    orphaned: int
    dead_letter: int
    audit_records: int
    audit_flaws: tuple[str, ...]
    processes: tuple[ProcessFigures, ...]
    points: tuple[Point, ...]
    latency_over_time: tuple[Interval, ...]
    ceiling: AgainstCeiling | None
    faults: tuple[str, ...]
    broken: tuple[str, ...] = ()

    def body(self) -> dict[str, object]:
        return asdict(self)
