"""`consultguard audit show` tells what the trail says, and opens what is sealed only for those who leave their name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.domain.ids import chunk_id_of
from pipeline.domain.taxonomy import Category, RiskLevel
from pipeline.errors import AuditBroken, InputError
from pipeline.keys.key_file import init_key_file
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import ScriptedJudge, judgment
from tests.cli.judged_site import TOPICS, JudgedSite, site_in

SAID = "My employer, um, is Kestrel Mills."
CHUNK = chunk_id_of("consult-1", 1)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgedSite]:
    yield from site_in(tmp_path, monkeypatch)


@pytest.fixture
def judged(site: JudgedSite) -> JudgedSite:
    unsafe = judgment(RiskLevel.UNSAFE, categories=(Category.PHI,), reason="It names an employer.")
    judge = ScriptedJudge(lambda window: unsafe if "Kestrel" in window.chunk.text else judgment())
    chunks = [
        build_chunk("Good morning.", seq=0),
        build_chunk(SAID, seq=1),
        build_chunk("The knee only hurts on stairs.", consult_id="consult-2"),
    ]
    site.judge(chunks, judge)
    return site


def _json(done: Result, *, exit_code: int = 0) -> dict[str, Any]:
    assert done.exit_code == exit_code, done.output
    (line,) = done.stdout.splitlines()
    body: dict[str, Any] = orjson.loads(line)
    return body


def test_a_consultation_is_told_in_order_and_in_clear_only(judged: JudgedSite) -> None:
    done = judged.run("audit", "show", "--consult", "consult-1")

    assert done.exit_code == 0, done.output
    for words in ("judged: safe", "judged: unsafe", CHUNK, "decided by judge", "categories phi", "scores: safe 0.9800"):
        assert words in done.stdout
    for words in (
        "policy hipaa-consult",
        "model scripted, revision 1",
        "ms, then took ",
        "consultguard-worker/",
        "--open",
    ):
        assert words in done.stdout
    assert done.stdout.index("number 0") < done.stdout.index("number 1")
    assert "Kestrel" not in done.stdout
    assert "Good morning" not in done.stdout
    assert judged.events() == []


def test_open_shows_what_was_said_read_and_answered_and_records_the_look(judged: JudgedSite) -> None:
    done = judged.run("audit", "show", "--consult", "consult-1", "--open")

    assert done.exit_code == 0, done.output
    assert f"said: {SAID}" in done.stdout
    assert "read before: patient: Good morning." in done.stdout
    assert "answered: label: unsafe" in done.stdout
    assert "answered: reason: It names an employer." in done.stdout
    assert "knee" not in done.stdout
    (event,) = judged.events()
    assert (event.event.value, event.outcome, event.consult_id) == ("viewed", "asked", "consult-1")
    assert judged.verified().verified


def test_one_chunk_is_shown_alone_and_the_look_names_it(judged: JudgedSite) -> None:
    body = _json(judged.run("audit", "show", "--chunk", CHUNK, "--open", "--json"))
    again = _json(judged.run("audit", "show", "--chunk", CHUNK, "--json"))
    other = _json(judged.run("audit", "show", "--chunk", chunk_id_of("consult-1", 0), "--json"))

    (entry,) = body["entries"]
    assert (body["consult_id"], entry["record"]["chunk_id"]) == ("consult-1", CHUNK)
    assert entry["opened"]["raw"] == SAID
    assert [one["record"]["event"] for one in again["entries"]] == ["judged", "viewed"]
    assert again["entries"][1]["record"]["detail"] == {"chunk": CHUNK}
    assert [one["record"]["event"] for one in other["entries"]] == ["judged"]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_controls_and_markup_that_were_said_reach_no_terminal(site: JudgedSite, form: tuple[str, ...]) -> None:
    said = "a\x1b]0;mine\x07b\x9b31m \u202ereversed\u2066 [bold]loud[/bold] :smile:\r\n\u2028judged: safe\x7f"
    site.judge([build_chunk(said)])

    done = site.run("audit", "show", "--consult", "consult-1", "--open", *form)

    assert done.exit_code == 0, done.output
    shown = "".join(done.stdout.splitlines())
    assert all(character.isprintable() for character in shown)
    assert "[bold]loud[/bold] :smile:" in shown
    if form:
        assert _json(done)["entries"][0]["opened"]["raw"] == said
    else:
        assert "a\\u001b]0;mine\\u0007b\\u009b31m \\u202ereversed\\u2066" in shown


def test_nothing_is_opened_where_the_look_cannot_be_recorded(judged: JudgedSite) -> None:
    publisher = judged.broker.publisher(publisher_id="somebody")
    publisher.publish([OutgoingRecord(TOPICS.audit_events, None, b"no link", 0)])
    publisher.close()

    done = judged.run("audit", "show", "--consult", "consult-1", "--open")

    assert done.exit_code == 1
    assert isinstance(done.exception, AuditBroken)
    assert done.stdout == ""


@pytest.mark.parametrize("another", [True, False], ids=["wrong", "missing"])
def test_a_wrong_or_missing_key_is_a_finding_beside_what_is_in_clear(judged: JudgedSite, another: bool) -> None:
    judged.key_file.unlink()
    if another:
        init_key_file(judged.key_file, clock=judged.clock)

    done = judged.run("audit", "show", "--consult", "consult-1", "--open")
    body = _json(judged.run("audit", "show", "--consult", "consult-1", "--open", "--json"), exit_code=1)

    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "judged: unsafe" in done.stdout
    mend = "restore it from a backup" if another else "consultguard keys init"
    assert done.stdout.count(mend) == 2
    assert [one["not_opened"]["why"] for one in body["entries"] if "not_opened" in one] == ["key_not_given"] * 2
    assert "Kestrel" not in done.stdout


def test_a_data_key_gone_without_an_erasure_in_the_trail_is_a_finding(judged: JudgedSite) -> None:
    admin = judged.broker.topics()
    for record in judged.read(TOPICS.keys):
        assert record.key is not None
        admin.erase(TOPICS.keys, {record.ref.partition: [record.key]})
    admin.close()

    done = judged.run("audit", "show", "--consult", "consult-1", "--open")

    assert done.exit_code == 1
    assert "the trail tells of no erasure" in done.stdout


def test_an_altered_record_is_shown_as_altered(judged: JudgedSite) -> None:
    publisher = judged.broker.publisher(publisher_id="somebody")
    reader = judged.broker.reader()
    (record, *_) = [one for one in judged.read(TOPICS.audit) if one.key == b"consult-1"]
    partition = TopicPartition(TOPICS.audit, record.ref.partition)
    assert record.value is not None
    lie = record.value.replace(b'"outcome":"safe"', b'"outcome":"none"')
    publisher.publish([OutgoingRecord(partition.topic, b"consult-1", lie, partition.partition)])
    publisher.close()
    reader.close()

    done = judged.run("audit", "show", "--consult", "consult-1")

    assert done.exit_code == 1
    assert done.stdout.count("ALTERED: run consultguard audit verify") == 1


def test_what_the_trail_does_not_know_is_refused_and_leaves_no_record(judged: JudgedSite) -> None:
    for arguments in (["--consult", "consult-9"], ["--chunk", "chk_9"], [], ["--consult", "a", "--chunk", "b"]):
        done = judged.run("audit", "show", "--open", *arguments)
        assert done.exit_code == 1
        assert isinstance(done.exception, InputError)
    assert judged.events() == []
