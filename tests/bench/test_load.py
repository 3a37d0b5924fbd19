"""A load run is measured, and one that is not whole does not pass for one that is."""

import sys
from pathlib import Path

import orjson
import pytest

from pipeline.bench.load import LoadPlan, measure_load
from pipeline.bench.load_report import load_report
from pipeline.bench.schedule import Step
from pipeline.bench.talk import plan_talk
from pipeline.bench.thresholds import Thresholds, held_to
from pipeline.errors import BenchFailed
from pipeline.settings import Settings
from tests.cli.command import consultguard, only_json
from tests.kafka.serving import server_of

_PATIENT_SECONDS = 280
_IDLE_WORKER = (sys.executable, "-c", "import time; time.sleep(600)")
_BROKEN_WORKER = (sys.executable, "-c", "import sys; sys.exit('no such setting')")


def test_a_rate_is_kept_by_real_workers_and_its_latencies_are_told_with_a_page(tmp_path: Path) -> None:
    done = consultguard(
        "bench", "load", "--rate", "60", "--chunks", "120", "--judge-ms", "5", "--html", "load.html", "--json",
        home=tmp_path, timeout_seconds=_PATIENT_SECONDS,
    )  # fmt: skip
    report = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (report["chunks"], report["lost"], report["duplicated"], report["out_of_order"]) == (120, 0, 0, 0)
    assert report["broken"] == []
    assert sum(report["levels"].values()) == report["audit_records"] > 120  # those of the warm-up are counted as well
    for name in ("produced_to_committed_ms", "spoken_to_committed_ms"):
        latency = report[name]
        assert 5 <= latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["max"]
    worker, bench = report["processes"]
    assert worker["exit_code"] == 0
    assert worker["cpu_ms_per_chunk"] > 0
    assert worker["rss_mb"]["max"] > 10
    assert worker["told"]["committed"] == report["audit_records"]
    assert bench["name"] == "bench"
    assert report["points"][-1]["lag"] == 0
    page = (tmp_path / "load.html").read_text()
    assert page.count("<svg") == 5


def test_a_backlog_is_compared_with_the_judge_alone_and_a_broken_threshold_is_exit_code_1(tmp_path: Path) -> None:
    done = consultguard(
        "bench", "load", "--max", "--chunks", "150", "--workers", "2", "--judge-ms", "2", "--in-flight", "4",
        "--against-ceiling", "--fail-per-second", "1000000", "--json",
        home=tmp_path, timeout_seconds=_PATIENT_SECONDS,
    )  # fmt: skip
    report = only_json(done.stdout)
    assert done.returncode == 1
    assert (report["lost"], report["duplicated"], report["out_of_order"]) == (0, 0, 0)
    assert len(report["processes"]) == 3
    assert report["produced_to_committed_ms"] is None
    assert report["ceiling"]["share"] > 0
    assert report["ceiling"]["before"]["steady"] <= 2 * 4 / 0.002
    assert len(report["broken"]) == 1
    assert report["broken"][0] in " ".join(done.stderr.split())


def test_workers_are_set_against_one_of_them(tmp_path: Path) -> None:
    done = consultguard(
        "bench", "scale", "--workers", "1,2", "--partitions", "4", "--judge-ms", "2", "--in-flight", "2",
        "--chunks", "80", "--json", home=tmp_path, timeout_seconds=_PATIENT_SECONDS,
    )  # fmt: skip
    found = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert [row["workers"] for row in found["rows"]] == [1, 2]
    assert [row["chunks"] for row in found["rows"]] == [80, 160]
    assert found["rows"][0]["of_linear"] == 1.0
    assert found["rows"][1]["of_linear"] > 0
    assert 2 < found["window"]["judging_peak"] <= 512
    assert found["broken"] == []


def test_the_judge_alone_is_measured_without_a_broker(tmp_path: Path) -> None:
    done = consultguard(
        "bench", "ceiling", "--judge", "instant", "--judge-ms", "5", "--in-flight", "8", "--chunks", "100", "--json",
        home=tmp_path,
    )  # fmt: skip
    found = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (found["judge"], found["in_flight"], found["chunks"]) == ("instant, 5 ms", 8, 100)
    assert found["found"] == {"safe": 100}
    assert 0 < found["per_second"]["whole"] <= 8 / 0.005
    assert found["judge_ms"]["p50"] >= 5
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "arguments",
    [(), ("--rate", "5", "--max"), ("--steps", "5,none"), ("--steps", "5,0"), ("--max", "--minutes", "1")],
)
def test_a_load_without_one_clear_rate_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = consultguard("bench", "load", *arguments, home=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.kafka
def test_two_workers_on_a_real_kafka_keep_a_stepped_rate_whole(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bootstrap = ",".join(server_of(request.config).bootstrap_servers)
    done = consultguard(
        "bench", "load", "--steps", "20,60", "--chunks", "160", "--workers", "2", "--broker", "kafka",
        "--judge-ms", "10", "--json",
        home=tmp_path, timeout_seconds=_PATIENT_SECONDS, CONSULTGUARD_KAFKA_BOOTSTRAP_SERVERS=bootstrap,
    )  # fmt: skip
    report = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (report["broker"], report["chunks"], report["lost"], report["duplicated"]) == ("kafka", 160, 0, 0)
    assert [(step["per_second"], step["chunks"]) for step in report["steps"]] == [(20, 40), (60, 120)]
    assert [process["exit_code"] for process in report["processes"]] == [0, 0, None]


def on_the_embedded_broker(home: Path, **changes: object) -> Settings:
    return Settings(data_dir=home, topics={"partitions": 2}, **changes)  # type: ignore[arg-type]


def test_chunks_that_no_worker_judges_are_lost_and_end_the_run(tmp_path: Path) -> None:
    settings, said = on_the_embedded_broker(tmp_path), []
    plan = LoadPlan(plan_talk(30, consults=3, at_once=3), (), 1, _IDLE_WORKER, start_seconds=1.0)
    report = load_report(measure_load(settings, plan, home=tmp_path, say=said.append), plan, settings, judge="none")
    assert report.lost == 30
    assert report.levels == {}
    assert report.lag.last == 30
    broken = held_to(report, Thresholds()).broken
    assert "lost: 30" in broken
    assert any("no verdict for 1 s" in told for told in broken)
    assert said


def test_workers_that_do_not_come_up_are_told_with_their_last_words(tmp_path: Path) -> None:
    plan = LoadPlan(plan_talk(30, consults=3, at_once=3), (Step(10.0, 30),), 2, _BROKEN_WORKER)
    with pytest.raises(BenchFailed, match="no such setting"):
        measure_load(on_the_embedded_broker(tmp_path), plan, home=tmp_path, say=lambda _words: None)


def test_the_report_is_json_that_a_script_can_read(tmp_path: Path) -> None:
    settings = on_the_embedded_broker(tmp_path)
    plan = LoadPlan(plan_talk(5, consults=1, at_once=1), (), 1, _IDLE_WORKER, start_seconds=1.0)
    report = load_report(measure_load(settings, plan, home=tmp_path, say=lambda _: None), plan, settings, judge="none")
    body = orjson.loads(orjson.dumps(report.body()))
    assert body["lost"] == 5
    assert body["points"]
