"""The bench measures a run that it also checks."""

from pathlib import Path

import pytest

from tests.cli.command import consultguard, only_json
from tests.kafka.serving import server_of

_FIELDS = {
    "chunks", "seconds", "chunks_per_second", "cpu_ms_per_chunk", "rss_mb", "lost", "duplicated", "out_of_order",
    "verified", "broker", "stage_ms_per_chunk",
}  # fmt: skip


def test_the_worker_alone_is_measured_on_the_embedded_broker(tmp_path: Path) -> None:
    done = consultguard("bench", "worker", "--chunks", "500", "--json", home=tmp_path)
    cost = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert cost.keys() == _FIELDS
    assert (cost["chunks"], cost["lost"], cost["duplicated"], cost["out_of_order"]) == (500, 0, 0, 0)
    assert cost["verified"]
    assert cost["cpu_ms_per_chunk"] > 0
    stages = cost["stage_ms_per_chunk"]
    assert list(stages) == ["decode", "clean", "context", "tripwires", "decide", "publish", "audit", "commit"]
    assert all(value > 0 for value in stages.values())
    assert sum(stages.values()) <= 1000 * cost["seconds"] / cost["chunks"]


def test_a_profile_of_the_worker_is_a_page_that_names_its_stages(tmp_path: Path) -> None:
    done = consultguard("bench", "worker", "--chunks", "300", "--profile", "worker.html", home=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "worker.html").read_text()
    assert "<html" in page
    assert "admit" in page


@pytest.mark.kafka
def test_the_worker_alone_is_measured_on_a_real_kafka(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bootstrap = ",".join(server_of(request.config).bootstrap_servers)
    done = consultguard(
        "bench", "worker", "--broker", "kafka", "--chunks", "500", "--json",
        home=tmp_path, CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS=bootstrap,
    )  # fmt: skip
    cost = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (cost["chunks"], cost["lost"], cost["duplicated"], cost["broker"]) == (500, 0, 0, "kafka")


def test_the_embedded_judge_alone_is_measured_and_a_label_takes_less_than_the_whole_answer(tmp_path: Path) -> None:
    done = consultguard("bench", "judge", "--tokens", "64", "--reads", "20", "--json", home=tmp_path)
    cost = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (cost["tokens"], cost["reads"]) == (64, 20)
    assert 0 < cost["median_ms"] <= cost["p95_ms"]
    assert cost["times_faster"] > 1
    assert cost["rss_mb"] > 0


def test_what_sealing_costs_is_measured_in_turns_on_sound_runs(tmp_path: Path) -> None:
    done = consultguard("bench", "sealing", "--chunks", "200", "--rounds", "2", "--json", home=tmp_path)
    cost = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    rounds = [cost[name] for name in ("sealed_per_second", "unsealed_per_second", "sealed_cpu_ms", "unsealed_cpu_ms")]
    assert [len(values) for values in rounds] == [2, 2, 2, 2]
    assert all(value > 0 for values in rounds for value in values)
    assert cost["ratio"] > 0
    assert cost["cpu_ratio"] > 0
    assert cost["sound"]
