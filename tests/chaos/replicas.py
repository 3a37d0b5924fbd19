"""Whether every partition of a cluster has all its copies in step."""

import time
from collections.abc import Sequence

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

_PAUSE_SECONDS = 1.0


def await_in_sync(servers: Sequence[str], *, timeout_seconds: float) -> bool:
    """Wait until they are; False if they are not by then."""
    until = time.monotonic() + timeout_seconds
    while time.monotonic() < until:
        if _behind(servers) == 0:
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _behind(servers: Sequence[str]) -> int | None:
    """Partitions that miss a copy; None if nobody tells."""
    try:
        admin = KafkaAdminClient(bootstrap_servers=list(servers), request_timeout_ms=5_000, bootstrap_timeout_ms=5_000)
    except (KafkaError, OSError, RuntimeError, ValueError):
        return None
    try:
        partitions = [one for topic in admin.describe_topics() for one in topic["partitions"]]
        return sum(len(one["isr_nodes"]) < len(one["replica_nodes"]) for one in partitions)
    except (KafkaError, OSError, RuntimeError, ValueError):
        return None
    finally:
        admin.close()
