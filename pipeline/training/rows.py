"""One labelled chunk (pipeline.evaluate.datasets.Row) as the text the model is trained on, and as a line of a file."""

import json
from collections.abc import Iterable
from pathlib import Path

from pipeline.context.consultations import ContextLimits
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, TranscriptChunk
from pipeline.domain.window import ContextWindow, Turn
from pipeline.evaluate.datasets import Row
from pipeline.judge.prompt import PREFILL, PROFILES

MAX_EARLIER_TURNS = ContextLimits().max_turns
"""Serving hands over at most this many turns before the chunk; rows never carry more."""

LABEL_WORDS: dict[RiskLevel, str] = {
    RiskLevel.SAFE: "Safe",
    RiskLevel.CONTESTED: "Controversial",
    RiskLevel.UNSAFE: "Unsafe",
}
"""Qwen3Guard's words for the three levels."""

CATEGORY_WORDS: dict[Category | None, str] = {
    None: "None",
    Category.PHI: "PII",
    Category.DISCRIMINATION: "Unethical Acts",
    Category.MEDICAL_ADVICE: "Medical Advice",
    Category.SELF_HARM: "Suicide & Self-Harm",
    Category.VIOLENCE: "Violent",
    Category.SEXUAL: "Sexual Content or Sexual Acts",
    Category.ILLEGAL: "Non-violent Illegal Acts",
    Category.JAILBREAK: "Jailbreak",
}
"""Qwen3Guard's category words, and `Medical Advice`, which it lacks. `None` goes with a safe label."""


def user_content(row: Row) -> str:
    """The one user message of profile `consultguard`, exactly as serving writes it."""
    (message,) = PROFILES["consultguard"].messages(_window(row))
    return message.content


def _window(row: Row) -> ContextWindow:
    speaker = Speaker(row.role.value, row.role)
    chunk = TranscriptChunk("t", "c", 0, speaker, row.text, 0, 0, "", SourceRef("file", "row", ""))
    clean = CleanChunk(chunk, row.text, tuple(range(len(row.text) + 1)), "none")
    return ContextWindow(clean, tuple(Turn(role, text) for role, text in row.context[-MAX_EARLIER_TURNS:]))


def answer(row: Row) -> str:
    """What follows `PREFILL` and ends the answer: label line, category line, and a reason's line where there is one."""
    reason = f"\nReason: {row.reason}" if row.reason else ""
    return f" {LABEL_WORDS[row.label]}\nCategories: {CATEGORY_WORDS[row.category]}{reason}"


def chat(content: str) -> str:
    """The rendered prompt up to and with `PREFILL`, the same text that the shipped chat template gives."""
    return f"<|im_start|>user\n{content}<|im_end|>\n<|im_start|>assistant\n{PREFILL}"


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write JSONL and return the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            record = {
                **({"id": row.id} if row.id else {}),
                "context": [f"{role.value}: {text}" for role, text in row.context],
                "speaker": row.role.value,
                "text": row.text,
                "label": row.label.value,
                "category": row.category.value if row.category else "none",
                "lang": row.lang,
                "origin": row.origin,
                **({"reason": row.reason} if row.reason else {}),
            }
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    return count
