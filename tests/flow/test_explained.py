"""Explanations ride with the verdicts, and an explainer that hangs holds none of them back for good."""

import asyncio

from pipeline.domain.judgment import Judgment
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.window import ContextWindow
from pipeline.judge.explainer import ExplainedJudge
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import ScriptedJudge, judgment
from tests.flow.harness import Site

SENTENCE = "It gives a way to reach someone."
BUILT = "The judge finds it unsafe: it identifies a person beside health information."


class Sometimes:
    """Explains every other chunk, and never answers about the rest."""

    async def start(self) -> None:
        return None

    async def explain(self, window: ContextWindow, finding: Judgment) -> str | None:
        if window.chunk.chunk.seq % 2:
            await asyncio.sleep(3600)
        return SENTENCE

    async def close(self) -> None:
        return None


def test_every_verdict_comes_once_and_in_order_with_the_explanation_or_the_built_sentence(site: Site) -> None:
    unsafe = judgment(RiskLevel.UNSAFE, categories=(Category.PHI,))
    inner = ScriptedJudge(lambda window: unsafe if "number" in window.chunk.text else judgment())
    site.say(build_chunk("my number" if seq < 4 else "fine", seq=seq) for seq in range(8))
    running = site.worker(ExplainedJudge(inner, Sometimes(), limit_seconds=1.0)).start()
    site.wait_settled()
    running.stop()

    site.check()
    reasons = {verdict.seq: verdict.reason for verdict in site.verdicts() if verdict.risk_level is RiskLevel.UNSAFE}
    assert reasons == {0: SENTENCE, 1: BUILT, 2: SENTENCE, 3: BUILT}
    assert all(verdict.latency_ms.judge < 1000 for verdict in site.verdicts())
