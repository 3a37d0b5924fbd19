"""A key file is made once, grows by rotation, loses no key, and is read only where nobody else can read it."""

import base64
import os
import threading
from pathlib import Path

import orjson
import pytest

from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable
from pipeline.keys.key_file import FileKeys, init_key_file, read_key_file, rotate_key_file
from pipeline.keys.ring import RingKey
from pipeline.testing.fake_clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.json"


def _made(path: Path) -> RingKey:
    return init_key_file(path, clock=FakeClock(now_ms=5))


def test_a_new_file_is_its_owners_alone_and_holds_one_key_of_now(path: Path) -> None:
    key = _made(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert read_key_file(path) == (key,)
    assert key.created_at_ms == 5
    assert FileKeys(path).key_id == key.id


def test_two_files_hold_different_keys(tmp_path: Path) -> None:
    assert _made(tmp_path / "a").id != _made(tmp_path / "b").id


def test_a_file_that_is_there_is_never_overwritten(path: Path) -> None:
    _made(path)
    before = path.read_bytes()

    with pytest.raises(KeyRefused, match="exists already; `consultguard keys rotate`"):
        _made(path)

    assert path.read_bytes() == before


def test_a_dangling_link_is_not_taken_for_a_place_to_write(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere" / "keys.json")

    with pytest.raises(KeyRefused, match="exists already"):
        _made(link)


def test_rotation_adds_a_key_that_wraps_and_keeps_those_that_unwrap(path: Path) -> None:
    first = _made(path)
    wrapped = FileKeys(path).wrap(bytes(32), context=b"c")

    second = rotate_key_file(path, clock=FakeClock(now_ms=6))

    assert read_key_file(path) == (first, second)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    keys = FileKeys(path)
    assert keys.key_id == second.id
    assert keys.unwrap(wrapped, context=b"c") == bytes(32)


def test_a_running_provider_sees_a_rotation(path: Path) -> None:
    _made(path)
    running = FileKeys(path)
    before = running.key_id

    second = rotate_key_file(path, clock=FakeClock(now_ms=6))
    other_worker = FileKeys(path).wrap(bytes(32), context=b"c")

    assert before != second.id == running.key_id
    assert running.unwrap(other_worker, context=b"c") == bytes(32)


def test_a_link_to_the_file_stays_a_link(path: Path, tmp_path: Path) -> None:
    _made(path)
    link = tmp_path / "link"
    link.symlink_to(path)

    rotate_key_file(link, clock=FakeClock())

    assert link.is_symlink()
    assert len(read_key_file(path)) == 2


def test_rotations_at_the_same_time_all_leave_their_key(path: Path) -> None:
    _made(path)
    threads = [threading.Thread(target=rotate_key_file, args=(path,), kwargs={"clock": FakeClock()}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({key.id for key in read_key_file(path)}) == 9


def test_a_file_that_is_not_there_is_missed_with_the_mend(path: Path) -> None:
    with pytest.raises(KeyMissing, match=r"no key file .*keys\.json: make one with `consultguard keys init`"):
        _ = FileKeys(path).key_id
    with pytest.raises(KeyMissing, match="no key file"):
        rotate_key_file(path, clock=FakeClock())


def test_a_running_provider_misses_a_file_that_was_removed(path: Path) -> None:
    """Wrapping on with a key that may be lost would make data nobody can read later."""
    _made(path)
    running = FileKeys(path)
    running.wrap(bytes(32), context=b"")

    path.unlink()

    with pytest.raises(KeyMissing):
        running.wrap(bytes(32), context=b"")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_open_to_others_is_refused_with_the_mend(path: Path, mode: int) -> None:
    _made(path)
    running = FileKeys(path)
    assert running.key_id
    path.chmod(mode)

    for keys in (running, FileKeys(path)):
        with pytest.raises(KeyRefused, match=rf"open to others \(mode {mode:04o}\): run chmod 600"):
            _ = keys.key_id
    with pytest.raises(KeyRefused):
        rotate_key_file(path, clock=FakeClock())


def test_a_path_where_no_file_can_be_read_or_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(KeyUnavailable, match="cannot be read"):
        read_key_file(tmp_path)
    with pytest.raises(KeyUnavailable, match="cannot be made"):
        _made(tmp_path / "file" / "keys.json")


_SECRET = base64.b64encode(bytes(range(32)))
_ENTRY = b'{"id":"kek_0","created_at_ms":0,"secret":"' + _SECRET + b'"}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"schema":"consultguard.key-file/2","keys":[' + _ENTRY + b"]}",
        b'{"schema":"consultguard.key-file/1","keys":[]}',
        b'{"schema":"consultguard.key-file/1","keys":[{}]}',
        b'{"schema":"consultguard.key-file/1","keys":7}',
        b'{"schema":"consultguard.key-file/1","keys":[' + _ENTRY + b"]",
        b'{"schema":"consultguard.key-file/1","keys":[' + _ENTRY + b"]}",  # not the id of this key
        b'{"schema":"consultguard.key-file/1","keys":[' + _ENTRY.replace(b"=", b"!") + b"]}",
    ],
)
def test_what_is_no_key_file_is_refused_and_not_quoted(path: Path, content: bytes) -> None:
    _made(path)
    path.write_bytes(content)

    with pytest.raises(KeyRefused, match="is not a key file, or was damaged") as refused:
        read_key_file(path)

    assert refused.value.__cause__ is refused.value.__context__ is None


def test_a_key_whose_bytes_changed_is_found_by_its_id(path: Path) -> None:
    _made(path)
    body = orjson.loads(path.read_bytes())
    body["keys"][0]["secret"] = _SECRET.decode()
    path.write_bytes(orjson.dumps(body))

    with pytest.raises(KeyRefused, match="damaged"):
        read_key_file(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_was(path: Path) -> None:
    _made(path)
    before = path.read_bytes()
    path.parent.chmod(0o500)
    try:
        with pytest.raises(KeyUnavailable, match="cannot be written"):
            rotate_key_file(path, clock=FakeClock())
    finally:
        path.parent.chmod(0o700)
    assert path.read_bytes() == before
