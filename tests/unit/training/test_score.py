import pytest

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row
from pipeline.training.reading import Reading
from pipeline.training.score import agreement, score


def _row(label: RiskLevel, category: Category | None = None) -> Row:
    return Row((), SpeakerRole.PATIENT, "words", label, category, "en", "t")


def _reading(label: RiskLevel, probability: float = 0.8) -> Reading:
    rest = (1 - probability) / 2
    return Reading({level: probability if level is label else rest for level in RiskLevel}, 0.9)


def test_each_share_is_over_its_own_rows() -> None:
    rows = [
        _row(RiskLevel.SAFE),
        _row(RiskLevel.SAFE),
        _row(RiskLevel.UNSAFE, Category.PHI),
        _row(RiskLevel.UNSAFE, Category.ILLEGAL),
    ]
    answers = [RiskLevel.SAFE, RiskLevel.CONTESTED, RiskLevel.SAFE, RiskLevel.UNSAFE]
    result = score(rows, [_reading(label) for label in answers])
    assert result.accuracy == 0.5
    assert result.phi_called_safe == 1.0
    assert result.unsafe_called_safe == 0.5
    assert result.safe_called_unsafe == 0.0
    assert result.safe_called_contested == 0.5
    assert result.confusion == {"safe>contested": 1, "safe>safe": 1, "unsafe>safe": 1, "unsafe>unsafe": 1}


def test_a_share_over_no_rows_is_none() -> None:
    result = score([_row(RiskLevel.SAFE)], [_reading(RiskLevel.SAFE)])
    assert result.phi_called_safe is None


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to score"):
        score([], [])


def test_agreement_gives_the_share_of_equal_labels_and_the_largest_gap() -> None:
    left = [_reading(RiskLevel.SAFE, 0.8), _reading(RiskLevel.SAFE, 0.8)]
    right = [_reading(RiskLevel.SAFE, 0.7), _reading(RiskLevel.UNSAFE, 0.8)]
    same, apart = agreement(left, right)
    assert same == 0.5
    assert apart == pytest.approx(0.7)
