"""A cleaned span cites the raw span it came from."""

import pytest

from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import CleanChunk
from pipeline.testing.builders import build_chunk


@pytest.mark.parametrize(("span", "raw"), [((0, 2), (2, 5)), ((1, 3), (4, 8)), ((1, 1), (4, 4)), ((3, 3), (8, 8))])
def test_a_span_of_cleaned_text_is_told_in_the_raw_text(span: tuple[int, int], raw: tuple[int, int]) -> None:
    clean = CleanChunk(build_chunk("..a.b..c."), "abc", (2, 4, 7, 8), "exact/1")

    assert clean.raw_span(*span) == raw


def test_levels_are_ordered_by_how_far_they_restrict() -> None:
    assert sorted(RiskLevel, key=lambda level: level.severity) == [
        RiskLevel.SAFE,
        RiskLevel.CONTESTED,
        RiskLevel.UNSAFE,
    ]
