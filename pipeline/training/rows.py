"""One labelled chunk, as the synthesizer writes it, the trainer reads it and the evaluation sets store it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.domain.window import ContextWindow, Turn
from pipeline.errors import InputError
from pipeline.judge.prompt import PREFILL, PROFILES

MAX_EARLIER_TURNS = 6
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

_ROLES = {"doctor": SpeakerRole.CLINICIAN, "patient": SpeakerRole.PATIENT}


def role_of(word: str) -> SpeakerRole:
    """The role a data set's word stands for; a word that is neither known nor ours is `other`."""
    if word in _ROLES:
        return _ROLES[word]
    return SpeakerRole(word) if word in set(SpeakerRole) else SpeakerRole.OTHER


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk with at most `MAX_EARLIER_TURNS` turns before it, and what policy `hipaa-consult` says of the chunk.

    `origin` names the generator or data set the row came from, for scores by origin; it is never trained on. `span` is
    where in `text` the finding stands, half-open, in characters, where the generator knows it.
    """

    context: tuple[tuple[SpeakerRole, str], ...]
    role: SpeakerRole
    text: str
    label: RiskLevel
    category: Category | None
    lang: str
    origin: str
    span: tuple[int, int] | None = None

    def window(self) -> ContextWindow:
        speaker = Speaker(self.role.value, self.role)
        chunk = TranscriptChunk("t", "c", 0, speaker, self.text, 0, 0, "", SourceRef("file", "row", ""))
        clean = CleanChunk(chunk, self.text, tuple(range(len(self.text) + 1)), "none")
        return ContextWindow(clean, tuple(Turn(role, text) for role, text in self.context[-MAX_EARLIER_TURNS:]))


def user_content(row: Row) -> str:
    """The one user message of profile `consultguard`, exactly as serving writes it."""
    (message,) = PROFILES["consultguard"].messages(row.window())
    return message.content


def answer(row: Row) -> str:
    """What follows `PREFILL` and ends the answer: label line, category line."""
    return f" {LABEL_WORDS[row.label]}\nCategories: {CATEGORY_WORDS[row.category]}"


def chat(content: str) -> str:
    """The rendered prompt up to and with `PREFILL`, the same text that the shipped chat template gives."""
    return f"<|im_start|>user\n{content}<|im_end|>\n<|im_start|>assistant\n{PREFILL}"


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write JSONL and return the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            record = {
                "context": [f"{role.value}: {text}" for role, text in row.context],
                "speaker": row.role.value,
                "text": row.text,
                "label": row.label.value,
                "category": row.category.value if row.category else "none",
                "lang": row.lang,
                "origin": row.origin,
            }
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of a synthesized file or of an evaluation set (policy.md, last section). Raises InputError."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield _row(json.loads(line), path.stem)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"{path.name}, line {number}: not an evaluation row") from error


def _row(record: dict[str, object], default_origin: str) -> Row:
    category = str(record["category"])
    context = record.get("context") or []
    if not isinstance(context, list):
        raise TypeError("context is not a list")
    label = RiskLevel(str(record["label"]))
    if (label is RiskLevel.SAFE) != (category == "none"):
        raise ValueError("a safe row has category none, and no other row has")
    return Row(
        context=tuple(_turn(str(turn)) for turn in context),
        role=role_of(str(record["speaker"])),
        text=str(record["text"]),
        label=label,
        category=None if category == "none" else Category(category),
        lang=str(record["lang"]),
        origin=str(record.get("origin", default_origin)),
    )


def _turn(line: str) -> tuple[SpeakerRole, str]:
    word, _, text = line.partition(": ")
    return role_of(word), text
