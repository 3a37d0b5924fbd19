"""A load run: known chunks at scheduled times, through real worker processes, seen by a reader downstream."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.bench.observe import Observed, observe
from pipeline.bench.processes import WorkerProcess, worker_environment
from pipeline.bench.samples import Usage, usage_of
from pipeline.bench.schedule import Step, due_seconds
from pipeline.bench.sender import Sender
from pipeline.bench.tail import Tail
from pipeline.bench.talk import Talk
from pipeline.broker.base import Broker
from pipeline.broker.topics import TopicNames, ensure
from pipeline.clock import SystemClock
from pipeline.domain.taxonomy import RiskLevel
from pipeline.errors import BenchFailed
from pipeline.runtime.assembly import build_topic_specs
from pipeline.runtime.engines import build_broker
from pipeline.settings import Settings
from pipeline.testing.builders import build_chunk, chunk_record

_READERS_SECONDS = 300.0
_LOOK_SECONDS = 0.1
_SAY_SECONDS = 5.0
_WARM_UP_CHUNKS = 2


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is sent, when, and by how many workers it is judged. Without `steps` everything is there before the first
    worker starts: what the workers can do at most. `spread` gives every partition the same to do, whatever its keys.
    `idle_seconds` without a verdict end a run that is not whole; workers have `start_seconds` to come up.
    """

    talk: Talk
    steps: tuple[Step, ...]
    workers: int
    worker: tuple[str, ...]
    spread: bool = False
    idle_seconds: float = 60.0
    start_seconds: float = 300.0
    sample_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """At so many seconds after the start: chunks sent and not yet seen as verdicts, and what each process uses."""

    at_seconds: float
    lag: int
    usage: tuple[Usage | None, ...]


@dataclass(slots=True)
class LoadRun:
    """What was measured. Times are seconds since the epoch; `seen` is when a reader had the verdict."""

    began: float
    due: dict[str, float]
    seen: dict[str, float]
    late_seconds: Sequence[float]
    samples: list[Sample]
    observed: Observed
    exit_codes: list[int | None]
    told: list[dict[str, Any]]
    processes: tuple[str, ...] = ()
    faults: list[str] = field(default_factory=list)


def measure_load(settings: Settings, plan: LoadPlan, *, home: Path, say: Callable[[str], None]) -> LoadRun:
    """Run it. `settings` name a broker that answers and topics of this run's own; logs go under `home`.

    Raises what the broker raises, and BenchFailed where the workers do not come up.
    """
    clock = SystemClock()
    broker = build_broker(settings, clock=clock)
    admin = broker.topics()
    ensure(admin, build_topic_specs(settings, brokers=admin.brokers()), clock=clock)
    admin.close()
    names = TopicNames(settings.topics.prefix)
    environment = worker_environment(settings)
    workers = [
        WorkerProcess(f"{settings.worker.group}-{number}", plan.worker, environment=environment, home=home)
        for number in range(plan.workers)
    ]
    group = f"{settings.worker.group}-tail"
    tails = [
        Tail(broker, topic=names.verdicts(level), partitions=settings.topics.partitions, group=group, clock=clock)
        for level in RiskLevel
    ]
    rig = _Rig(settings, plan, broker, names, workers, tails, say)
    with rig.running():
        sender, samples = rig.measure()
    with contextlib.closing(broker.reader()) as reader:
        sent = {*sender.due_at, *rig.warm_up_ids}
        observed = observe(reader, names, partitions=settings.topics.partitions, sent=sent)
    return LoadRun(
        began=sender.began,
        due=sender.due_at,
        seen=rig.seen(),
        late_seconds=sender.late_seconds,
        samples=samples,
        observed=observed,
        exit_codes=[worker.stop() for worker in workers],
        told=[worker.told() for worker in workers],
        processes=(*(worker.name for worker in workers), "bench"),
        faults=rig.faults,
    )


