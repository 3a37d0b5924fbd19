"""The mini guard, where there is one."""

import os
from pathlib import Path

import pytest

from pipeline.judge.embedded import MINI_GUARD


@pytest.fixture(scope="session")
def guard_dir() -> Path:
    """The package's own guard, or the export named by CONSULTGUARD_TEST_GUARD (`…/onnx`)."""
    folder = Path(os.environ.get("CONSULTGUARD_TEST_GUARD", MINI_GUARD))
    if not (folder / "model.onnx").is_file():
        pytest.skip(f"no guard model at {folder}")
    return folder
