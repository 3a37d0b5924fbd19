"""Worker processes are real ones: started, watched through their log, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.bench.processes import WorkerProcess, worker_environment
from pipeline.settings import Settings, load_settings
from pipeline.trial.bound import bound

# Logs what it is given and waits; on SIGTERM it prints one object and ends.
_SCRIPT = """
import json, signal, sys, time
def end(*_):
    print(json.dumps({"committed": 3, "arguments": sys.argv[1:]}), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
for line in EVENTS:
    print(line, file=sys.stderr, flush=True)
while True:
    time.sleep(0.05)
"""


def worker(tmp_path: Path, *lines: str, script: str = _SCRIPT) -> WorkerProcess:
    script = script.replace("EVENTS", repr([*lines, json.dumps({"event": "said_all"})]))
    return WorkerProcess("worker-0", (sys.executable, "-c", script), environment={}, home=tmp_path)


def until_said_all(one: WorkerProcess) -> None:
    while not (one.log_file.exists() and '"said_all"' in one.log_file.read_text()):
        assert not one.died, one.last_words()
        time.sleep(0.02)


def event(name: str, *partitions: int) -> str:
    return json.dumps({"event": name, "partitions": partitions})


@pytest.mark.parametrize(
    ("lines", "ready"),
    [
        ([event("partitions_assigned", 0, 1)], set()),
        ([event("partitions_assigned", 0, 1), event("partition_ready", 1)], {1}),
        ([event("partition_ready", 0), event("partition_ready", 1), event("partitions_revoked", 0)], {1}),
        ([event("partition_ready", 0), event("partitions_lost", 0)], set()),
        ([event("partition_ready", 0), event("recovered", 0)], set()),
        (["a warning of a library", "17", event("partition_ready", 2)], {2}),
    ],
)
def test_the_partitions_it_delivers_from_are_those_its_log_says(
    lines: list[str], ready: set[int], tmp_path: Path
) -> None:
    one = worker(tmp_path, *lines)
    one.start()
    try:
        until_said_all(one)
        assert one.ready_partitions() == ready
        assert one.ready_partitions() == ready
    finally:
        one.stop()


def test_it_is_stopped_in_order_and_what_it_told_at_its_end_is_kept(tmp_path: Path) -> None:
    one = worker(tmp_path)
    assert (one.pid, one.stop(), one.told()) == (None, None, {})
    one.start()
    until_said_all(one)
    assert one.stop() == one.stop() == 0
    assert one.told() == {"committed": 3, "arguments": ["--instance-id", "worker-0"]}


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    one = worker(tmp_path, script=_SCRIPT.replace("signal.SIGTERM, end", "signal.SIGTERM, signal.SIG_IGN"))
    one.start()
    until_said_all(one)
    assert one.stop(timeout_seconds=0.2) == -signal.SIGKILL


def test_one_that_ends_by_itself_has_died_and_has_last_words(tmp_path: Path) -> None:
    one = worker(tmp_path, script="import sys; print('no broker', file=sys.stderr); sys.exit(1)")
    assert not one.died
    one.start()
    while not one.died:
        time.sleep(0.02)
    assert (one.last_words(), one.stop()) == ("no broker", 1)


def test_a_bound_program_ends_with_the_one_that_started_it_even_if_that_is_killed() -> None:
    starter = (
        "import subprocess, sys, time; from pipeline.trial.bound import bound;"
        "p = subprocess.Popen(bound(['sleep', '600'])); print(p.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    while b"sleep" not in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0]:
        time.sleep(0.02)  # it is about to become the program
    parent.kill()
    parent.wait()
    parent.stdout.close()
    while _runs(child):
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_bound_program_keeps_its_arguments_and_its_exit_code() -> None:
    done = subprocess.run(bound(["sh", "-c", 'echo "$0"; exit 7', "a b"]), capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("a b\n", 7)


def test_a_worker_process_gets_the_settings_of_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        broker="kafka",
        judge="vllm",
        data_dir=tmp_path / "home",
        kafka={"bootstrap_servers": "broker:1"},
        topics={"prefix": "trial", "partitions": 12},
        worker={"group": "trial-group"},
        vllm={"endpoints": "http://gpu:1", "model": "guard", "max_concurrency": 7, "cache_salt": "apart"},
    )  # type: ignore[arg-type]
    for name in [name for name in os.environ if name.startswith("CONSULTGUARD_")]:
        monkeypatch.delenv(name)
    for name, value in worker_environment(settings).items():
        monkeypatch.setenv(name, value)
    found = load_settings()
    assert (found.broker, found.judge, found.data_dir) == ("kafka", "vllm", tmp_path / "home")
    assert (found.kafka.bootstrap_servers, found.worker.group) == ("broker:1", "trial-group")
    assert (found.topics.prefix, found.topics.partitions) == ("trial", 12)
    assert (found.vllm.endpoints, found.vllm.model, found.vllm.max_concurrency) == ("http://gpu:1", "guard", 7)
    assert found.vllm.cache_salt is not None
    assert found.vllm.cache_salt.get_secret_value() == "apart"
    assert found.log_format == "json"
