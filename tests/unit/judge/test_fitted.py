"""A worker does not start with a model that its policy was not calibrated for."""

import asyncio
from dataclasses import replace

import pytest

from pipeline.domain.policy import Calibration, CalibrationMethod
from pipeline.errors import JudgeMisconfigured
from pipeline.judge.fitted import FittedJudge
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, ScriptedJudge
from tests.unit.judge.windows import window

FITTED = Calibration(
    CalibrationMethod.TEMPERATURE,
    model_revision=SCRIPTED_MODEL.revision,
    prompt_version=SCRIPTED_MODEL.prompt_version,
)


def test_the_model_fitted_for_is_started_asked_and_closed_whatever_a_server_calls_it() -> None:
    inner = ScriptedJudge(identity=replace(SCRIPTED_MODEL, name="served-as"))
    judge = FittedJudge(inner, FITTED)

    async def scenario() -> None:
        await judge.start()
        await judge.judge(window("Better."))
        await judge.close()

    asyncio.run(scenario())
    assert (inner.started, len(inner.calls), inner.closed) == (1, 1, 1)
    assert judge.identity.name == "served-as"


@pytest.mark.parametrize("field", ["revision", "prompt_version"])
def test_another_revision_or_prompt_is_refused_naming_both(field: str) -> None:
    inner = ScriptedJudge(identity=replace(SCRIPTED_MODEL, **{field: "another"}))

    with pytest.raises(JudgeMisconfigured, match="another") as refused:
        asyncio.run(FittedJudge(inner, FITTED).start())
    assert "eval calibrate" in str(refused.value)
