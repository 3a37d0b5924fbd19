"""What is done to whom, and when: a pure function of the seed, so that a run that failed can be run again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from random import Random
from typing import Any, assert_never


class Kind(StrEnum):
    KILL_WORKER = "kill_worker"
    """kill -9, and a start under the same id."""
    SUSPEND_WORKER = "suspend_worker"
    """SIGSTOP past its session time-out, then SIGCONT: a zombie."""
    REPLACE_WORKER = "replace_worker"
    """SIGSTOP, a successor with the same id, then SIGCONT: a zombie with nothing left of its own."""
    KILL_BROKER = "kill_broker"
    KILL_CONTROLLER = "kill_controller"
    """kill -9 of whichever broker leads the quorum at that moment."""
    SUSPEND_BROKER = "suspend_broker"
    """SIGSTOP: connections stay open, nothing is answered."""
    FILL_DISK = "fill_disk"
    """Not a byte more fits on a broker's disk; then it is freed, and the broker started again if it gave up."""
    KILL_JUDGE = "kill_judge"
    CUT = "cut"
    """Every connection from workers to one broker is reset, and new ones are."""
    DELAY = "delay"
    """Everything between workers and one broker takes so much longer, in each direction."""
    LOSE_COMMIT_ANSWERS = "lose_commit_answers"
    """Transactions are ended, and nobody is told: the outcome of the commit is unknown."""
    LATE_COMMIT_REQUESTS = "late_commit_requests"
    """The request to end a transaction reaches the broker long after its sender has given up."""
    SKEW_CLOCK = "skew_clock"
    """The wall clock of a worker or a broker jumps, and jumps back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`target` numbers a worker from 0 or a broker from 1, and means nothing to some kinds. `amount` is the delay in
    milliseconds, or the skew in seconds."""

    at_seconds: float
    kind: Kind
    target: int
    seconds: float
    amount: float = 0.0

    def body(self) -> dict[str, Any]:
        return asdict(self)


def make_plan(
    seed: int,
    *,
    seconds: float,
    count: int,
    workers: int,
    brokers: int = 3,
    kinds: Sequence[Kind] = tuple(Kind),
) -> list[Fault]:
    """`count` faults spread over `seconds`, in order of time, each kind about as often as any other."""
    rng = Random(seed)
    drawn: list[Kind] = []
    while len(drawn) < count:
        drawn.extend(rng.sample(list(kinds), len(kinds)))
    gap = seconds / count
    return [
        _fault(rng, kind, at_seconds=round(gap * (number + rng.uniform(0.0, 0.9)), 2), workers=workers, brokers=brokers)
        for number, kind in enumerate(drawn[:count])
    ]


def _fault(rng: Random, kind: Kind, *, at_seconds: float, workers: int, brokers: int) -> Fault:
    worker, broker = rng.randrange(workers), rng.randrange(1, brokers + 1)

    def lasting(least: float, most: float) -> float:
        return round(rng.uniform(least, most), 2)

    match kind:
        case Kind.KILL_WORKER:
            return Fault(at_seconds, kind, worker, lasting(0.1, 4))
        case Kind.SUSPEND_WORKER:
            # The session time-out is 10 s.
            return Fault(at_seconds, kind, worker, lasting(12, 16))
        case Kind.REPLACE_WORKER:
            return Fault(at_seconds, kind, worker, lasting(4, 10))
        case Kind.KILL_BROKER | Kind.KILL_CONTROLLER:
            return Fault(at_seconds, kind, broker, lasting(0.5, 6))
        case Kind.SUSPEND_BROKER:
            return Fault(at_seconds, kind, broker, lasting(2, 9))
        case Kind.FILL_DISK:
            return Fault(at_seconds, kind, broker, lasting(3, 8))
        case Kind.KILL_JUDGE:
            return Fault(at_seconds, kind, 0, lasting(0.5, 5))
        case Kind.CUT:
            return Fault(at_seconds, kind, broker, lasting(0.2, 8))
        case Kind.DELAY:
            return Fault(at_seconds, kind, broker, lasting(3, 9), amount=round(rng.uniform(50, 600)))
        case Kind.LOSE_COMMIT_ANSWERS | Kind.LATE_COMMIT_REQUESTS:
            # A commit is given up after 8 s.
            return Fault(at_seconds, kind, 0, lasting(8.5, 12))
        case Kind.SKEW_CLOCK:
            # Brokers refuse records stamped more than an hour ahead of them. Workers first, then brokers.
            ahead = rng.choice((-1, 1)) * round(rng.uniform(1, 1500))
            return Fault(at_seconds, kind, rng.randrange(workers + brokers), lasting(3, 15), amount=ahead)
        case _:
            assert_never(kind)
