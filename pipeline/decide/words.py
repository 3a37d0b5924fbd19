"""Reads the words reasons are made of, strictly: a language that lacks one is refused, by file and key."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pipeline.domain.judgment import AbstentionReason
from pipeline.domain.policy import Rule
from pipeline.domain.taxonomy import Category, EvidenceKind
from pipeline.errors import PolicyError

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Words:
    """One language's. A reason is `rule`, and where it rests on something `colon` and the parts between `joint`s."""

    stop: str
    joint: str
    colon: str
    category: Mapping[Category, str]
    evidence: Mapping[EvidenceKind, str]
    abstention: Mapping[AbstentionReason, str]
    rule: Mapping[Rule, str]


def load_words(folder: Path, *, fallback: str) -> dict[str, Words]:
    """By primary language subtag, from `folder/*.toml`. Raises PolicyError naming file and key, and without the
    fallback's file. Words that nothing asks for are not read."""
    found = {path.stem: _words(path) for path in sorted(folder.glob("*.toml"))}
    if fallback not in found:
        raise PolicyError(f"{folder}: there is no {fallback}.toml, which every other language falls back to")
    return found


def _words(path: Path) -> Words:
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path} cannot be read as TOML") from error
    expected: set[str] = {"stop", "joint", "colon", "category", "evidence", "abstention", "rule"}
    if missing := sorted(expected - file.keys()):
        raise PolicyError(f"{path}: {missing[0]}: missing")
    return Words(
        stop=_word(path, "stop", file["stop"]),
        joint=_word(path, "joint", file["joint"]),
        colon=_word(path, "colon", file["colon"]),
        category=_table(path, "category", file["category"], Category),
        evidence=_table(path, "evidence", file["evidence"], EvidenceKind),
        abstention=_table(path, "abstention", file["abstention"], AbstentionReason),
        rule=_table(path, "rule", file["rule"], Rule),
    )


def _table(path: Path, name: str, table: object, keys: type[E]) -> dict[E, str]:
    if not isinstance(table, dict):
        raise PolicyError(f"{path}: {name}: not a table")
    known = {key.value for key in keys}
    if missing := sorted(known - table.keys()):
        raise PolicyError(f"{path}: {name}.{missing[0]}: missing")
    return {key: _word(path, f"{name}.{key}", table[key.value]) for key in keys}


def _word(path: Path, name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise PolicyError(f"{path}: {name}: not a line of text")
    return value
