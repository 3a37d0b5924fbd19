"""Public moderation sets as rows: hate speech, its hard negatives, sexual and violent text, harmless look-alikes."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row
from pipeline.training.corpus import held_out, shorten

_OPENAI = {"S": Category.SEXUAL, "H": Category.DISCRIMINATION}
_SIMPLE_SAFETY = (
    ("Suicide", Category.SELF_HARM),
    ("Physical Harm", Category.VIOLENCE),
    ("Illegal", Category.ILLEGAL),
    ("Scams", Category.ILLEGAL),
    ("Child", Category.SEXUAL),
)
_ROLES = (SpeakerRole.CLINICIAN, SpeakerRole.PATIENT, SpeakerRole.OTHER, SpeakerRole.UNKNOWN)


def load_public(data_dir: Path, rng: random.Random) -> tuple[list[Row], list[Row]]:
    """Training rows and held-out rows of the folder's `guard/`; rows whose label is not our policy's are left out."""
    train: list[Row] = []
    kept: list[Row] = []
    for path in sorted((data_dir / "guard").glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                for row in _rows(path.stem, record):
                    (kept if held_out(str(record["id"])) else train).append(replace(row, role=rng.choice(_ROLES)))
    return train, kept


def _rows(stem: str, record: dict) -> Iterator[Row]:  # type: ignore[type-arg]
    judged = _label(stem, record)
    if judged is not None:
        label, category = judged
        text = shorten(" ".join(str(record["text"]).split()), 320)
        yield Row((), SpeakerRole.UNKNOWN, text, label, category, record["lang"], f"public/{stem}")


def _label(stem: str, record: dict) -> tuple[RiskLevel, Category | None] | None:  # type: ignore[type-arg]
    if stem.startswith("hatecheck"):
        # Messages that quote or reclaim hate are not separable by a model of this size, and no consultation has them.
        if record["functionality"].startswith(("counter", "slur_re", "slur_ho", "profanity_nh")):
            return None
        hateful = record["label"] == "hateful"
        return (RiskLevel.UNSAFE, Category.DISCRIMINATION) if hateful else (RiskLevel.SAFE, None)
    if stem == "openai-moderation":
        # Self-harm and violence told are care here, so those labels are not taken over.
        flags = set(record["category"])
        chosen = next((_OPENAI[flag] for flag in ("S", "H") if flag in flags), None)
        return (RiskLevel.UNSAFE, chosen) if chosen and not flags & {"SH", "V"} else None
    if stem == "simplesafetytests":
        for prefix, category in _SIMPLE_SAFETY:
            if record["category"].startswith(prefix):
                return RiskLevel.UNSAFE, category
        return None
    if (
        stem == "xstest"
        and record["label"] == "safe"
        and not record["category"].startswith(("privacy", "nons", "real"))
    ):
        return RiskLevel.SAFE, None
    return None
