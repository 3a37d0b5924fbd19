"""A process whose disk takes no more bytes in the middle of a commit, and takes them again later.

Prints what the stream raised, and what was there after `recover`. The limit on file size stands in for the disk: a
write beyond it fails with an error of the system (EFBIG), as a write to a broken disk does (EIO).
"""

import os
import resource
import sys
from pathlib import Path

from pipeline.broker.base import TopicPartition
from pipeline.errors import BrokerUnavailable, CommitAborted, CommitUnknown
from tests.unit.broker.local.site import Site


def limit(size_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))


def main(directory: str) -> None:
    with Site(Path(directory)) as site:
        site.publish(b"1", b"2" * 50_000)
        worker = site.worker("worker")
        worker.poll()
        used = os.path.getsize(Path(directory) / "log.sqlite3-wal")
        limit(used + 10_000)
        try:
            worker.commit()
        except (CommitUnknown, CommitAborted) as error:
            print(type(error).__name__)
        try:
            limit(used)
            worker.recover()
        except BrokerUnavailable as error:
            print("recover:", type(error).__name__)
        limit(resource.RLIM_INFINITY)
        print("committed:", worker.recover()[TopicPartition("source", 0)], "copied:", len(site.values("sink")))
        worker.poll()
        worker.commit()
        print("committed:", site.committed(), "copied:", len(site.values("sink")))


if __name__ == "__main__":
    main(sys.argv[1])
