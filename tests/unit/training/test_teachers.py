"""A token begins where the teacher of its writing puts it."""

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.evaluate.datasets import Row
from pipeline.training.rows import CATEGORY_WORDS
from pipeline.training.teachers import Teacher, word_vectors
from pipeline.training.vocabulary import train_tokenizer

_SIZE = 8


class _Teacher(Teacher):
    """Puts every text it is asked for at a place of its own."""

    def __init__(self, seed: int) -> None:
        self.asked: list[str] = []
        self._rng = np.random.default_rng(seed)

    def embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        return self._rng.normal(size=(len(texts), 3 * _SIZE)).astype(np.float32)


def _tokenizer() -> Tokenizer:
    said = ("my sister coughs at night", "我妈妈晚上咳嗽得厉害，吃了药也不见好，医生说要拍片子", "мой брат кашляет")
    answers = [(RiskLevel.SAFE, None), *((RiskLevel.UNSAFE, category) for category in CATEGORY_WORDS if category)]
    answers += [(RiskLevel.CONTESTED, Category.JAILBREAK)]
    return train_tokenizer(
        Row((), SpeakerRole.PATIENT, text, level, category, "en", "t")
        for level, category in answers * 10
        for text in said
    )


def test_ideographs_are_asked_of_the_chinese_teacher_and_latin_words_of_the_english_one() -> None:
    teachers: dict[str, Teacher] = {"en": (english := _Teacher(1)), "zh": (chinese := _Teacher(2))}
    word_vectors(_tokenizer(), teachers, size=_SIZE, seed=3)
    assert "sister" in english.asked
    assert any("妈" in text for text in chinese.asked)
    assert not any(character > "ɏ" or character == "�" for text in english.asked for character in text)
    assert not any("�" in text for text in chinese.asked)


def test_every_token_has_a_place_of_the_same_scale() -> None:
    vectors = word_vectors(_tokenizer(), {"en": _Teacher(1), "zh": _Teacher(2)}, size=_SIZE, seed=3)
    assert vectors.shape == (_tokenizer().get_vocab_size(), _SIZE)
    assert 0.03 < vectors.std() < 0.05
    assert (vectors.std(axis=1) > 0).all()


def test_the_same_seed_gives_the_same_places() -> None:
    first, second = (
        word_vectors(_tokenizer(), {"en": _Teacher(1), "zh": _Teacher(2)}, size=_SIZE, seed=3) for _ in range(2)
    )
    assert (first == second).all()
