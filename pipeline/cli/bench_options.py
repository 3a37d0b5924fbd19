"""Options that the bench's commands share."""

from typing import Annotated, Literal

import typer

from pipeline.cli.output import progress_console

BrokerOption = Annotated[Literal["local", "kafka"], typer.Option("--broker", help="The broker to run on.")]
JudgeOption = Annotated[
    Literal["embedded", "vllm", "instant"],
    typer.Option("--judge", help="The judge of the workers; instant answers after --judge-ms."),
]
JudgeMsOption = Annotated[float, typer.Option("--judge-ms", min=0, help="How long the instant judge takes.")]
InFlightOption = Annotated[
    int | None,
    typer.Option("--in-flight", min=1, help="Chunks one worker may have at the judge; default: its settings'."),
]
ConsultsOption = Annotated[
    int | None, typer.Option("--consults", min=1, help="Consultations; default: one for about 70 chunks, 12 at least.")
]
AtOnceOption = Annotated[
    int | None, typer.Option("--at-once", min=1, help="Consultations that go on at a time; default: 200 at most.")
]
PartitionsOption = Annotated[
    int | None, typer.Option("--partitions", min=1, help="Of every topic; default: the settings'.")
]


def trial_judge(judge: Literal["embedded", "vllm", "instant"]) -> Literal["embedded", "vllm"]:
    """What has to be started for it: the instant judge needs nothing, as the embedded one does."""
    return "vllm" if judge == "vllm" else "embedded"


def say(words: str) -> None:
    """Progress, on standard error."""
    progress_console.print(words, highlight=False)
