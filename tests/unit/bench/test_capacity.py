"""The arithmetic of a capacity plan."""

import math
from dataclasses import fields
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.capacity import HOW, Plan, body_of, limits, next_limit, one_machine, plan
from pipeline.bench.capacity_figures import Figures, figures_for, gpus
from pipeline.bench.capacity_measured import measured_in
from pipeline.bench.ceiling import Ceiling
from pipeline.bench.latency import Latency, Throughput
from pipeline.errors import InputError
from pipeline.settings import Settings

FIGURES = figures_for("h200")
CONSULTS = st.integers(min_value=1, max_value=10_000_000)


def changed(**values: float) -> Figures:
    return FIGURES.given(values, source="a test")


@given(CONSULTS)
def test_twice_the_consultations_are_twice_the_chunks_the_bytes_and_the_storage(consults: int) -> None:
    once, twice = plan(FIGURES, consults_per_day=consults), plan(FIGURES, consults_per_day=2 * consults)
    for name in (
        "chunks_per_day", "mean_chunks_per_second", "peak_chunks_per_second", "requests_in_flight",
        "kafka_in_mb_per_second", "kafka_written_mb_per_second", "chunks_tb", "verdicts_tb", "audit_tb", "keys_tb",
        "storage_tb", "audit_records", "verify_core_hours",
    ):  # fmt: skip
        assert math.isclose(getattr(twice, name), 2 * getattr(once, name)), name


@given(CONSULTS, st.integers(min_value=1, max_value=1000))
def test_more_consultations_never_need_fewer_machines(consults: int, more: int) -> None:
    less, larger = plan(FIGURES, consults_per_day=consults), plan(FIGURES, consults_per_day=consults + more)
    for name in ("gpus", "workers", "partitions", "brokers"):
        assert getattr(larger, name) >= getattr(less, name), name


@given(CONSULTS)
def test_a_plan_carries_what_it_was_made_for(consults: int) -> None:
    planned = plan(FIGURES, consults_per_day=consults)
    peak = planned.peak_chunks_per_second
    assert (planned.gpus - FIGURES["spare_gpus"]) * planned.chunks_per_second_a_gpu >= peak * (1 - 1e-9)
    assert planned.workers * planned.chunks_per_second_a_worker >= peak * (1 - 1e-9)
    assert planned.restore_seconds <= FIGURES["stand_still_seconds"] * (1 + 1e-9)
    assert planned.partitions >= planned.workers * FIGURES["growth"]
    assert planned.brokers * FIGURES["broker_disk_tb"] * FIGURES["disk_fill"] >= planned.storage_tb
    assert planned.brokers >= FIGURES["replication"]
    for name in ("GPUs", "workers", "partitions", "brokers' disks", "brokers' writing"):
        [limit] = [one for one in limits(FIGURES, planned) if one.name == name]
        assert limit.consults_per_day >= consults, name


@given(CONSULTS)
def test_the_next_limit_is_the_nearest_that_more_of_the_same_does_not_mend(consults: int) -> None:
    planned = plan(FIGURES, consults_per_day=consults)
    every = limits(FIGURES, planned)
    assert [one.consults_per_day for one in every] == sorted(one.consults_per_day for one in every)
    nearest = next_limit(FIGURES, planned)
    assert not nearest.mended
    assert all(one.mended for one in every if one.consults_per_day < nearest.consults_per_day)


def test_a_gpu_that_judges_twice_as_fast_halves_the_gpus_that_carry_the_load() -> None:
    slow, fast = changed(judge_chunks_per_second=50), changed(judge_chunks_per_second=100)
    spare = FIGURES["spare_gpus"]
    needed = [plan(figures, consults_per_day=1_000_000).gpus - spare for figures in (slow, fast)]
    assert abs(needed[0] - 2 * needed[1]) <= 1


def test_a_worker_that_may_ask_little_at_once_is_what_limits_even_if_its_core_is_fast() -> None:
    held = plan(changed(worker_requests=16, worker_chunks_per_second=1e6, horizon_hours=1), consults_per_day=100_000)
    assert held.workers == math.ceil(held.requests_in_flight / (16 * FIGURES["utilisation"]))


