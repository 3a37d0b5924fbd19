"""What vLLM servers say of their prefix cache, in prompt tokens (`/metrics`, Prometheus' text format)."""

from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import JudgeUnavailable
from pipeline.judge.vllm_pool import VllmConfig, open_session

_ASKED, _FOUND = "vllm:prefix_cache_queries", "vllm:prefix_cache_hits"


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """Prompt tokens looked up since the servers began, and those found."""

    asked: float
    found: float

    def share_since(self, earlier: "PrefixCache") -> float | None:
        """The share found of the tokens asked for in between, 0 to 1; None where none were."""
        asked = self.asked - earlier.asked
        return (self.found - earlier.found) / asked if asked else None


async def read_prefix_cache(config: VllmConfig) -> PrefixCache:
    """The sum over the configured servers. Raises JudgeUnavailable where one gives no such metrics."""
    asked = found = 0.0
    async with open_session(config) as session:
        for url in config.endpoints:
            counts = _counts(await _text(session, f"{url.rstrip('/')}/metrics"))
            if not {_ASKED, _FOUND} <= counts.keys():
                raise JudgeUnavailable(f"{url} shows no metrics of a prefix cache")
            asked += counts[_ASKED]
            found += counts[_FOUND]
    return PrefixCache(asked, found)


async def _text(session: aiohttp.ClientSession, where: str) -> str:
    try:
        async with session.get(where, allow_redirects=False) as response:
            response.raise_for_status()
            return await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise JudgeUnavailable(f"{where} could not be read ({type(error).__name__})") from error


def _counts(text: str) -> dict[str, float]:
    return {
        family.name: sum(sample.value for sample in family.samples if sample.name.endswith("_total"))
        for family in text_string_to_metric_families(text)
        if family.name in (_ASKED, _FOUND)
    }
