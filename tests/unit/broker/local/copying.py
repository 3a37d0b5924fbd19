"""A worker process for tests that kill it: copies `source` to `first` and `second`, one transaction a batch.

    python -m tests.unit.broker.local.copying DIRECTORY INSTANCE_ID [SECONDS]

Each outgoing record says which transaction it belongs to and how many records that has. Ends by itself when nothing
came for SECONDS; prints a line once it owns something.
"""

import os
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.broker.base import OutgoingRecord, Record, TopicPartition
from pipeline.broker.local.broker import LocalBroker
from pipeline.clock import Deadline, SystemClock
from pipeline.errors import CommitAborted
from tests.contract.rig import next_offsets

CLOCK = SystemClock()


class Announced:
    def assigned(self, positions: Mapping[TopicPartition, int]) -> None:
        print("assigned", len(positions), flush=True)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        pass

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        pass


def outgoing(records: Sequence[Record], transaction: str) -> list[OutgoingRecord]:
    about = (("transaction", transaction.encode()), ("size", str(2 * len(records)).encode()))
    return [
        OutgoingRecord(topic, record.key, record.value or b"", record.ref.partition, about)
        for record in records
        for topic in ("first", "second")
    ]


def main(directory: str, instance_id: str, quiet_seconds: float) -> None:
    broker = LocalBroker(Path(directory), clock=CLOCK, session_timeout_seconds=2.0, heartbeat_interval_seconds=0.05)
    stream = broker.stream(topic="source", group="group", instance_id=instance_id)
    stream.open(Announced())
    quiet = Deadline(quiet_seconds, clock=CLOCK)
    number = 0
    while not quiet.passed:
        records = stream.poll(timeout_seconds=0.05, max_records=random.randint(1, 40))
        if records:
            number += 1
            try:
                stream.commit(outgoing(records, f"{os.getpid()}-{number}"), offsets=next_offsets(records))
            except CommitAborted:
                stream.recover()
            quiet = Deadline(quiet_seconds, clock=CLOCK)
    stream.close(Deadline(5.0, clock=CLOCK))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 3600.0)
