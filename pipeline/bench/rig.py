"""What a bench run is made of besides its load: the judge, in workers and alone, and the settings for both."""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Literal, assert_never

from pydantic import SecretStr

from pipeline.bench.ceiling import Ceiling, measure_ceiling
from pipeline.bench.processes import RUN_WORKER
from pipeline.bench.talk import Talk
from pipeline.bench.waiting_judge import WaitingJudge
from pipeline.bench.waiting_worker import waiting_worker
from pipeline.judge.base import Judge
from pipeline.runtime.assembly import build_policy
from pipeline.runtime.engines import build_judge
from pipeline.settings import Settings

JudgeName = Literal["embedded", "vllm", "instant"]
_WORKER_SLOTS = 64


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """The judge of a run. `in_flight` is how many chunks one worker may have at it: slots of the instant judge,
    requests to vLLM, cores of the embedded guard; None is what the settings say. `wait_ms` is the instant judge's."""

    name: JudgeName
    wait_ms: float = 0.0
    in_flight: int | None = None

    @property
    def told(self) -> str:
        return f"instant, {self.wait_ms:g} ms" if self.name == "instant" and self.wait_ms else self.name

    def slots(self, settings: Settings) -> int:
        """How many chunks one worker may have at the judge."""
        match self.name:
            case "instant":
                return self.in_flight or _WORKER_SLOTS
            case "vllm":
                return self.in_flight or settings.vllm.max_concurrency
            case "embedded":
                return self.in_flight or settings.embedded.threads
            case _:
                assert_never(self.name)

    def settings(self, settings: Settings, *, share: int = 1) -> Settings:
        """`settings` with room at the judge for the slots of `share` workers.

        Every call has a prefix cache of its own: a server must not find the prompts of the run before.
        """
        slots = self.slots(settings) * share
        vllm = {"max_concurrency": slots, "cache_salt": SecretStr(token_hex(8))}
        changes = {
            "vllm": settings.vllm.model_copy(update=vllm),
            "embedded": settings.embedded.model_copy(update={"threads": slots} if self.name == "embedded" else {}),
        }
        return settings.model_copy(update=changes)

    def worker(self, settings: Settings) -> tuple[str, ...]:
        """The command that starts a worker with this judge."""
        if self.name == "instant":
            return waiting_worker(judge_ms=self.wait_ms, slots=self.slots(settings))
        return RUN_WORKER

    def measure_alone(self, settings: Settings, talk: Talk, *, workers: int, say: Callable[[str], None]) -> Ceiling:
        """The judge alone with as many chunks in flight as so many workers may have. Raises what the judge raises."""
        wide = self.settings(settings, share=workers)
        in_flight = self.slots(settings) * workers
        judge = self._judge(wide, slots=in_flight)
        return measure_ceiling(judge, wide, talk, name=self.told, in_flight=in_flight, say=say)

    def _judge(self, settings: Settings, *, slots: int) -> Judge:
        if self.name == "instant":
            return WaitingJudge(milliseconds=self.wait_ms, slots=slots)
        return build_judge(settings, policy=build_policy(settings), on_breaker=lambda _state: None)


def with_topics(settings: Settings, *, partitions: int | None, name: str | None = None) -> Settings:
    """The same with so many partitions, and with `name` with topics, group and data of its own."""
    topics: dict[str, object] = {} if partitions is None else {"partitions": partitions}
    if name is None:
        return settings.model_copy(update={"topics": settings.topics.model_copy(update=topics)})
    topics["prefix"] = f"{settings.topics.prefix}-{name}"
    worker = settings.worker.model_copy(update={"group": f"{settings.worker.group}-{name}"})
    keys = settings.keys.model_copy(update={"file": settings.keys.file or settings.data_dir / "keys.json"})
    return settings.model_copy(
        update={
            "topics": settings.topics.model_copy(update=topics),
            "worker": worker,
            "keys": keys,
            "data_dir": settings.data_dir / name,
        }
    )