class _Rig:
    """The run's parts, and what they do together."""

    def __init__(
        self,
        settings: Settings,
        plan: LoadPlan,
        broker: Broker,
        names: TopicNames,
        workers: list[WorkerProcess],
        tails: list[Tail],
        say: Callable[[str], None],
    ) -> None:
        self._plan, self._broker, self._names = plan, broker, names
        self._partitions = settings.topics.partitions
        self._workers, self._tails, self._say = workers, tails, say
        self._told_at = 0.0
        self.warm_up_ids: set[str] = set()
        self.faults: list[str] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The readers, and whatever `measure` starts; all of it is stopped at the end."""
        try:
            for tail in self._tails:
                tail.start()
            self._wait("the readers follow", lambda: all(tail.settled for tail in self._tails), _READERS_SECONDS)
            yield
        finally:
            for worker in self._workers:
                worker.stop()
            for tail in self._tails:
                tail.stop()

    def measure(self) -> tuple[Sender, list[Sample]]:
        plan = self._plan
        due = list(due_seconds(plan.steps)) if plan.steps else [0.0] * plan.talk.chunks
        sender = Sender(
            lambda: self._broker.publisher(publisher_id="bench"),
            plan.talk,
            due,
            topic=self._names.chunks,
            spread_over=self._partitions if plan.spread else None,
        )
        try:
            if plan.steps:
                self._start_workers()
                self._wait("every worker has partitions", self._settled, plan.start_seconds)
                self._warm_up()
            sender.start()
            if not plan.steps:
                while sender.sending:
                    self._tell(f"sent {sender.sent} of {plan.talk.chunks}, no worker yet")
                    time.sleep(_LOOK_SECONDS)
                self._start_workers()
            return sender, self._watch(sender)
        finally:
            sender.stop()

    def seen(self) -> dict[str, float]:
        """When each chunk's verdict was read first."""
        return {chunk_id: at for tail in self._tails for chunk_id, at in tail.seen.items()}

    def _start_workers(self) -> None:
        for worker in self._workers:
            worker.start()

    def _settled(self) -> bool:
        owned = [worker.ready_partitions() for worker in self._workers]
        return all(owned) and len(frozenset().union(*owned)) == self._partitions == sum(map(len, owned))

    def _warm_up(self) -> None:
        """A few chunks through every partition, outside the figures: connections are made and code is loaded."""
        chunks = [
            (build_chunk(consult_id=f"warm-up-{partition}", seq=seq), partition)
            for partition in range(self._partitions)
            for seq in range(_WARM_UP_CHUNKS)
        ]
        self.warm_up_ids = {chunk.chunk_id for chunk, _ in chunks}
        with contextlib.closing(self._broker.publisher(publisher_id="bench-warm-up")) as publisher:
            publisher.publish([chunk_record(one, topic=self._names.chunks, partition=p) for one, p in chunks])
        self._wait("the first verdicts are there", lambda: self._verdicts() >= len(chunks), self._plan.start_seconds)

    def _verdicts(self) -> int:
        return sum(tail.count for tail in self._tails)

    def _watch(self, sender: Sender) -> list[Sample]:
        """Look until every chunk's verdict is seen, or nothing comes any more."""
        samples: list[Sample] = []
        last_count, last_change, next_sample = 0, time.monotonic(), time.monotonic()
        while True:
            sending, count = sender.sending, self._verdicts() - len(self.warm_up_ids)
            now = time.monotonic()
            if count != last_count:
                last_count, last_change = count, now
            over = self._over(sending=sending, count=count, idle_seconds=now - last_change)
            # Of a backlog from the first verdict on: what a worker uses to come up is not what a chunk costs.
            if over or (now >= next_sample and (self._plan.steps or count)):
                samples.append(self._sample(sender, count))
                next_sample = now + self._plan.sample_seconds
            if over:
                return samples
            self._tell(f"sent {sender.sent} of {self._plan.talk.chunks}, committed {count}")
            time.sleep(_LOOK_SECONDS)

    def _over(self, *, sending: bool, count: int, idle_seconds: float) -> bool:
        """Whether there is nothing more to wait for; a run that is not whole says why."""
        short = self._plan.talk.chunks - count
        if not sending and short <= 0:
            return True
        if dead := [worker for worker in self._workers if worker.died]:
            self.faults.append(f"a worker ended by itself: {dead[0].last_words()}")
            return True
        # Of a backlog the workers are still coming up until the first verdict is there.
        patience = self._plan.idle_seconds if self._plan.steps or count else self._plan.start_seconds
        if idle_seconds > patience:
            self.faults.append(f"no verdict for {patience:g} s, and {short} are missing")
            return True
        return False

    def _sample(self, sender: Sender, count: int) -> Sample:
        pids = [*(worker.pid for worker in self._workers), os.getpid()]
        usage = tuple(None if pid is None else usage_of(pid) for pid in pids)
        return Sample(round(time.time() - sender.began, 2), sender.sent - count, usage)

    def _wait(self, what: str, done: Callable[[], bool], limit_seconds: float) -> None:
        began = time.monotonic()
        while not done():
            if dead := [worker for worker in self._workers if worker.died]:
                raise BenchFailed(f"a worker ended before {what}: {dead[0].last_words()}")
            if time.monotonic() - began > limit_seconds:
                raise BenchFailed(f"not within {limit_seconds:g} s: {what}")
            time.sleep(_LOOK_SECONDS)

    def _tell(self, words: str) -> None:
        if time.monotonic() - self._told_at > _SAY_SECONDS:
            self._told_at = time.monotonic()
            self._say(words)
