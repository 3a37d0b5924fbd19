"""`consultguard audit rewrap` wraps every data key anew, so that older keys can be given up and all still opens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from pipeline.errors import KeyMissing
from pipeline.keys.key_file import init_key_file, read_key_file, rotate_key_file
from pipeline.testing.builders import build_chunk
from tests.cli.judged_site import TOPICS, JudgedSite, site_in


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgedSite]:
    yield from site_in(tmp_path, monkeypatch)


@pytest.fixture
def judged(site: JudgedSite) -> JudgedSite:
    site.judge(build_chunk(f"Words of {name}.", consult_id=name) for name in ("one", "two", "three"))
    return site


def _json(done: Result) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    body: dict[str, Any] = orjson.loads(line)
    return body


def _keep_only_newest(file: Path) -> None:
    body = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps({**body, "keys": body["keys"][-1:]}))


def test_after_a_rotation_the_old_key_can_be_removed_and_everything_opens(judged: JudgedSite) -> None:
    old = read_key_file(judged.key_file)[0].id
    newest = rotate_key_file(judged.key_file, clock=judged.clock).id
    chain_before = [record.value for record in judged.read(TOPICS.audit)]

    body = _json(judged.run("audit", "rewrap", "--json"))

    assert body == {
        "provider_key_id": newest,
        "wrapped": 3,
        "newest_already": 0,
        "in_use": {newest: 3},
        "unused": [old],
        "not_opened": {},
    }
    _keep_only_newest(judged.key_file)
    for name in ("one", "two", "three"):
        shown = judged.run("audit", "show", "--consult", name, "--open")
        assert shown.exit_code == 0, shown.output
        assert f"said: Words of {name}." in shown.stdout
    assert [record.value for record in judged.read(TOPICS.audit)] == chain_before
    assert judged.verified().verified


def test_the_trail_tells_of_it_and_what_is_newest_already_is_left_alone(judged: JudgedSite) -> None:
    newest = rotate_key_file(judged.key_file, clock=judged.clock).id
    judged.run("audit", "rewrap")
    written = len(judged.read(TOPICS.keys))

    again = judged.run("audit", "rewrap")

    assert again.exit_code == 0, again.output
    assert f"0 data keys wrapped anew under {newest}, 3 were already" in again.stdout
    assert len(judged.read(TOPICS.keys)) == written
    events = [(event.event.value, event.outcome, (event.detail or {}).get("wrapped")) for event in judged.events()]
    assert events == [
        ("key_rotated", "asked", None),
        ("key_rotated", "done", "3"),
        ("key_rotated", "asked", None),
        ("key_rotated", "done", "0"),
    ]


def test_a_key_that_is_lost_is_told_of_and_the_others_are_wrapped(judged: JudgedSite) -> None:
    judged.key_file.unlink()
    init_key_file(judged.key_file, clock=judged.clock)
    judged.judge([build_chunk("Words of four.", consult_id="four")])
    newest = rotate_key_file(judged.key_file, clock=judged.clock).id

    done = judged.run("audit", "rewrap", "--json")

    body = _json(done)
    assert done.exit_code == 1
    assert (body["wrapped"], body["in_use"][newest], len(body["not_opened"])) == (1, 1, 3)
    assert all("restore it from a backup" in words for words in body["not_opened"].values())
    assert judged.events()[-1].outcome == "incomplete"


def test_without_a_key_file_nothing_is_begun(judged: JudgedSite) -> None:
    judged.key_file.unlink()

    done = judged.run("audit", "rewrap")

    assert isinstance(done.exception, KeyMissing)
    assert judged.events() == []
