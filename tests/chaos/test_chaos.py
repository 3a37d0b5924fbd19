"""A minute of faults of every kind, and everything counted afterwards."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.plan import Kind, make_plan
from tests.chaos.run import left_out, run, whole
from tests.kafka.serving import need_jars

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(1200)]
_SECONDS = 60.0
_WORKERS = 2
_SEED = 5


def test_a_minute_of_faults_of_every_kind_loses_doubles_and_tells_nothing(tmp_path: Path, record_property: Any) -> None:
    need_jars()
    kinds = [kind for kind in Kind if kind not in left_out()]
    plan = make_plan(_SEED, seconds=_SECONDS, count=len(kinds), workers=_WORKERS, kinds=kinds)
    figures = run(
        plan,
        seed=_SEED,
        seconds=_SECONDS,
        chunks=1_500,
        workers=_WORKERS,
        judge="hostile",
        home=tmp_path,
        say=lambda words: print(words, file=sys.stderr),
    )
    record_property("figures", figures)
    assert whole(figures), figures
