"""A fresh site for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.harness import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    one = Site(tmp_path)
    yield one
    one.close()
