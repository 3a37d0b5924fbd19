"""What the README shows is run: its commands, its make targets, and the names it gives."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.kafka.serving import server_of

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_VTT = """WEBVTT

1
00:00:01.000 --> 00:00:04.000
Dr. Alvarez: Good morning, um, how is the cough?

2
00:00:04.500 --> 00:00:07.000
Patient: Better since Monday.
"""
_DIALOGUES = [
    {
        "id": "a",
        "lang": "en",
        "turns": [{"speaker": "doctor", "text": "Any fever?"}, {"speaker": "patient", "text": "No."}],
    },
    {"id": "b", "lang": "en", "turns": [{"speaker": "patient", "text": "It still hurts when I bend."}]},
]


def blocks(kind: str) -> list[str]:
    """The code blocks fenced as `sh KIND`."""
    return re.findall(rf"^```sh {kind}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def table(first: str) -> list[tuple[str, ...]]:
    """The cells of the table whose first column is called so."""
    [found] = re.findall(rf"^\| {first} \|.*\n\|---.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found.splitlines()]


def run_in(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "visit.vtt").write_text(_VTT, encoding="utf-8")
    (folder / "dialogues.jsonl").write_bytes(b"\n".join(orjson.dumps(dialogue) for dialogue in _DIALOGUES))
    rows = (ROOT / "tests" / "data" / "policy" / "en.jsonl").read_bytes().splitlines()
    mixed = [row for start in range(17) for row in rows[start::17]]  # every few rows another label
    (folder / "labelled.jsonl").write_bytes(b"\n".join(mixed))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "CONSULTGUARD_DATA_DIR": str(folder / "data"), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("script", blocks("run"))
def test_the_commands_of_the_readme_succeed(script: str, tmp_path: Path) -> None:
    done = run_in(tmp_path, script)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.kafka
def test_the_kafka_commands_of_the_readme_succeed_on_a_real_kafka(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    [script] = blocks("kafka")
    bootstrap = ",".join(server_of(request.config).bootstrap_servers)
    done = run_in(tmp_path, script.replace("localhost:9092", bootstrap), CONSULTGUARD_TOPICS_PREFIX="readme")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("line", [line for block in blocks("bench") for line in block.strip().splitlines()])
def test_the_long_measurements_of_the_readme_are_commands_with_such_options(line: str) -> None:
    import typer.main

    from pipeline.cli.main import app

    words = line.split()
    assert words[:2] == ["consultguard", "bench"]
    bench = typer.main.get_command(app).get_command(None, "bench")  # type: ignore[attr-defined]
    command = bench.get_command(None, words[2])
    assert command is not None
    command.make_context(words[2], words[3:])  # parses, and runs nothing


def test_every_make_target_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {line.split()[1] for block in blocks("make") for line in block.strip().splitlines()}
    assert named
    assert named <= targets


def test_every_setting_the_readme_names_exists() -> None:
    from pipeline.settings import known_variables

    named = set(re.findall(r"CONSULTGUARD_[A-Z_]+[A-Z]", README))
    assert named
    assert named <= set(known_variables())


def test_the_readme_answers_each_question_of_nist_with_what_the_report_answers_it_with() -> None:
    from pipeline.audit.nist import QUESTIONS

    [table] = re.findall(r"^\| activity \| question .*\n\|---.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    shown = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()]
    expected = [
        (
            row.activity.split()[0].rstrip("."),
            row.question,
            ", ".join(
                f"`{name.removeprefix('consultguard ')}`" for name in (*row.commands, *row.metrics, *row.settings)
            ),
        )
        for row in QUESTIONS
    ]
    assert shown == expected


def test_the_capacity_that_the_readme_shows_is_what_the_command_reckons() -> None:
    from pipeline.bench.capacity import HOW, body_of, limits, plan
    from pipeline.bench.capacity_figures import figures_for
    from pipeline.cli.bench_capacity import grouped

    figures = figures_for("h200")
    planned = plan(figures, consults_per_day=100_000)
    needed = {name.replace("_", " "): (grouped(value), HOW[name]) for name, value in body_of(planned).items()}
    shown = table("needed")
    assert {"gpus", "workers", "partitions", "storage tb", "brokers"} <= {name for name, _, _ in shown}
    assert [(name, *needed[name]) for name, _, _ in shown] == shown
    assert table("gives out") == [
        (one.name, grouped(one.consults_per_day), one.then) for one in limits(figures, planned)
    ]


def test_make_help_lists_the_targets() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "demo-kafka" in done.stdout


def test_the_example_settings_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from pipeline.settings import load_settings

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSULTGUARD_CONFIG_FILE", str(ROOT / "deploy" / "consultguard.example.toml"))
    settings = load_settings()
    assert (settings.broker, settings.judge, settings.topics.replication) == ("kafka", "vllm", 3)
