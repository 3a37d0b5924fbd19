"""The command `consultguard`."""

import sys

import typer

from pipeline.cli import (
    audit,
    bench,
    demo,
    doctor,
    eval,
    ingest,
    judge,
    keys,
    replay,
    run,
    schema,
    topics,
    train,
    version,
)
from pipeline.errors import ConsultGuardError
from pipeline.log import describe_fault

app = typer.Typer(
    name="consultguard",
    help="Decides, chunk by chunk, whether a telehealth transcript may flow on: safe, contested or unsafe, and why.",
    epilog="Start with: consultguard demo",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
app.command("judge", epilog=judge.EXAMPLES)(judge.judge)
app.add_typer(run.app, name="run")
app.add_typer(ingest.app, name="ingest")
app.add_typer(topics.app, name="topics")
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
app.add_typer(audit.app, name="audit")
app.command("replay", epilog=replay.EXAMPLES)(replay.replay)
app.add_typer(keys.app, name="keys")
app.add_typer(schema.app, name="schema")
app.add_typer(bench.app, name="bench")
app.add_typer(eval.app, name="eval")
app.add_typer(train.app, name="train")
app.command("version")(version.version)


def main() -> None:
    """Run the command. Our own errors end it with code 1 and one line that names cause and mend; any other fault is
    told by type and place, without its message, which might quote a transcript."""
    try:
        app()
    except ConsultGuardError as error:
        print(f"consultguard: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last line of defence of protected text
        print(f"consultguard: unexpected fault, please report it: {describe_fault(error)}", file=sys.stderr)
        sys.exit(70)  # EX_SOFTWARE of sysexits.h


if __name__ == "__main__":
    main()
