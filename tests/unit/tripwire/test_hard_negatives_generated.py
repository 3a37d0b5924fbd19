"""Two thousand hard negatives and more: none may fire, in its own language or without one, nor joined to its turns."""

import pytest

from tests.unit.tripwire.build import found
from tests.unit.tripwire.hard_negatives import hard_dialogues, hard_negatives

_NEGATIVES = hard_negatives()


def test_the_set_holds_at_least_two_thousand_distinct_texts_in_five_languages() -> None:
    assert len({text for text, _ in _NEGATIVES}) == len(_NEGATIVES) >= 2000
    assert {language for _, language in _NEGATIVES} == {"en", "zh", "es", "fr", "de"}


@pytest.mark.parametrize("stated", [True, False], ids=["language stated", "language not stated"])
def test_no_hard_negative_trips_anything(stated: bool) -> None:
    fired = [text for text, language in _NEGATIVES if found(text, language if stated else None)]
    assert fired == []


def test_answers_with_numbers_do_not_join_up_over_turns() -> None:
    dialogues = list(hard_dialogues())
    assert len(dialogues) >= 400
    fired = [(earlier, text) for earlier, text, language in dialogues if found(text, language, *earlier)]
    assert fired == []
