"""`consultguard audit erase` leaves nothing of a consultation that anybody can read, and the trail holds."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from pipeline.clock import Deadline
from pipeline.domain.audit import AuditEvent
from pipeline.errors import InputError
from pipeline.runtime.journal import open_journal
from pipeline.testing.builders import build_chunk
from tests.cli.judged_site import TOPICS, JudgedSite, files_below, site_in

WORDS = "Zanthorpe quillberry"
OTHERS = "Mirrabel tunnwick"
REASON = "consent withdrawn, request 118"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgedSite]:
    yield from site_in(tmp_path, monkeypatch)


@pytest.fixture
def judged(site: JudgedSite) -> JudgedSite:
    chunks = [
        build_chunk(f"{words} said it, part {seq}.", consult_id=consult_id, seq=seq)
        for seq in range(4)
        for consult_id, words in (("gone", WORDS), ("kept", OTHERS))
    ]
    site.judge(chunks)
    site.publish([build_chunk(f"{WORDS} was not judged yet.", consult_id="gone", seq=4)])
    return site


def _erase(site: JudgedSite, *more: str, reason: str = REASON) -> Result:
    return site.run("audit", "erase", "--consult", "gone", "--reason", reason, *more)


def _json(done: Result) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    body: dict[str, Any] = orjson.loads(line)
    return body


def _forms(words: str) -> list[bytes]:
    """As bytes, and what base64 makes of them wherever they begin in what is encoded."""
    forms = [words.encode()]
    for before in range(3):
        encoded = b64encode(b"-" * before + words.encode())
        forms.append(encoded[-(-before * 4 // 3) : len(encoded) // 4 * 4 - 4])
    return forms


def _files_with(site: JudgedSite, words: str) -> set[str]:
    return {
        path.name
        for path in files_below(site.data)
        for part in words.split()
        for form in _forms(part)
        if form in path.read_bytes()
    }


def test_the_words_are_in_no_file_and_all_else_opens_and_verifies(judged: JudgedSite) -> None:
    assert _files_with(judged, WORDS)
    before = judged.verified()

    done = _erase(judged, "--yes")

    assert done.exit_code == 0, done.output
    assert _files_with(judged, WORDS) == set()
    assert _files_with(judged, OTHERS)
    kept = judged.run("audit", "show", "--consult", "kept", "--open")
    assert kept.exit_code == 0, kept.output
    assert kept.stdout.count(f"said: {OTHERS}") == 4
    after = judged.verified()
    assert after.verified
    assert all(after.chains[name] == chain for name, chain in before.chains.items() if name != "events/0")


def test_each_topic_is_told_of_and_the_trail_has_the_reason_and_the_end(judged: JudgedSite) -> None:
    ends = [sum(record.ref.partition == number for record in judged.read(TOPICS.chunks)) for number in range(2)]

    body = _json(_erase(judged, "--yes", "--json"))

    none = {"became": "gone", "records": 0, "until_ms": None}
    assert body["consult_id"] == "gone"
    assert body["topics"] == {
        TOPICS.keys: {**none, "records": 1},
        TOPICS.chunks: {**none, "records": 5},
        TOPICS.safe: {**none, "records": 4},
        TOPICS.contested: none,
        TOPICS.unsafe: none,
        TOPICS.dead_letter: none,
    }
    asked, ended = judged.events()
    assert [(one.event.value, one.outcome, one.consult_id) for one in (asked, ended)] == [
        ("erased", "asked", "gone"),
        ("erased", "done", "gone"),
    ]
    assert asked.detail == {"reason": REASON, "chunks_before": " ".join(map(str, ends))}
    assert ended.detail is not None
    assert ended.detail[TOPICS.chunks] == "gone 5"
    assert sum(record.key == b"gone" for record in judged.read(TOPICS.audit)) == 4


def test_an_erased_consultation_still_shows_its_records_and_says_what_became_of_the_text(judged: JudgedSite) -> None:
    _erase(judged, "--yes")

    clear = judged.run("audit", "show", "--consult", "gone")
    opened = judged.run("audit", "show", "--consult", "gone", "--open")

    assert clear.exit_code == opened.exit_code == 0, opened.output
    assert opened.stdout.count("judged: safe") == 4
    assert opened.stdout.count("not opened: the text was erased") == 4
    assert f"reason: {REASON}" in clear.stdout
    assert "erased at 20" in clear.stdout


def test_an_erasure_that_was_asked_for_and_broke_off_is_shown_as_not_finished(judged: JudgedSite) -> None:
    journal = open_journal(judged.settings, judged.broker, role="audit", clock=judged.clock)
    journal.write(AuditEvent.ERASED, "asked", consult_id="gone", detail={"reason": REASON})
    journal.close(Deadline(1.0, clock=judged.clock))

    broken_off = judged.run("audit", "show", "--consult", "gone").stdout
    _erase(judged, "--yes")
    ended = judged.run("audit", "show", "--consult", "gone").stdout

    assert "was not finished: run consultguard audit erase again" in broken_off
    assert "not finished" not in ended


def test_erasing_twice_is_harmless_and_recorded_twice(judged: JudgedSite) -> None:
    _erase(judged, "--yes")

    again = _erase(judged, "--yes", "--json")

    assert again.exit_code == 0, again.output
    assert {topic["records"] for topic in _json(again)["topics"].values()} == {0}
    assert [event.outcome for event in judged.events()] == ["asked", "done"] * 2
    assert judged.verified().verified


def test_nothing_happens_without_a_yes(judged: JudgedSite) -> None:
    asked = judged.run("audit", "erase", "--consult", "gone", "--reason", REASON, answer="n\n")

    assert asked.exit_code == 1
    assert "for ever" in asked.stderr
    assert judged.events() == []
    assert _files_with(judged, WORDS)


@pytest.mark.parametrize("reason", ["", "  ", "r" * 201, "two\nlines", "a\x1b[31m", "turned \u202e"])
def test_a_reason_unfit_for_a_record_is_refused_before_anything_happens(judged: JudgedSite, reason: str) -> None:
    done = _erase(judged, "--yes", reason=reason)

    assert isinstance(done.exception, InputError)
    assert judged.events() == []
    assert _files_with(judged, WORDS)


def test_a_consultation_that_nobody_knows_is_refused_and_leaves_no_record(judged: JudgedSite) -> None:
    done = judged.run("audit", "erase", "--consult", "gon", "--reason", REASON, "--yes")

    assert isinstance(done.exception, InputError)
    assert "gon" in str(done.exception)
    assert judged.events() == []
