"""`consultguard run checkpointer`."""

import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.audit.signing_key import load_public_key
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, print_json
from pipeline.clock import SystemClock
from pipeline.log import configure
from pipeline.runtime.engines import build_broker
from pipeline.runtime.signing import open_checkpointing

EXAMPLES = """Examples:\n
  consultguard keys signing && consultguard run checkpointer\n
  CONSULTGUARD_AUDIT_ANCHOR=s3://clinic-audit/checkpoints consultguard run checkpointer\n
  consultguard run checkpointer --once --json\n
Run one for the whole deployment. Ends on SIGTERM or SIGINT after a last checkpoint, with exit code 0; with 1 where it
had to stop: a chain that is not sound, topics that were rolled back, another checkpointer. After partitions were added,
start it anew.
"""


def checkpointer(
    *,
    once: Annotated[bool, typer.Option("--once", help="One checkpoint over what there is now, and end.")] = False,
    earlier_key: Annotated[
        list[Path] | None, typer.Option(help="Public PEM of a key that signed before the one in use.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign, every so often, how far each audit chain has come, and keep that where the writers cannot reach it."""
    settings = settings_for()
    configure(level=settings.log_level, form=settings.log_format)
    clock = SystemClock()
    earlier = [load_public_key(path) for path in earlier_key or ()]
    with open_checkpointing(
        settings, build_broker(settings, clock=clock), clock=clock, earlier_keys=earlier
    ) as service:

        def stop(_signal: int, _frame: Any) -> None:
            service.stop()

        if once:
            done = service.run_once()
        else:
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
            done = service.run()
    if as_json:
        print_json(asdict(done))
    elif done.last_seq is None:
        typer.echo("no checkpoint was written")
    else:
        anchored = "no anchor" if done.anchored_seq is None else f"the anchor holds number {done.anchored_seq}"
        typer.echo(f"{done.written} checkpoints written, the last is number {done.last_seq}; {anchored}")
