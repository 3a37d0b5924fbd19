"""A judge that answers at once, for measuring everything but judging."""

from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity, Scores
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.window import ContextWindow

_MODEL = ModelIdentity("instant", "1", "instant/1")
_SAFE = Judgment(RiskLevel.SAFE, Scores(0.98, 0.01, 0.01), 1.0, _MODEL)


class InstantJudge:
    """Keeps the `Judge` contract; finds everything safe."""

    @property
    def identity(self) -> ModelIdentity:
        return _MODEL

    async def start(self) -> None:
        return None

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:  # noqa: ARG002 - the contract's argument
        return _SAFE

    async def close(self) -> None:
        return None
