"""One real vLLM for the session, on this machine's CPU."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.errors import JudgeUnavailable
from pipeline.judge.embedded import MINI_GUARD
from pipeline.trial.vllm_environment import ensure_vllm_environment, is_complete, vllm_environment
from pipeline.trial.vllm_server import VllmServer


def _lacking(why: str) -> NoReturn:
    """Skipped where a developer lacks something, a failure where everything must run."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def guard_dir() -> Path:
    """The embedded form (`…/onnx`) of the guard under test; its form for vLLM lies beside it (`…/hf`)."""
    folder = Path(os.environ.get("CONSULTGUARD_TEST_GUARD", MINI_GUARD))
    if not (folder / "model.onnx").is_file() or not (folder.parent / "hf" / "config.json").is_file():
        _lacking(f"no guard model at {folder.parent}: make the mini guard")
    return folder


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """Of the environment that has vLLM, and torch and peft with it."""
    if os.environ.get("CI") != "true" and not is_complete(vllm_environment()):
        _lacking("the vLLM environment is not made: python -m pipeline.trial.vllm_server env")
    try:
        return ensure_vllm_environment()
    except JudgeUnavailable as error:
        _lacking(str(error))


@pytest.fixture(scope="session")
def vllm_server(guard_dir: Path, vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    log_file = tmp_path_factory.mktemp("vllm") / "vllm.log"
    server = VllmServer(guard_dir.parent / "hf", log_file=log_file)
    try:
        server.start()
    except JudgeUnavailable as error:
        _lacking(str(error))
    try:
        yield server
    finally:
        server.stop()
