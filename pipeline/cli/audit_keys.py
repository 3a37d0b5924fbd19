"""`consultguard audit erase` and `consultguard audit rewrap`: what is done to data keys."""

from contextlib import closing
from typing import Annotated, Any, assert_never

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.broker.base import Broker, Erasure, TopicPartition
from pipeline.broker.codec import iso_utc
from pipeline.broker.topics import TopicNames
from pipeline.cli.context import settings_for
from pipeline.cli.output import JsonOption, print_json, print_table, progress_console
from pipeline.cli.plain import plain, plain_json
from pipeline.clock import Deadline, SystemClock
from pipeline.errors import InputError
from pipeline.keys.providers import build_key_provider
from pipeline.log import configure
from pipeline.runtime.engines import build_broker
from pipeline.runtime.erasure import ConsultationErasure, ErasureReport, TopicErasure, checked_reason
from pipeline.runtime.journal import open_journal
from pipeline.runtime.looking import checked_id
from pipeline.runtime.rewrapping import RewrapReport, known_provider_keys, rewrap

ERASE_EXAMPLES = """Examples:\n
  consultguard audit erase --consult 4f1c2a --reason "consent withdrawn, request 118"\n
  consultguard audit erase --consult 4f1c2a --reason "consent withdrawn, request 118" --yes --json\n
Erase a consultation that has ended. Run it again after a crash or an error: it goes on. Exit code 1 where the
consultation spoke on meanwhile. The audit trail keeps its records and still verifies; backups are yours to erase.
On Kafka, run it again after the time it names: it then says what the broker's files still hold.
"""
REWRAP_EXAMPLES = """Examples:\n
  consultguard keys rotate && consultguard audit rewrap\n
  consultguard audit rewrap --json\n
Run it again after a crash or an error: it goes on. Exit code 1 where a data key did not open and was left as it is.
"""
_CLOSE_SECONDS = 10.0


def erase(
    *,
    consult: Annotated[str, typer.Option(help="Id of the consultation.")],
    reason: Annotated[str, typer.Option(help="Kept in the trail in clear, for years: 200 characters, name nobody.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Destroy a consultation's data keys, and its chunks, verdicts and dead letters as far as the broker can."""
    consult, reason = checked_id(consult, what="--consult"), checked_reason(reason)
    settings, clock = settings_for(), SystemClock()
    configure(level="warning", form="auto")
    broker = build_broker(settings, clock=clock)
    names = TopicNames(settings.topics.prefix)
    erasure = ConsultationErasure(broker, names, consult, group=settings.worker.group, clock=clock)
    with progress_console.status("looking for the consultation"):
        known = erasure.known()
    if not known:
        raise InputError(f"no topic holds anything of the consultation {plain(consult)}")
    if not yes:
        typer.confirm(f"Erase {plain(consult)} for ever? Nobody can bring it back", abort=True, err=True)
    journal = open_journal(settings, broker, role="audit", clock=clock)
    try:
        with progress_console.status("erasing") as status:
            report = erasure.run(journal, reason=reason, on_topic=lambda topic: status.update(f"erasing from {topic}"))
    finally:
        journal.close(Deadline(_CLOSE_SECONDS, clock=clock))
    if as_json:
        print(plain_json(_erased_body(report)), flush=True)
    else:
        _print_erased(report, names)
    if report.spoke_on:
        raise typer.Exit(1)


def rewrap_keys(*, as_json: JsonOption = False) -> None:
    """Wrap every data key anew under the newest key, so that the older ones are needed no more."""
    settings, clock = settings_for(), SystemClock()
    configure(level="warning", form="auto")
    provider = build_key_provider(settings)
    known = known_provider_keys(settings)
    broker = build_broker(settings, clock=clock)
    names = TopicNames(settings.topics.prefix)
    journal = open_journal(settings, broker, role="audit", clock=clock)
    columns = (TextColumn("wrapping anew"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=progress_console, transient=True) as progress:
            task = progress.add_task("wrapping anew", total=_records(broker, names.keys))
            report = rewrap(
                broker,
                names,
                provider,
                journal,
                known=known,
                on_key=lambda keys: progress.update(task, advance=keys),
            )
    finally:
        journal.close(Deadline(_CLOSE_SECONDS, clock=clock))
    if as_json:
        print_json(_rewrapped_body(report))
    else:
        _print_rewrapped(report)
    if report.not_opened:
        raise typer.Exit(1)


def _records(broker: Broker, topic: str) -> int:
    """About how many keys there are: superseded records count too."""
    with closing(broker.reader()) as reader:
        partitions = [TopicPartition(topic, number) for number in range(broker.partitions(topic))]
        return sum(reader.end_offset(partition) - reader.begin_offset(partition) for partition in partitions)


def _erased_body(report: ErasureReport) -> dict[str, Any]:
    return {
        "consult_id": report.consult_id,
        "spoke_on": report.spoke_on,
        "topics": {
            one.topic: {"became": one.became.value, "records": one.records, "until_ms": one.until_ms}
            for one in report.topics
        },
    }


def _print_erased(report: ErasureReport, names: TopicNames) -> None:
    rows = [(one.topic, one.records, _became(one)) for one in report.topics]
    print_table(("topic", "records", "what became of them"), rows)
    typer.echo(f"{names.audit} keeps its records, and nobody can open any more what is sealed in them")
    if report.spoke_on:
        typer.echo("the consultation spoke on while it was erased: run this again when it has ended")


def _became(one: TopicErasure) -> str:
    if not one.records:
        return "there were none"
    at = None if one.until_ms is None else iso_utc(one.until_ms)
    match one.became:
        case Erasure.GONE:
            return "gone from every file of the broker"
        case Erasure.WITH_COMPACTION:
            # Kafka leaves the segment it writes to alone, however old: another record has to come after that time.
            after = f" after {at}" if at else " later"
            return f"destroyed for every reader; to have the broker's disks lose it, run this again{after}"
        case Erasure.WITH_RETENTION:
            if at is None:
                return "readable for ever: the topic has no retention, so delete it"
            return f"readable until {at}, or somewhat longer: the broker removes whole segments"
        case _:
            assert_never(one.became)


def _rewrapped_body(report: RewrapReport) -> dict[str, Any]:
    return {
        "provider_key_id": report.newest,
        "wrapped": report.wrapped,
        "newest_already": report.newest_already,
        "in_use": dict(report.in_use),
        "unused": list(report.unused),
        "not_opened": dict(report.not_opened),
    }


def _print_rewrapped(report: RewrapReport) -> None:
    typer.echo(f"{report.wrapped} data keys wrapped anew under {report.newest}, {report.newest_already} were already")
    for key_id, words in report.not_opened.items():
        typer.echo(plain(f"left as it is: {key_id}: {words}"))
    for provider_key_id in report.unused:
        typer.echo(plain(f"no data key needs {provider_key_id} now; give it up once every worker has the newest"))
    if not report.unused:
        typer.echo("no older key can be given up" if report.not_opened else "there is no older key to give up")