def test_one_machine_carries_what_its_one_gpu_carries() -> None:
    planned = plan(FIGURES, consults_per_day=one_machine(FIGURES))
    assert planned.gpus == 1 + FIGURES["spare_gpus"]


def test_every_line_of_a_plan_says_how_it_was_reckoned_and_every_figure_where_it_comes_from() -> None:
    assert list(HOW) == [field.name for field in fields(Plan)]
    assert body_of(plan(FIGURES, consults_per_day=1)).keys() == HOW.keys()
    for gpu in gpus():
        assert all(figure.source and figure.value > 0 for figure in figures_for(gpu).by_name.values())


def test_figures_that_are_defaults_of_the_settings_are_those_of_the_settings() -> None:
    defaults = Settings.model_construct()
    assert FIGURES["worker_requests"] == defaults.vllm.max_concurrency
    assert FIGURES["horizon_hours"] == defaults.context.horizon_hours
    assert FIGURES["commits_per_second"] * defaults.worker.commit_interval_ms == 1000


@pytest.mark.parametrize("wrong", [{"chunks_per_consultation": 3.0}, {"judge_seconds": 0.0}, {"growth": math.inf}])
def test_a_figure_that_is_unknown_or_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        FIGURES.given(wrong, source="a test")


def test_a_gpu_without_figures_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="h200"):
        figures_for("t4")


def test_what_bench_worker_measured_replaces_the_worker_of_the_file(tmp_path: Path) -> None:
    result = tmp_path / "worker.json"
    result.write_bytes(orjson.dumps({"stage_ms_per_chunk": {}, "broker": "kafka", "chunks_per_second": 3210.0}))
    figures = FIGURES.replaced(measured_in(result))
    assert figures["worker_chunks_per_second"] == 3210.0
    assert "worker.json" in figures.by_name["worker_chunks_per_second"].source


def test_what_bench_ceiling_measured_is_one_gpus_rate_and_time(tmp_path: Path) -> None:
    found = Ceiling(
        judge="vllm", in_flight=64, chunks=1000, seconds=12.0, per_second=Throughput(83.0, 85.5),
        judge_ms=Latency(700, 800, 900, 1000), client_cores=0.3, found={},
    )  # fmt: skip
    result = tmp_path / "ceiling.json"
    result.write_bytes(orjson.dumps(found.body()))
    figures = FIGURES.replaced(measured_in(result))
    assert (figures["judge_chunks_per_second"], figures["judge_seconds"]) == (85.5, 0.7)


@pytest.mark.parametrize(("trial_server", "replaced"), [(True, False), (False, True)])
def test_what_bench_compare_measured_is_a_gpus_rate_only_where_the_server_was_not_the_trial(
    trial_server: bool, replaced: bool, tmp_path: Path
) -> None:
    ours = {"name": "consultguard", "chunks_per_second": 91.0}
    body = {
        "peers": [{"name": "loop", "chunks_per_second": 2.0}, ours],
        "trial_server": trial_server,
        "record_bytes": {"chunk": 500.0, "verdict": 800.0, "audit": 3000.0},
    }
    result = tmp_path / "compare.json"
    result.write_bytes(b"some line before\n" + orjson.dumps(body) + b"\n")
    figures = FIGURES.replaced(measured_in(result))
    assert figures["audit_bytes"] == 3000.0
    assert (figures["judge_chunks_per_second"] == 91.0) is replaced


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'{"chunks": 3}'])
def test_a_file_that_no_bench_wrote_is_refused(content: bytes, tmp_path: Path) -> None:
    result = tmp_path / "other.json"
    result.write_bytes(content)
    with pytest.raises(InputError):
        measured_in(result)


def test_a_shorter_horizon_needs_fewer_workers_where_reading_back_is_what_limits() -> None:
    day, hour = (plan(changed(horizon_hours=hours), consults_per_day=1_000_000) for hours in (24, 1))
    assert day.workers > hour.workers
    assert hour.restore_seconds < FIGURES["stand_still_seconds"]
