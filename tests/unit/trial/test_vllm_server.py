"""The trial server says what it lacks."""

import sys
from pathlib import Path

import pytest

from pipeline.errors import JudgeUnavailable
from pipeline.trial import vllm_environment
from pipeline.trial.vllm_environment import ensure_vllm_environment, is_complete
from pipeline.trial.vllm_server import VllmServer, answers


def test_no_model_is_said_before_anything_is_made_or_started(tmp_path: Path) -> None:
    server = VllmServer(tmp_path / "nowhere")
    with pytest.raises(JudgeUnavailable, match="nowhere"):
        server.start()
    assert server.pid is None


def test_stopping_and_killing_what_does_not_run_does_nothing(tmp_path: Path) -> None:
    server = VllmServer(tmp_path)
    server.stop()
    server.kill()


def test_nobody_at_an_address_does_not_answer(tmp_path: Path) -> None:
    assert not answers(VllmServer(tmp_path).url, "guard")


def test_an_environment_that_cannot_be_made_is_said_with_the_mend_and_made_anew_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    for _ in range(2):
        with pytest.raises(JudgeUnavailable, match="package index"):
            ensure_vllm_environment()
    assert not is_complete(vllm_environment.vllm_environment())
