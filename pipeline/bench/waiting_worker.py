"""A worker process with a judge that waits: all else is the worker that `consultguard run worker` starts.

    python -m pipeline.bench.waiting_worker --judge-ms 20 --slots 64 --instance-id bench-0

Settings come from the environment. Ends on SIGTERM, and prints one JSON object: how much it had in flight.
"""

import argparse
import signal
import sys
from typing import Any

import orjson

from pipeline.bench.waiting_judge import WaitingJudge
from pipeline.clock import SystemClock
from pipeline.log import configure
from pipeline.runtime.assembly import build_worker
from pipeline.runtime.engines import build_broker
from pipeline.settings import load_settings


def waiting_worker(*, judge_ms: float, slots: int) -> tuple[str, ...]:
    """The command that starts one; an instance id is to follow."""
    module = (sys.executable, "-m", "pipeline.bench.waiting_worker")
    return (*module, "--judge-ms", str(judge_ms), "--slots", str(slots))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge-ms", type=float, default=0.0)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--instance-id", required=True)
    asked = parser.parse_args()
    settings = load_settings(worker={"instance_id": asked.instance_id})
    configure(level=settings.log_level, form=settings.log_format)
    clock = SystemClock()
    judge = WaitingJudge(milliseconds=asked.judge_ms, slots=asked.slots)
    assembled = build_worker(settings, clock=clock, broker=build_broker(settings, clock=clock), judge=judge)

    def stop(_signal: int, _frame: Any) -> None:
        assembled.worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    assembled.worker.run()
    told = {
        "committed": assembled.health.state.committed,
        "judging_mean": round(judge.mean, 2),
        "judging_peak": judge.peak,
    }
    print(orjson.dumps(told).decode(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
