"""Real workers on a real Kafka of three brokers, while everything about them is broken; then everything is counted.

    python -m tests.chaos.run --seed 1 --seconds 300 --chunks 20000 --workers 3 --json

Faults come from a plan that the seed makes (--plan prints it and ends): kill -9 of workers, brokers, the quorum's
leader and the judge; frozen workers that wake as zombies, with and without a successor; connections cut and delayed;
answers to EndTxn lost and requests held back; a broker's disk filled; clocks that jump. Needs Java and Maven (jars; a
container will not do); a full disk needs user namespaces, a wrong clock a C compiler; what this machine cannot do is
named in the figures under `left_out`. Exit code 0 only if nothing was lost, doubled, out of order or orphaned, every
audit chain verifies, nothing that was said stands in any log, and no worker ended without being told to.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.errors import BrokerUnavailable
from pipeline.trial.limited_disk import LimitedDisk
from tests.chaos.checker import sound
from tests.chaos.plan import Fault, Kind, make_plan
from tests.chaos.site import Say, Site, say

_SECONDS_A_FAULT = 9.0
_PATIENCE_SECONDS = 600.0
_CHUNKS_A_SECOND = 50.0
"""What is left over when the faults end is waited for: so long, and at this pace."""


def left_out() -> dict[Kind, str]:
    """What cannot be done on this machine, and why."""
    reasons = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            LimitedDisk(Path(folder), size_mb=1).close()
        except BrokerUnavailable as error:
            reasons[Kind.FILL_DISK] = str(error)
    if shutil.which("cc") is None:
        reasons[Kind.SKEW_CLOCK] = "no C compiler (cc)"
    return reasons


def run(
    plan: list[Fault],
    *,
    seed: int,
    seconds: float,
    chunks: int,
    workers: int,
    judge: str,
    home: Path,
    say: Say = say,
) -> dict[str, Any]:
    """The figures of one run."""
    missing = left_out()
    disks = Kind.FILL_DISK not in missing
    site = Site(home, seed=seed, workers=workers, judge=judge, chunks=chunks, seconds=seconds, disks=disks, say=say)
    with site:
        figures = site.run(plan, patience_seconds=_PATIENCE_SECONDS + chunks / _CHUNKS_A_SECOND)
    return {
        "seed": seed, "workers": workers, "judge": judge, "brokers": 3, "replication": 3, "min_insync": 2,
        "left_out": {str(kind): why for kind, why in missing.items()},
        "faults_by_kind": dict(Counter(fault["kind"] for fault in figures["faults"])),
        "faults_planned": len(plan),
        **figures,
    }  # fmt: skip


def whole(figures: dict[str, Any]) -> bool:
    """Whether the run is a success."""
    return (
        sound(figures)
        and figures["settled"]
        and figures["sender_failure"] is None
        and len(figures["faults"]) == figures["faults_planned"]
        and not any(fault["error"] for fault in figures["faults"])
        and all(end["expected"] for end in figures["worker_ends"])
        and not any(figures["exit_codes"])
    )


def _print(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name == "faults":
            continue
        print(f"{name:26} {json.dumps(value)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--seconds", type=float, default=180.0, help="over which chunks are sent and faults begin")
    parser.add_argument("--chunks", type=int, default=5_000)
    parser.add_argument("--faults", type=int, help=f"default: one every {_SECONDS_A_FAULT:.0f} s")
    parser.add_argument("--kinds", help="only these, separated by commas")
    parser.add_argument("--workers", type=int, choices=(2, 3, 4), default=3)
    parser.add_argument("--judge", choices=("hostile", "vllm"), default="hostile")
    parser.add_argument("--home", type=Path, help="an empty folder for logs and data; default: a temporary one")
    parser.add_argument("--plan", action="store_true", help="print the plan and end")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    asked = parser.parse_args()
    kinds = [Kind(word) for word in asked.kinds.split(",")] if asked.kinds else list(Kind)
    kinds = [kind for kind in kinds if kind not in left_out()]
    count = asked.faults or max(1, round(asked.seconds / _SECONDS_A_FAULT))
    plan = make_plan(asked.seed, seconds=asked.seconds, count=count, workers=asked.workers, kinds=kinds)
    say(f"seed {asked.seed}: {count} faults")
    if asked.plan:
        print(json.dumps([fault.body() for fault in plan], indent=1))
        return 0
    home = asked.home or Path(tempfile.mkdtemp(prefix="chaos-"))
    home.mkdir(parents=True, exist_ok=True)
    say(f"logs: {home}")
    figures = run(
        plan,
        seed=asked.seed,
        seconds=asked.seconds,
        chunks=asked.chunks,
        workers=asked.workers,
        judge=asked.judge,
        home=home,
    )
    if asked.json:
        print(json.dumps(figures | {"whole": whole(figures)}))
    else:
        _print(figures)
    say("whole" if whole(figures) else "NOT whole")
    return 0 if whole(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
