"""Does what a plan says, at its time. What cannot be done to the same target at once waits for its turn."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from pipeline.trial.kafka_cluster import KafkaCluster
from tests.chaos.fleet import ChaosWorker
from tests.chaos.judges import JudgeServer
from tests.chaos.plan import Fault, Kind
from tests.chaos.proxy import Proxy
from tests.chaos.replicas import await_in_sync
from tests.chaos.skew import SkewedClock

_IN_SYNC_SECONDS = 120.0
_UNHURT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Done:
    """A fault as it was carried out; `error` if it could not be, or the site did not come back from it."""

    fault: Fault
    began_seconds: float
    ended_seconds: float
    note: str
    error: str | None

    def body(self) -> dict[str, Any]:
        return {
            **self.fault.body(), "began": round(self.began_seconds, 1), "ended": round(self.ended_seconds, 1),
            "note": self.note, "error": self.error,
        }  # fmt: skip


class FaultRun:
    """`clocks` are the workers' and then the brokers'; none where clocks cannot be skewed."""

    def __init__(
        self,
        cluster: KafkaCluster,
        proxy: Proxy,
        workers: Sequence[ChaosWorker],
        judge: JudgeServer,
        clocks: Sequence[SkewedClock],
        *,
        say: Callable[[str], None],
    ) -> None:
        self._cluster, self._proxy, self._workers, self._judge = cluster, proxy, workers, judge
        self._clocks, self._say = clocks, say
        self._lanes: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._began = 0.0
        self._ending = threading.Event()
        self.done: list[Done] = []

    def start(self, plan: Sequence[Fault]) -> threading.Thread:
        """Begin now; the thread ends when the last fault is over."""
        self._began = time.monotonic()
        thread = threading.Thread(target=self._run, args=(plan,), name="faults", daemon=True)
        thread.start()
        return thread

    def give_up(self) -> None:
        """Begin no more faults."""
        self._ending.set()

    def _run(self, plan: Sequence[Fault]) -> None:
        threads = []
        for fault in plan:
            if self._ending.wait(max(0.0, self._began + fault.at_seconds - time.monotonic())):
                break
            threads.append(threading.Thread(target=self._one, args=(fault,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _one(self, fault: Fault) -> None:
        with self._lanes[_lane(fault)]:
            if self._ending.is_set():
                return
            began, note, error = self._elapsed(), "", None
            self._say(f"{began:7.1f} s  {fault.kind} {fault.target} for {fault.seconds} s")
            try:
                note = self._carry_out(fault)
            except Exception as failure:  # noqa: BLE001 - told at the end, with everything else
                error = f"{type(failure).__name__}: {failure}"
                self._say(f"{fault.kind} {fault.target} failed: {error}")
            self.done.append(Done(fault, began, self._elapsed(), note, error))

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _carry_out(self, fault: Fault) -> str:
        match fault.kind:
            case Kind.KILL_WORKER | Kind.SUSPEND_WORKER | Kind.REPLACE_WORKER:
                return self._worker(fault)
            case Kind.KILL_BROKER | Kind.KILL_CONTROLLER | Kind.SUSPEND_BROKER | Kind.FILL_DISK:
                return self._broker(fault)
            case Kind.KILL_JUDGE:
                self._judge.kill()
                time.sleep(fault.seconds)
                self._judge.start()
                return ""
            case Kind.CUT | Kind.DELAY | Kind.LOSE_COMMIT_ANSWERS | Kind.LATE_COMMIT_REQUESTS:
                return self._network(fault)
            case Kind.SKEW_CLOCK:
                return self._clock(fault)
            case _:
                assert_never(fault.kind)

    def _worker(self, fault: Fault) -> str:
        worker = self._workers[fault.target]
        match fault.kind:
            case Kind.KILL_WORKER:
                worker.kill()
                time.sleep(fault.seconds)
                worker.start()
            case Kind.SUSPEND_WORKER:
                worker.suspend()
                time.sleep(fault.seconds)
                worker.resume()
            case _:
                worker.suspend_and_replace()
                time.sleep(fault.seconds)
                worker.resume_replaced()
        return ""

    def _broker(self, fault: Fault) -> str:
        node, note = fault.target, ""
        match fault.kind:
            case Kind.KILL_CONTROLLER:
                node = self._cluster.controller() or node
                note = f"broker {node} led"
                self._kill_and_start(node, fault.seconds)
            case Kind.KILL_BROKER:
                self._kill_and_start(node, fault.seconds)
            case Kind.SUSPEND_BROKER:
                self._cluster.suspend(node)
                try:
                    time.sleep(fault.seconds)
                finally:
                    self._cluster.resume(node)
            case _:
                note = self._fill(node, fault.seconds)
        if not await_in_sync(self._cluster.bootstrap_servers, timeout_seconds=_IN_SYNC_SECONDS):
            raise TimeoutError(f"not every copy was in step {_IN_SYNC_SECONDS:.0f} s after broker {node} came back")
        return note

    def _kill_and_start(self, node: int, seconds: float) -> None:
        self._cluster.kill(node)
        time.sleep(seconds)
        self._cluster.start_node(node)

    def _fill(self, node: int, seconds: float) -> str:
        disk = self._cluster.disk(node)
        disk.fill()
        try:
            time.sleep(seconds)
        finally:
            disk.free()
        if not self._cluster.running(node):
            self._cluster.start_node(node)
            return "the broker gave up and was started again"
        if await_in_sync(self._cluster.bootstrap_servers, timeout_seconds=_UNHURT_SECONDS):
            return "the broker lived on"
        self._kill_and_start(node, 0.0)
        return "the broker did not get back in step and was started again"

    def _network(self, fault: Fault) -> str:
        proxy = self._proxy
        match fault.kind:
            case Kind.CUT:
                cut = proxy.cut(fault.target)
                time.sleep(fault.seconds)
                proxy.mend(fault.target)
                return f"{cut} connections"
            case Kind.DELAY:
                proxy.delay(fault.target, fault.amount / 1000)
                time.sleep(fault.seconds)
                proxy.delay(fault.target, 0.0)
                return ""
            case Kind.LOSE_COMMIT_ANSWERS:
                before = proxy.answers_lost
                proxy.lose_commit_answers()
                time.sleep(fault.seconds)
                proxy.end_hold()
                return f"{proxy.answers_lost - before} answers"
            case _:
                before = proxy.requests_held
                proxy.hold_commit_requests()
                time.sleep(fault.seconds)
                proxy.end_hold()
                return f"{proxy.requests_held - before} requests"

    def _clock(self, fault: Fault) -> str:
        clock = self._clocks[fault.target]
        clock.set(fault.amount)
        time.sleep(fault.seconds)
        clock.set(0.0)
        number = fault.target - len(self._workers)
        return f"broker {number + 1}" if number >= 0 else f"worker {fault.target}"


def _lane(fault: Fault) -> str:
    """Faults of one lane wait for each other: brokers go down one at a time, all copies in step in between."""
    match fault.kind:
        case Kind.KILL_WORKER | Kind.SUSPEND_WORKER | Kind.REPLACE_WORKER:
            return f"worker-{fault.target}"
        case Kind.KILL_BROKER | Kind.KILL_CONTROLLER | Kind.SUSPEND_BROKER | Kind.FILL_DISK:
            return "brokers"
        case Kind.CUT | Kind.DELAY:
            return f"{fault.kind}-{fault.target}"
        case Kind.LOSE_COMMIT_ANSWERS | Kind.LATE_COMMIT_REQUESTS:
            return "commits"
        case Kind.SKEW_CLOCK:
            return f"clock-{fault.target}"
        case Kind.KILL_JUDGE:
            return "judge"
        case _:
            assert_never(fault.kind)
