"""What every peer does with a chunk: the same prompt, one chat completion, one verdict.

Each brings a Kafka client of its own, is told its job in one JSON argument, and works until it is stopped.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

_TURNS = 12
"""Of context, as many as the worker's default."""
_LEVELS = {"safe": "safe", "controversial": "contested", "unsafe": "unsafe"}
_LABEL = re.compile(r"\b(safe|controversial|unsafe)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Job:
    """`url` is the vLLM server's. With `whole` an answer is written to `max_tokens` even where the model would end it.
    `cache_salt` keeps a peer from finding the prompts of the one before it in the server's prefix cache."""

    bootstrap: str
    chunks_topic: str
    partitions: int
    verdicts_topic: str
    group: str
    url: str
    model: str
    max_tokens: int
    whole: bool
    in_flight: int
    cache_salt: str
    home: str

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> Self:
        return cls(**json.loads(arguments[1]))

    def argument(self) -> str:
        return json.dumps(asdict(self))

    def request(self, prompt: str) -> dict[str, Any]:
        """The body of a chat completion."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": self.max_tokens,
            "cache_salt": self.cache_salt,
        }
        return body | {"ignore_eos": True} if self.whole else body


class Conversations:
    """The last turns of each consultation, in memory."""

    def __init__(self) -> None:
        self._turns: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_TURNS))

    def prompt(self, chunk: Mapping[str, Any]) -> str:
        """The turns before `chunk` and the chunk; it is one of the turns from now on."""
        turns = self._turns[chunk["consult_id"]]
        line = f"{chunk['speaker']['role']}: {chunk['text']}"
        prompt = "\n".join([*turns, f"JUDGE {line}"])
        turns.append(line)
        return prompt


def verdict(chunk: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """What is published: the first label the answer names; contested where it names none."""
    found = _LABEL.search(answer["choices"][0]["message"]["content"] or "")
    return {
        "chunk_id": chunk["chunk_id"],
        "consult_id": chunk["consult_id"],
        "seq": chunk["seq"],
        "level": "contested" if found is None else _LEVELS[found[1].lower()],
        "prompt_tokens": answer["usage"]["prompt_tokens"],
        "answer_tokens": answer["usage"]["completion_tokens"],
    }
