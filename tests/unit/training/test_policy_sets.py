"""The hand-written evaluation sets."""

import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.evaluate.datasets import read_rows

POLICY_SETS = Path(__file__).parents[2] / "data" / "policy"
LEAST = {"en": 300, "zh": 200, "es": 30, "fr": 30, "de": 30, "ja": 30, "ar": 30}


def test_every_set_is_looked_at() -> None:
    assert {path.stem for path in POLICY_SETS.glob("*.jsonl")} == set(LEAST)


@pytest.mark.parametrize(("lang", "least"), LEAST.items())
def test_a_set_covers_every_level_and_every_finding(lang: str, least: int) -> None:
    rows = list(read_rows(POLICY_SETS / f"{lang}.jsonl"))
    assert len(rows) >= least
    assert {row.lang for row in rows} == {lang}
    assert set(Counter(row.label for row in rows)) == set(RiskLevel)
    assert {row.category for row in rows} == {None, *Category} - {Category.OTHER}


@pytest.mark.parametrize("lang", LEAST)
def test_no_row_of_a_set_stands_in_it_twice(lang: str) -> None:
    records = [json.loads(line) for line in (POLICY_SETS / f"{lang}.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({record["id"] for record in records}) == len(records)
    assert len({(record["text"], *record["context"]) for record in records}) == len(records)
