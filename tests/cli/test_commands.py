"""What every command promises, run as a user runs it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline.cli.main import app
from tests.cli.command import consultguard, only_json

_VTT = "WEBVTT\n\n00:01.000 --> 00:03.000\nPatient: It still hurts, um, when I bend.\n"


def commands() -> Iterator[tuple[str, Any]]:
    def below(group: Any, path: str) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, f"{path} {name}".strip())
            else:
                yield f"{path} {name}".strip(), command

    yield from below(typer.main.get_command(app), "")


@pytest.mark.parametrize(("path", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()])
def test_every_command_explains_itself_with_an_example(path: str, command: Any) -> None:
    assert command.help, f"{path} has no help"
    if path != "version":
        assert "consultguard " in (command.epilog or ""), f"{path} shows no example"


def test_version_is_one_json_object_with_the_schemas(tmp_path: Path) -> None:
    done = consultguard("version", "--json", home=tmp_path)
    assert done.returncode == 0
    assert "consult.verdict/1" in only_json(done.stdout)["schemas"]


def test_topics_are_missing_then_created_then_well(tmp_path: Path) -> None:
    before = consultguard("topics", "show", "--json", home=tmp_path)
    created = consultguard("topics", "ensure", "--json", home=tmp_path)
    after = consultguard("topics", "show", "--json", home=tmp_path)
    assert before.returncode == 1
    assert {topic["state"] for topic in only_json(before.stdout)["topics"]} == {"missing"}
    assert {topic["state"] for topic in only_json(created.stdout)["topics"]} == {"created"}
    assert after.returncode == 0
    assert {topic["state"] for topic in only_json(after.stdout)["topics"]} == {"ok"}


def test_a_topic_weaker_than_asked_is_refused_by_name(tmp_path: Path) -> None:
    consultguard("topics", "ensure", home=tmp_path, CONSULTGUARD_TOPICS_PARTITIONS="3")
    done = consultguard("topics", "ensure", home=tmp_path, CONSULTGUARD_TOPICS_PARTITIONS="6")
    assert done.returncode == 1
    assert "consult.audit has 3 partitions, needs 6" in done.stderr
    worker = consultguard("run", "worker", home=tmp_path, CONSULTGUARD_TOPICS_PARTITIONS="6")
    assert worker.returncode == 1
    assert "consult.audit has 3 partitions" in worker.stderr


def test_an_unknown_setting_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    done = consultguard("topics", "show", home=tmp_path, CONSULTGUARD_BROKERS="kafka")
    assert done.returncode == 1
    assert "did you mean CONSULTGUARD_BROKER?" in done.stderr


def test_settings_are_printed_with_secrets_hidden(tmp_path: Path) -> None:
    done = consultguard("doctor", "--settings", "--json", home=tmp_path, CONSULTGUARD_VLLM_API_KEY="swordfish")
    settings = only_json(done.stdout)["settings"]
    assert settings["CONSULTGUARD_BROKER"] == "local"
    assert settings["CONSULTGUARD_VLLM_API_KEY"] == "**********"
    assert "swordfish" not in done.stdout + done.stderr


def test_doctor_names_each_failure_and_its_mend(tmp_path: Path) -> None:
    done = consultguard("doctor", "--json", home=tmp_path, CONSULTGUARD_EMBEDDED_MODEL_DIR=str(tmp_path / "nowhere"))
    checks = {check["check"]: check for check in only_json(done.stdout)["checks"]}
    assert done.returncode == 1
    assert not checks["topics"]["ok"]
    assert "topics ensure" in checks["topics"]["mend"]
    assert not checks["judge"]["ok"]
    assert "CONSULTGUARD_EMBEDDED_MODEL_DIR" in checks["judge"]["mend"]


def test_ingesting_a_transcript_twice_sends_it_twice_and_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "visit.vtt").write_text(_VTT)
    consultguard("topics", "ensure", home=tmp_path)
    for _ in range(2):
        done = consultguard("ingest", "vtt", "visit.vtt", "--consult", "visit-1", "--json", home=tmp_path)
        assert only_json(done.stdout) == {"consultations": 1, "chunks": 1, "topic": "consult.chunks"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("broken.jsonl", '{"id": "secret-name', "broken.jsonl, line 1: not JSON"),
        ("shape.jsonl", '{"id": "a", "turns": [{"speaker": "doctor"}]}', "shape.jsonl, line 1: turn 1 lacks"),
        ("notes.txt", "secret-name", "notes.txt: cannot read .txt"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_not_quoted(name: str, content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    done = consultguard("judge", name, home=tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
    assert "secret-name" not in done.stderr + done.stdout


def test_an_unexpected_fault_is_told_by_type_and_place_and_never_by_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.cli import main

    def fail() -> None:
        raise ValueError("Mrs. Example has a cough")

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr()
    assert ended.value.code == 70
    assert "ValueError" in said.err
    assert "Example" not in said.err + said.out


def test_a_worker_ends_with_0_on_sigterm(tmp_path: Path) -> None:
    import os
    import signal
    import time

    from tests.cli.command import CONSULTGUARD

    environment = {**os.environ, "CONSULTGUARD_DATA_DIR": str(tmp_path / "data"), "CONSULTGUARD_LOG_FORMAT": "json"}
    log = (tmp_path / "log").open("wb")
    worker = subprocess.Popen([str(CONSULTGUARD), "run", "worker"], env=environment, stderr=log, stdout=log)
    deadline = time.monotonic() + 60
    while b"partitions_assigned" not in (tmp_path / "log").read_bytes():
        assert worker.poll() is None, (tmp_path / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0
    log.close()
