"""How many identifiers are found, by the form they are said or hidden in."""

from collections import defaultdict

import pytest

from tests.unit.tripwire.build import evidence_in
from tests.unit.tripwire.identifiers import Positive, bare_numbers, positives

_LEAST_RECALL = 0.95
_BY_FORM: dict[str, list[Positive]] = defaultdict(list)
for _positive in positives():
    _BY_FORM[_positive.form].append(_positive)


def _is_found(positive: Positive) -> bool:
    start, end = positive.part
    evidence = evidence_in(positive.text, positive.language, *positive.earlier)
    return any(item.start < end and item.end > start for item in evidence)


def test_the_set_holds_at_least_six_hundred_identifiers_in_twenty_forms() -> None:
    assert sum(map(len, _BY_FORM.values())) >= 600
    assert len(_BY_FORM) >= 20


@pytest.mark.parametrize("form", sorted(_BY_FORM))
def test_at_least_95_percent_of_the_identifiers_of_a_form_are_found(form: str) -> None:
    asked = _BY_FORM[form]
    missed = [positive.text for positive in asked if not _is_found(positive)]
    assert len(missed) <= (1 - _LEAST_RECALL) * len(asked), missed


@pytest.mark.parametrize("form", sorted(set(_BY_FORM) - {"written"}))
def test_no_form_loses_more_than_5_points_of_a_kind_against_writing(form: str) -> None:
    for kind in {positive.kind for positive in _BY_FORM[form]}:
        plain = [positive for positive in _BY_FORM["written"] if positive.kind == kind]
        hidden = [positive for positive in _BY_FORM[form] if positive.kind == kind]
        before = sum(map(_is_found, plain)) / len(plain)
        after = sum(map(_is_found, hidden)) / len(hidden)
        assert before - after <= 1 - _LEAST_RECALL, (kind, before, after)


def test_a_number_with_its_own_shape_needs_no_announcement() -> None:
    numbers = bare_numbers()
    found = sum(bool(evidence_in(text, language)) for text, language in numbers)
    assert found >= _LEAST_RECALL * len(numbers)
