import random

import pytest

pytest.importorskip("torch", reason="training has its own environment")

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row
from pipeline.training.batches import batches, encode
from pipeline.training.rows import CATEGORY_WORDS, LABEL_WORDS, answer
from pipeline.training.vocabulary import END_OF_TEXT, label_ids, train_tokenizer


def _row(text: str, label: RiskLevel, category: Category | None, span: tuple[int, int] | None = None) -> Row:
    return Row((), SpeakerRole.PATIENT, text, label, category, "en", "t", span)


LABELS, CATEGORIES = list(LABEL_WORDS), list(CATEGORY_WORDS)
CORPUS = [_row(f"some words {n}", LABELS[n % 3], CATEGORIES[n % len(CATEGORIES)]) for n in range(300)]
TOKENIZER = train_tokenizer(CORPUS)


def test_only_answers_are_targets_and_the_first_is_the_label() -> None:
    row = _row("some words", RiskLevel.UNSAFE, Category.PHI)
    (batch,) = batches(encode([row], TOKENIZER), random.Random(1), tokens_per_batch=500, rest_weight=0.1)
    targets = batch.targets[0].tolist()
    assert targets[0] == label_ids(TOKENIZER)[2]
    assert TOKENIZER.decode(targets, skip_special_tokens=True) == answer(row)
    assert batch.weights[0, 0] == 1.0
    assert batch.weights[0, 1] == pytest.approx(0.1)


def test_every_row_comes_once_and_padding_is_no_target() -> None:
    encoded = encode(CORPUS, TOKENIZER)
    found = list(batches(encoded, random.Random(1), tokens_per_batch=200, rest_weight=0.1))
    assert sum(len(batch.ids) for batch in found) == len(CORPUS)
    for batch in found:
        assert ((batch.ids == END_OF_TEXT) <= (batch.found == -1)).all()


def test_words_before_a_finding_are_marked_safe_and_words_after_it_as_the_finding() -> None:
    text = "some words 1 some words 2"
    (row,) = encode([_row(text, RiskLevel.UNSAFE, Category.PHI, (5, 17))], TOKENIZER)
    marks = [int(mark) for mark in row.found]
    assert marks.index(0) < marks.index(2)
    assert -1 in marks[marks.index(0) : marks.index(2)]
    assert marks[-1] == 2


def test_a_finding_whose_place_is_unknown_is_marked_only_after_the_chunk() -> None:
    (row,) = encode([_row("some words", RiskLevel.CONTESTED, Category.PHI)], TOKENIZER)
    assert set(row.found.tolist()) == {-1, 1}
