"""The instruction profile's start-up questions, asked of a real vLLM."""

import asyncio

from pipeline.judge.instruct import InstructJudge
from pipeline.judge.prompt import PROFILES
from pipeline.judge.vllm_pool import VllmConfig
from pipeline.trial.vllm_server import VllmServer


def test_the_instruction_profile_starts_on_a_template_that_shows_both_messages(vllm_server: VllmServer) -> None:
    async def main() -> str:
        judge = InstructJudge(VllmConfig((vllm_server.url,), vllm_server.name), PROFILES["instruct"])
        try:
            await judge.start()
            return judge.identity.prompt_version
        finally:
            await judge.close()

    assert asyncio.run(main()).startswith("instruct/1+")
