"""`consultguard bench ceiling`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.bench.rig import JudgeChoice
from pipeline.bench.talk import plan_talk
from pipeline.cli.bench_options import AtOnceOption, ConsultsOption, JudgeMsOption, JudgeOption, say, trial_judge
from pipeline.cli.bench_tables import print_ceiling
from pipeline.cli.output import JsonOption, print_json
from pipeline.cli.trial import trial_settings
from pipeline.log import configure

EXAMPLES = """Examples:\n
  consultguard bench ceiling --judge vllm --in-flight 64 --chunks 1000\n
  consultguard bench ceiling --judge embedded --in-flight 2 --json\n
The prompts are those of `bench load` with as many chunks and consultations. vLLM is started with the mini guard, unless
CONSULTGUARD_VLLM_ENDPOINTS names a server.
"""


def ceiling(
    *,
    judge: JudgeOption = "vllm",
    judge_ms: JudgeMsOption = 0.0,
    in_flight: Annotated[int | None, typer.Option(min=1, help="Chunks at the judge; default: a worker's.")] = None,
    chunks: Annotated[int, typer.Option(min=1, help="Chunks to judge.")] = 1000,
    consults: ConsultsOption = None,
    at_once: AtOnceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The judge alone, with no broker around it: what it can do with the same prompts and as many in flight."""
    configure(level="warning", form="auto")
    choice = JudgeChoice(judge, wait_ms=judge_ms, in_flight=in_flight)
    with (
        tempfile.TemporaryDirectory(prefix="consultguard-bench-") as home,
        trial_settings(broker="local", judge=trial_judge(judge), home=Path(home)) as settings,
    ):
        talk = plan_talk(chunks, consults=consults, at_once=at_once)
        found = choice.measure_alone(settings, talk, workers=1, say=say)
    if as_json:
        print_json(found.body())
    else:
        print_ceiling(found)
