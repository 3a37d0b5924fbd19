"""A judge that says what a test tells it to, when the test lets it."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity, Scores
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeError

SCRIPTED_MODEL = ModelIdentity(name="scripted", revision="1", prompt_version="scripted/1")

Scripted = Judgment | Abstention | JudgeError
"""What a script may say; an error is raised."""

Script = Callable[[ContextWindow], Scripted]


def judgment(
    label: RiskLevel = RiskLevel.SAFE,
    *,
    score: float = 0.98,
    categories: tuple[Category, ...] = (),
    reason: str | None = None,
    label_mass: float = 0.999,
    model: ModelIdentity = SCRIPTED_MODEL,
) -> Judgment:
    """A judgment whose `label` has probability `score`, the other two sharing the rest."""
    rest = (1 - score) / 2
    by_level = {level: score if level is label else rest for level in RiskLevel}
    scores = Scores(by_level[RiskLevel.SAFE], by_level[RiskLevel.CONTESTED], by_level[RiskLevel.UNSAFE])
    return Judgment(label, scores, label_mass, model, categories, reason)


@dataclass(slots=True, eq=False)
class _Waiting:
    text: str
    loop: asyncio.AbstractEventLoop
    gate: asyncio.Event = field(default_factory=asyncio.Event)


class ScriptedJudge:
    """Keeps the `Judge` contract. Instant, and safe about everything, unless told otherwise.

    `script` is a mapping from the cleaned text to an answer (texts it does not name are safe), or a function of the
    window. After `hold()` every call waits until its text is released, so that a test decides the order of
    completion. `hold` and the releases may be called from any thread.
    """

    def __init__(
        self,
        script: Mapping[str, Scripted] | Script | None = None,
        *,
        identity: ModelIdentity = SCRIPTED_MODEL,
        start_error: JudgeError | None = None,
    ) -> None:
        self._script: Script = script if callable(script) else _by_text(script or {})
        self._identity = identity
        self._start_error = start_error
        self._lock = threading.Lock()
        self._holding = False
        self._waiting: list[_Waiting] = []
        self._in_flight = 0
        self.calls: list[ContextWindow] = []
        self.most_in_flight = 0
        self.started = 0
        self.closed = 0

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    async def start(self) -> None:
        self.started += 1
        if self._start_error is not None:
            raise self._start_error

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        with self._lock:
            self.calls.append(window)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await self._wait_for_release(window.chunk.text)
            answer = self._script(window)
        finally:
            with self._lock:
                self._in_flight -= 1
        if isinstance(answer, JudgeError):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed += 1

    def say(self, script: Mapping[str, Scripted] | Script) -> None:
        """Replace the script; calls that wait are answered from the new one."""
        self._script = script if callable(script) else _by_text(script)

    def hold(self) -> None:
        """From now on calls wait."""
        with self._lock:
            self._holding = True

    def release(self, text: str) -> bool:
        """Answer the oldest call that waits with this text; False if none does."""
        with self._lock:
            found = next((waiting for waiting in self._waiting if waiting.text == text), None)
            if found is not None:
                self._waiting.remove(found)
        if found is None:
            return False
        found.loop.call_soon_threadsafe(found.gate.set)
        return True

    def release_all(self) -> None:
        """Answer everything that waits, and stop holding."""
        with self._lock:
            self._holding = False
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.loop.call_soon_threadsafe(one.gate.set)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Texts of the calls that wait, oldest first."""
        with self._lock:
            return tuple(one.text for one in self._waiting)

    async def _wait_for_release(self, text: str) -> None:
        with self._lock:
            if not self._holding:
                return
            mine = _Waiting(text, asyncio.get_running_loop())
            self._waiting.append(mine)
        try:
            await mine.gate.wait()
        finally:
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)


def _by_text(answers: Mapping[str, Scripted]) -> Script:
    return lambda window: answers.get(window.chunk.text, judgment())
