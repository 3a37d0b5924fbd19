"""`consultguard run worker`."""

import signal
from contextlib import closing
from functools import partial
from typing import Annotated, Any

import typer

from pipeline.broker.topics import TopicNames, ensure
from pipeline.cli import run_checkpointer
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, print_json
from pipeline.clock import SystemClock
from pipeline.log import configure
from pipeline.runtime.assembly import build_policy, build_topic_specs, build_worker
from pipeline.runtime.engines import build_broker
from pipeline.runtime.journal import open_journal
from pipeline.runtime.lifecycle import note_breaker, recorded

app = typer.Typer(no_args_is_help=True, help="Run a service in the foreground.", rich_markup_mode=None)
app.command("checkpointer", epilog=run_checkpointer.EXAMPLES)(run_checkpointer.checkpointer)

_EXAMPLES = """Examples:\n
  consultguard run worker\n
  CONSULTGUARD_BROKER=kafka CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS=k1:9092,k2:9092 CONSULTGUARD_JUDGE=vllm
  CONSULTGUARD_VLLM_ENDPOINTS=http://gpu1:8000 consultguard run worker --instance-id worker-0\n
Ends on SIGTERM or SIGINT after finishing and committing what is in flight. Exit code 0 then; 1 where it had to stop.
"""


@app.callback()
def _group() -> None:
    """Keeps `worker` a sub-command: more services join it."""


@app.command("worker", epilog=_EXAMPLES)
def worker(
    *,
    instance_id: Annotated[
        str | None, typer.Option(help="Names this worker for ever; its successor with the same id takes over at once.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Moderate transcript chunks until told to stop."""
    settings = settings_for(worker={"instance_id": instance_id} if instance_id else None)
    configure(level=settings.log_level, form=settings.log_format)
    clock = SystemClock()
    broker = build_broker(settings, clock=clock)
    admin = broker.topics()
    try:
        # Creates what is missing and refuses what is weaker than asked, before a single chunk is read.
        ensure(admin, build_topic_specs(settings, brokers=admin.brokers()), clock=clock)
    finally:
        admin.close()
    journal = open_journal(settings, broker, role="worker", clock=clock)
    assembled = build_worker(settings, clock=clock, broker=broker, on_breaker=partial(note_breaker, journal))

    def stop(_signal: int, _frame: Any) -> None:
        assembled.worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    topic = TopicNames(settings.topics.prefix).audit_events
    with (
        closing(broker.reader()) as reader,
        recorded(journal, reader, topic=topic, settings=settings, policy=build_policy(settings), clock=clock),
    ):
        assembled.worker.run()
    if as_json:
        print_json({"committed": assembled.health.state.committed})
