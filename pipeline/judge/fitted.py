"""A judge that the policy's calibration was fitted for, or none."""

from pipeline.domain.judgment import Abstention, Judgment, ModelIdentity
from pipeline.domain.policy import Calibration
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeMisconfigured
from pipeline.judge.base import Judge


class FittedJudge:
    """Keeps the `Judge` contract around a judge that does; `start` refuses another model than the calibration's.

    Refused, and not only told: thresholds on calibrated scores say nothing of another model's, so that every label
    would be contested (pipeline.decide.levels), and a worker that floods its reviewers looks healthy.
    """

    def __init__(self, inner: Judge, calibration: Calibration) -> None:
        self._inner = inner
        self._calibration = calibration

    @property
    def identity(self) -> ModelIdentity:
        return self._inner.identity

    async def start(self) -> None:
        """Raises JudgeMisconfigured where the judge is not the one fitted for."""
        await self._inner.start()
        fitted, found = self._calibration, self._inner.identity
        if not fitted.is_for(found):
            raise JudgeMisconfigured(
                f"the policy is calibrated for revision {fitted.model_revision} under prompt {fitted.prompt_version}, "
                f"and the judge is {found.revision} under {found.prompt_version}: fit it anew "
                '(consultguard eval calibrate), or set [calibration] method = "none" and the thresholds for this model'
            )

    async def judge(self, window: ContextWindow) -> Judgment | Abstention:
        return await self._inner.judge(window)

    async def close(self) -> None:
        await self._inner.close()
