"""Who may do what on a cluster: the least each part of ConsultGuard needs, as Kafka's access control lists have it.

Nobody may delete or alter a record of the audit trail: who appends to it (a worker) may write and read back its end and
nothing else, and no other principal may write it at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.broker.topics import TopicNames

Operation = Literal["Read", "Write", "Describe", "DescribeConfigs"]
Resource = Literal["topic", "group", "transactional-id"]


@dataclass(frozen=True, slots=True)
class Grant:
    """`principal` may do `operations` on the resource called `name`, or on all that begin with it (`prefixed`)."""

    principal: str
    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False


def grants(names: TopicNames, *, worker_group: str, transactional_prefix: str = "consultguard") -> tuple[Grant, ...]:
    """For the principals consultguard-ingest, -worker, -checkpointer, -auditor, -ehr, -review and -alert.

    Topics are created by an operator with `topics ensure`, not by a worker.
    """
    return tuple(_grants(names, worker_group, transactional_prefix))


def _grants(names: TopicNames, worker_group: str, transactional_prefix: str) -> Iterator[Grant]:
    def topic(principal: str, name: str, *operations: Operation) -> Grant:
        return Grant(f"consultguard-{principal}", "topic", name, operations)

    yield topic("ingest", names.chunks, "Write", "Describe")
    yield topic("worker", names.chunks, "Read", "Describe", "DescribeConfigs")
    for name in (names.safe, names.contested, names.unsafe, names.dead_letter, names.reviews):
        yield topic("worker", name, "Write", "Describe", "DescribeConfigs")
    # Reads back the end of its chain, and the keys of consultations under way.
    for name in (names.audit, names.audit_events, names.keys):
        yield topic("worker", name, "Write", "Read", "Describe", "DescribeConfigs")
    yield topic("worker", names.checkpoints, "Describe", "DescribeConfigs")
    yield Grant("consultguard-worker", "group", worker_group, ("Read", "Describe"))
    for principal in ("worker", "ingest", "checkpointer"):
        yield Grant(
            f"consultguard-{principal}", "transactional-id", transactional_prefix, ("Write", "Describe"), prefixed=True
        )
    for name in (names.audit, names.audit_events):
        yield topic("checkpointer", name, "Read", "Describe")
    yield topic("checkpointer", names.checkpoints, "Read", "Write", "Describe")
    yield topic("checkpointer", names.chunks, "Describe")
    for name in (names.audit, names.audit_events, names.checkpoints, names.reviews):
        yield topic("auditor", name, "Read", "Describe")
    yield topic("auditor", names.chunks, "Describe")
    yield topic("ehr", names.safe, "Read", "Describe")
    yield topic("review", names.contested, "Read", "Describe")
    yield topic("review", names.reviews, "Write", "Describe")
    yield topic("alert", names.unsafe, "Read", "Describe")
    for principal in ("ehr", "review", "alert"):
        group = f"consultguard-{principal}"
        yield Grant(group, "group", group, ("Read", "Describe"), prefixed=True)


def as_command(grant: Grant) -> str:
    """The `kafka-acls.sh` arguments that give it."""
    operations = " ".join(f"--operation {operation}" for operation in grant.operations)
    pattern = " --resource-pattern-type prefixed" if grant.prefixed else ""
    return f"--add --allow-principal User:{grant.principal} --{grant.resource} {grant.name}{pattern} {operations}"
