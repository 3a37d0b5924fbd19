"""The trail of a worker that ran, verified, examined, exported and judged again by the installed command."""

import os
import signal
import subprocess
import time
from pathlib import Path

import orjson
import pytest

from tests.cli.command import CONSULTGUARD, consultguard, only_json

SAMPLE = """WEBVTT

00:00:01.000 --> 00:00:04.000
<v Dr Lee>Where does it hurt?</v>

00:00:05.000 --> 00:00:09.000
<v Patient>In the lower back, since Tuesday.</v>

00:00:10.000 --> 00:00:14.000
<v Patient>My number is 415 555 0132 if you need it.</v>
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trail of a worker that started, judged three chunks and stopped."""
    home = tmp_path_factory.mktemp("site")
    (home / "visit.vtt").write_text(SAMPLE, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTGUARD_")}
    environment = {**clean, "CONSULTGUARD_DATA_DIR": str(home / "data")}
    # Here, not by the worker that starts: ingesting does not wait for it as long as a busy machine takes.
    assert consultguard("topics", "ensure", home=home).returncode == 0
    with (home / "worker.log").open("wb") as log:
        worker = subprocess.Popen([str(CONSULTGUARD), "run", "worker"], cwd=home, env=environment, stderr=log)
    try:
        assert consultguard("ingest", "vtt", "visit.vtt", home=home).returncode == 0
        _wait_until_judged(home)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    return home


def _wait_until_judged(home: Path) -> None:
    until = time.monotonic() + 120
    while only_json(consultguard("audit", "verify", "--no-record", "--json", home=home).stdout)["records"] < 4:
        assert time.monotonic() < until, "the worker judged nothing"
        time.sleep(0.5)


def test_the_trail_verifies_and_every_verification_is_in_it(site: Path) -> None:
    first = only_json(consultguard("audit", "verify", "--json", home=site).stdout)
    second = only_json(consultguard("audit", "verify", "--json", home=site).stdout)

    assert first["verified"]
    assert second["records"] == first["records"] + 1
    assert consultguard("audit", "verify", home=site).stdout.count("holds") == 7


def test_a_period_that_holds_nothing_verifies_and_an_unreadable_date_is_refused(site: Path) -> None:
    empty = only_json(
        consultguard("audit", "verify", "--from", "2001-01-01", "--to", "2001-02-01", "--json", home=site).stdout
    )
    refused = consultguard("audit", "verify", "--from", "last week", home=site)

    assert (empty["verified"], empty["records"]) == (True, 0)
    assert refused.returncode == 1
    assert "2026-11-01" in refused.stderr


def test_checkpoints_without_a_key_to_read_them_by_are_refused(site: Path) -> None:
    refused = consultguard("audit", "verify", "--checkpoints", "anchor", home=site)

    assert refused.returncode == 1
    assert "--public-key" in refused.stderr


def test_what_was_judged_is_judged_again_the_same(site: Path) -> None:
    done = consultguard("replay", "--json", home=site)

    report = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (report["judged"], report["replayed"], report["same_label"], report["same_scores"]) == (3, 3, 3, 3)


def test_the_examination_is_a_page_and_an_object(site: Path) -> None:
    done = consultguard(
        "audit", "examine", "--html", "report.html", "--working-hours", "mon-fri 7-19", "--json", home=site
    )

    report = only_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (report["events"]["judged"], report["verification"]["verified"]) == (3, True)
    assert "NIST SP 800-66r2" in (site / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["fhir-r4", "fhir-r5", "jsonl", "csv"])
def test_an_export_names_nobody_and_is_itself_recorded(site: Path, form: str) -> None:
    done = consultguard("audit", "export", "--format", form, "--out", f"trail.{form}", home=site)

    assert done.returncode == 0, done.stderr
    lines = (site / f"trail.{form}").read_bytes().splitlines()
    assert len(lines) >= 5
    assert all(orjson.loads(line)["resourceType"] == "AuditEvent" for line in lines if form.startswith("fhir"))
    assert b"visit" not in b"".join(lines)
    assert b"555" not in b"".join(lines)
    again = consultguard("audit", "export", "--format", form, "--out", f"trail.{form}", home=site)
    assert "not there yet" in again.stderr
    assert "exported" in consultguard("audit", "examine", home=site).stdout


def test_the_trail_holds_no_word_of_what_was_said(site: Path) -> None:
    """The chunks and the verdicts do: they are what was asked for. The audit records hold it sealed."""
    exported = consultguard("audit", "export", "--format", "jsonl", "--out", "-", home=site).stdout

    assert "hurt" not in exported
    assert "Tuesday" not in exported
