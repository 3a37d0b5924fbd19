"""What a comparison found: rates, ratios, and what was lost or would come twice when each was killed. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from pipeline.bench.contenders import OURS, Promise


@dataclass(frozen=True, slots=True)
class Published:
    """One committed verdict. `at_ms` is the broker's time of appending it, `source` where its chunk lies (partition and
    offset)."""

    chunk_id: str
    consult_id: str
    seq: int
    at_ms: int
    source: tuple[int, int]
    prompt_tokens: int | None = None
    answer_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The time that counts, milliseconds since the epoch."""

    begin_ms: int
    end_ms: int

    @property
    def seconds(self) -> float:
        return (self.end_ms - self.begin_ms) / 1000

    def holds(self, at_ms: int) -> bool:
        return self.begin_ms < at_ms <= self.end_ms


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender. `verdicts` are those of the window. After kill -9: `lost` chunks are committed and have no
    verdict, `repeated` verdicts are of chunks that are not committed, which its successor judges again. `duplicated`
    and `out_of_order` count what was published before that. `cpu_ms_per_chunk` is the client's process alone."""

    name: str
    what: str
    versions: str
    promise: Promise
    chunks_per_second: float
    verdicts: int
    seconds: float
    finished: bool
    cpu_ms_per_chunk: float | None
    prompt_tokens: float | None
    answer_tokens: float | None
    lost: int
    repeated: int
    duplicated: int
    out_of_order: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run. `in_flight` are the questions at a time of the peers that ask many, `worker_in_flight` the worker's by
    its settings. `times_faster` is the worker's rate over each other's; `record_bytes` the mean sizes of a chunk, its
    verdict and its audit record, key, value and headers, where the worker took part. `failed` says who ended by itself,
    and how. `trial_server`: vLLM ran on this machine's CPU with the mini guard."""

    chunks: int
    seconds_each: float
    partitions: int
    in_flight: int
    worker_in_flight: int
    whole_answers: bool
    model: str
    trial_server: bool
    peers: tuple[Measured, ...]
    times_faster: Mapping[str, float]
    failed: Mapping[str, str]
    record_bytes: Mapping[str, float]

    def body(self) -> dict[str, object]:
        return asdict(self)


def window_of(times_ms: Sequence[int], *, warm_up_seconds: float, seconds: float, finished: bool) -> Window:
    """From `warm_up_seconds` after the first verdict, so that a first burst which was begun before does not count. It
    ends early only where the chunks did. `times_ms` must not be empty."""
    begin = min(times_ms) + round(1000 * warm_up_seconds)
    end = begin + round(1000 * seconds)
    return Window(begin, min(end, max(times_ms)) if finished else end)


def rate_of(times_ms: Iterable[int], window: Window) -> float:
    """Verdicts a second within the window; 0.0 of an empty one."""
    return sum(map(window.holds, times_ms)) / window.seconds if window.seconds > 0 else 0.0


def lost_of(published: Iterable[Published], *, committed: Mapping[int, int], sent: Iterable[tuple[int, int]]) -> int:
    """Chunks below their partition's committed offset that have no verdict."""
    answered = {one.source for one in published}
    return sum(1 for source in sent if source[1] < committed.get(source[0], 0) and source not in answered)


def repeated_of(published: Iterable[Published], *, committed: Mapping[int, int]) -> int:
    """Verdicts of chunks at or above their partition's committed offset."""
    return sum(1 for one in published if one.source[1] >= committed.get(one.source[0], 0))


def duplicated_of(published: Iterable[Published]) -> int:
    """Verdicts beyond the first of a chunk."""
    return sum(count - 1 for count in Counter(one.chunk_id for one in published).values())


def out_of_order_of(published: Iterable[Published]) -> int:
    """Verdicts whose number is not above the last of their consultation, in the order of publishing."""
    last: defaultdict[str, int] = defaultdict(lambda: -1)
    back = 0
    for one in published:
        back += one.seq <= last[one.consult_id]
        last[one.consult_id] = one.seq
    return back


def mean_or_none(values: Iterable[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 1) if known else None


def times_faster(peers: Sequence[Measured]) -> dict[str, float]:
    """The worker's rate over each other's that has one; empty where the worker did not take part."""
    ours = next((one.chunks_per_second for one in peers if one.name == OURS), None)
    if ours is None:
        return {}
    return {
        one.name: round(ours / one.chunks_per_second, 2) for one in peers if one.name != OURS and one.chunks_per_second
    }
