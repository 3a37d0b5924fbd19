"""Two repairs to how kafka-python 3.0.12 joins a group when one poll is too short for the join.

A join that outlives its poll goes on in the background. The library then loses its outcome in two ways, either of
which can keep a worker out of its group for good on a slow day:

- a join caused by changed topic metadata clears its own cause before it ends: the next poll sees no reason to join,
  the outcome is never applied, and without heartbeats the member is dropped
- a join that ends between two polls is taken for a stale one and started again, which makes every other member of the
  group join again too
"""

from typing import Any

from kafka import KafkaConsumer
from kafka.future import Future


class JoinRepairs:
    """For one consumer. Reaches into its coordinator, because nothing public does."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._coordinator: Any = consumer._coordinator

    def keep_cause(self) -> None:
        """Call while a JoinGroup is being made: the need to join lasts until a join has been applied."""
        self._coordinator.request_rejoin()

    def keep_outcome(self) -> None:
        """Call before each poll: a join that ended since the last one is applied by this one."""
        task = self._coordinator._join_task
        if task is not None and task.succeeded():
            self._coordinator._join_task = _Outcome(task.value)


class _Outcome(Future):  # type: ignore[misc]  # the library has no types
    """A finished join that counts as running until it is waited for, and answers at once then."""

    def __init__(self, assignment: bytes) -> None:
        super().__init__()
        self._assignment = assignment

    def add_callback(self, f: Any, *args: Any, **kwargs: Any) -> "_Outcome":
        f(self._assignment, *args, **kwargs)
        return self
