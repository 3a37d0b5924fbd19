"""A small guard model in this process: tokens in, log-probabilities and greedy text out.

Runs the ONNX graph that onnxruntime-genai's model builder exports, with onnxruntime itself. The GenAI library holds
Python's global lock for the length of a forward pass, so that neither a second judge thread nor the broker's thread
runs meanwhile; `InferenceSession.run` gives it up, and gives the same logits (measured: 71 and 70 chunks a second on
one and two threads with GenAI, 77 and 151 without).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from tokenizers import Tokenizer

from pipeline.errors import JudgeMisconfigured, JudgeUnavailable
from pipeline.judge.template import read_json

_ORT_ERRORS: tuple[type[Exception], ...] = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_FLOATS: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


@dataclass(frozen=True, slots=True)
class Pass:
    """What one forward pass left: logits after the last token (vocabulary wide, float64), and the keys and values."""

    logits: NDArray[np.float64]
    cache: tuple[NDArray[Any], ...]
    length: int


class OnnxGuard:
    """One loaded model. Every method may be called from several threads at once; each call has its own cache."""

    def __init__(self, folder: Path, *, intra_op_threads: int = 1) -> None:
        """Load `model.onnx`, `genai_config.json` and `tokenizer.json`. Raises JudgeMisconfigured."""
        config = read_json(folder / "genai_config.json").get("model", {})
        self.context_length = int(config.get("context_length", 0))
        eos = config.get("eos_token_id", [])
        self._eos = frozenset(eos if isinstance(eos, list) else [eos])
        self._tokenizer = _load_tokenizer(folder / "tokenizer.json")
        self._session = _load_session(folder / "model.onnx", intra_op_threads)
        inputs = {one.name: one for one in self._session.get_inputs()}
        self._past = tuple(name for name in inputs if name.startswith("past_key_values."))
        self._present = tuple(name.replace("past_key_values.", "present.") for name in self._past)
        self._wants_positions = "position_ids" in inputs
        outputs = {one.name for one in self._session.get_outputs()}
        if not self._past or not {"input_ids", "attention_mask"} <= inputs.keys() or not {*self._present} < outputs:
            raise JudgeMisconfigured(f"{folder}/model.onnx is not a decoder with a key-value cache")
        head_size = int(config.get("decoder", {}).get("head_size", 0))
        self._empty = {name: _empty_cache(inputs[name], head_size) for name in self._past}
        self.revision = _revision(folder)

    def encode(self, text: str) -> list[int]:
        """Token ids, special tokens spelled in `text` included, none added; as vLLM with add_special_tokens off."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def read(self, ids: Sequence[int], *, after: Pass | None = None) -> Pass:
        """One forward pass over `ids`, continuing `after`. Raises JudgeUnavailable when the runtime fails."""
        start = after.length if after else 0
        length = start + len(ids)
        feed: dict[str, NDArray[Any]] = dict(zip(self._past, after.cache, strict=True)) if after else dict(self._empty)
        feed["input_ids"] = np.array([ids], dtype=np.int64)
        feed["attention_mask"] = np.ones((1, length), dtype=np.int64)
        if self._wants_positions:
            feed["position_ids"] = np.arange(start, length, dtype=np.int64)[np.newaxis]
        try:
            logits, *cache = self._session.run(["logits", *self._present], feed)
        except _ORT_ERRORS as error:
            raise JudgeUnavailable(f"the embedded model failed on {length} tokens ({type(error).__name__})") from error
        return Pass(logits[0, -1].astype(np.float64), tuple(cache), length)

    def write(self, after: Pass, *, max_tokens: int) -> str | None:
        """Greedy text after a pass, up to the end token; None if `max_tokens` came first."""
        written: list[int] = []
        here = after
        for _ in range(max_tokens):
            token = int(np.argmax(here.logits))
            if token in self._eos:
                text: str = self._tokenizer.decode(written, skip_special_tokens=False)
                return text
            written.append(token)
            here = self.read([token], after=here)
        return None


def log_probabilities(logits: NDArray[np.float64], ids: Sequence[int]) -> list[float]:
    """Natural log-probabilities of `ids` over the whole vocabulary."""
    highest = float(np.max(logits))
    total = highest + float(np.log(np.sum(np.exp(logits - highest))))
    return [float(logits[one]) - total for one in ids]


def _load_tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise JudgeMisconfigured(f"{path} is not a tokenizer file") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load_session(path: Path, intra_op_threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = intra_op_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads would otherwise burn the cores that other chunks are judged on.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise JudgeMisconfigured(f"{path} cannot be loaded as an ONNX model ({type(error).__name__})") from error


def _empty_cache(declared: Any, head_size: int) -> NDArray[Any]:
    """Keys or values of no tokens: shape (1, heads, 0, head size); the graph names the head size, not its number."""
    return np.zeros((1, declared.shape[1], 0, head_size), dtype=_FLOATS[declared.type])


def _revision(folder: Path) -> str:
    """Over the graph, its weights and its tokenizer: whatever may change an answer."""
    digest = sha256()
    for path in (*sorted(folder.glob("model.onnx*")), folder / "tokenizer.json"):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return "sha256:" + digest.hexdigest()[:16]
