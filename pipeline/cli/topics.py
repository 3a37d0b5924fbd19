"""`consultguard topics ensure|show|acls`."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from pipeline.broker.base import TopicSpec
from pipeline.broker.grants import as_command, grants
from pipeline.broker.topics import TopicNames, differences
from pipeline.broker.topics import ensure as ensure_topics
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, print_json, print_table
from pipeline.clock import SystemClock
from pipeline.runtime.assembly import build_topic_specs
from pipeline.runtime.engines import build_broker

app = typer.Typer(no_args_is_help=True, help="Create, verify and show the topics.", rich_markup_mode=None)

BrokerOption = Annotated[
    Literal["local", "kafka"] | None, typer.Option("--broker", help="Instead of CONSULTGUARD_BROKER.")
]
_COLUMNS = ("topic", "partitions", "replication", "min in-sync", "retention", "cleanup", "state")
_DAY_MS = 86_400_000


@app.command(
    "ensure",
    epilog="Examples:\n\n  consultguard topics ensure\n\n"
    "  CONSULTGUARD_TOPICS_PARTITIONS=12 CONSULTGUARD_TOPICS_REPLICATION=3 CONSULTGUARD_TOPICS_MIN_INSYNC_REPLICAS=2 "
    "consultguard topics ensure --broker kafka",
)
def ensure(*, broker: BrokerOption = None, as_json: JsonOption = False) -> None:
    """Create missing topics; refuse, naming each difference, any that is weaker than the settings ask."""
    settings, clock = settings_for(broker=broker), SystemClock()
    admin = build_broker(settings, clock=clock).topics()
    try:
        reports = ensure_topics(admin, build_topic_specs(settings, brokers=admin.brokers()), clock=clock)
    finally:
        admin.close()
    _print([(report.topic, report.action) for report in reports], as_json=as_json)


@app.command("show", epilog="Example: consultguard topics show --broker kafka --json")
def show(*, broker: BrokerOption = None, as_json: JsonOption = False) -> None:
    """Show the topics beside what the settings ask; exit code 1 if one is missing or weaker."""
    settings, clock = settings_for(broker=broker), SystemClock()
    admin = build_broker(settings, clock=clock).topics()
    rows: list[tuple[TopicSpec, str]] = []
    try:
        for asked in build_topic_specs(settings, brokers=admin.brokers()):
            found = admin.describe(asked.name)
            state = "missing" if found is None else "; ".join(differences(asked, found)) or "ok"
            rows.append((found or TopicSpec(asked.name, 0, replication=0), state))
    finally:
        admin.close()
    _print(rows, as_json=as_json)
    if any(state != "ok" for _, state in rows):
        raise typer.Exit(1)


_SCRIPT = """#!/bin/sh
# The least that each part of ConsultGuard needs on a Kafka cluster. Written by: consultguard topics acls
# Run it with an administrator's client properties:
#   ./acls.sh --bootstrap-server k1:9092 --command-config admin.properties
set -eu
"""


@app.command(
    "acls",
    epilog="Examples:\n\n  consultguard topics acls > acls.sh\n\n  consultguard topics acls --json\n\n"
    "Topics, group and transactional ids are those of the settings.",
)
def acls(*, as_json: JsonOption = False) -> None:
    """Print, as a script for kafka-acls.sh, who may do what: nobody may delete or alter the audit trail."""
    settings = settings_for()
    given = grants(TopicNames(settings.topics.prefix), worker_group=settings.worker.group)
    if as_json:
        print_json({"grants": [asdict(grant) for grant in given]})
        return
    typer.echo(_SCRIPT + "\n".join(f'kafka-acls.sh "$@" {as_command(grant)}' for grant in given))


def _print(rows: list[tuple[TopicSpec, str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"topics": [_body(topic, state) for topic, state in rows]})
        return
    print_table(
        _COLUMNS,
        [
            (
                topic.name,
                topic.partitions,
                topic.replication,
                topic.min_insync_replicas,
                "for ever" if topic.retention_ms == -1 else f"{topic.retention_ms / _DAY_MS:g} days",
                topic.cleanup_policy,
                state,
            )
            for topic, state in rows
        ],
    )


def _body(topic: TopicSpec, state: str) -> dict[str, Any]:
    return {
        "name": topic.name,
        "partitions": topic.partitions,
        "replication": topic.replication,
        "min_insync_replicas": topic.min_insync_replicas,
        "retention_ms": topic.retention_ms,
        "cleanup_policy": topic.cleanup_policy,
        "state": state,
    }
