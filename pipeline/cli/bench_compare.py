"""`consultguard bench compare`: the worker beside what a user would run instead."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bench.compare import Comparison
from pipeline.bench.contender_run import Terms
from pipeline.bench.contenders import DEFAULT_NAMES, chosen
from pipeline.bench.contest import compare as run_comparison
from pipeline.bench.long_prompts import LongPrompts
from pipeline.cli.bench_options import say
from pipeline.cli.output import JsonOption, console, print_json, print_table
from pipeline.cli.trial import trial_settings
from pipeline.log import configure
from pipeline.settings import variable

EXAMPLES = """Examples:\n
  consultguard bench compare --seconds-each 60\n
  consultguard bench compare --peers loop,faststream-ack,consultguard --whole-answers --json\n
Kafka and vLLM with the mini guard are started, unless CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS and
CONSULTGUARD_VLLM_ENDPOINTS name some. Every peer asks for a chat completion of 128 tokens at most; each is killed with
-9 at the end of its time, and what it lost by that is counted. Peers: loop, asyncio, faststream, faststream-ack, quix,
consultguard; all but the first and the last need the extra `bench-peers`.
"""


def compare(
    *,
    chunks: Annotated[int, typer.Option(min=1, help="Chunks for each; who is done with them sooner stops.")] = 4000,
    peers: Annotated[str, typer.Option(help="Who takes part, in this order.")] = ",".join(DEFAULT_NAMES),
    seconds_each: Annotated[
        float, typer.Option(min=1, help="For each, from its first verdict and a warm-up of a fifth more.")
    ] = 30.0,
    in_flight: Annotated[int, typer.Option(min=1, help="Questions at a time, of the peers that ask many.")] = 32,
    whole_answers: Annotated[
        bool,
        typer.Option(
            "--whole-answers",
            help="Peers' answers have 128 tokens whatever the model says, as of one that explains itself.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """The worker against the loop a user would write, on the same broker, judge, texts and machine, one by one."""
    configure(level="warning", form="auto")
    contenders = chosen([name.strip() for name in peers.split(",") if name.strip()])
    terms = Terms(
        LongPrompts(chunks),
        seconds_each,
        in_flight=in_flight,
        whole_answers=whole_answers,
    )
    trial_server = variable("vllm", "endpoints") not in os.environ
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker="kafka", judge="vllm", home=Path(home)) as settings,
    ):
        found = run_comparison(settings, contenders, terms, trial_server=trial_server, say=say)
    if as_json:
        print_json(found.body())
    else:
        _print(found)
    if found.failed:
        raise typer.Exit(1)


def _print(found: Comparison) -> None:
    where = "vLLM on this machine's CPU" if found.trial_server else "the vLLM server given"
    answers = "128 tokens written" if found.whole_answers else "128 tokens at most"
    print_table(
        ("", "chunks/s", "consultguard is", "CPU ms/chunk", "prompt", "answer", "lost", "again", "doubled", "disorder"),
        [
            (
                one.name,
                one.chunks_per_second,
                _times(found, one.name),
                _or_dash(one.cpu_ms_per_chunk),
                _or_dash(one.prompt_tokens),
                _or_dash(one.answer_tokens),
                one.lost,
                one.repeated,
                one.duplicated,
                one.out_of_order,
            )
            for one in found.peers
        ],
        title=f"{found.model} on {where}, {answers}, {found.seconds_each:g} s each, {found.in_flight} in flight "
        f"(consultguard {found.worker_in_flight})",
    )
    console.print(
        "prompt, answer: tokens in the mean. lost, again: after kill -9, chunks without a verdict that nobody will "
        "judge, and verdicts that will come again. doubled, disorder: before it.\n",
        highlight=False,
    )
    print_table(
        ("", "delivery", "order", "audit", "after a crash", "made of"),
        [
            (one.name, one.promise.delivery, one.promise.order, one.promise.audit, one.promise.on_crash, one.versions)
            for one in found.peers
        ],
    )
    for name, reason in found.failed.items():
        console.print(f"{name}: {reason}", style="bold red", highlight=False, markup=False)


def _times(found: Comparison, name: str) -> str:
    return f"{found.times_faster[name]:g} times faster" if name in found.times_faster else "-"


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
