"""An anchor keeps a checkpoint once, gives it back as it was, and never takes another one for it."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.audit.anchor import Anchor, anchor_of
from pipeline.audit.anchor_directory import DirectoryAnchor
from pipeline.audit.anchor_names import checkpoint_name, checkpoint_seq
from pipeline.audit.anchor_webhook import WebhookAnchor
from pipeline.errors import AnchorRefused, AnchorUnavailable, SettingsError
from pipeline.testing.fake_clock import FakeClock
from tests.unit.audit.receiver import Receiver, receiving

CLOCK = FakeClock()


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryAnchor:
    (tmp_path / "anchor").mkdir()
    return DirectoryAnchor(tmp_path / "anchor")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def _webhook(receiver: Receiver, *, token: str | None = None, timeout_seconds: float = 5.0) -> WebhookAnchor:
    return WebhookAnchor(receiver.url, token=token, timeout_seconds=timeout_seconds)


@pytest.mark.parametrize("seq", [0, 123, 10**12 - 1, 10**12, 10**15])
def test_a_name_gives_its_number_back(seq: int) -> None:
    assert checkpoint_seq(checkpoint_name(seq)) == seq
    assert checkpoint_name(123) == "checkpoint-000000000123.json"


@pytest.mark.parametrize(
    "name", ["", "checkpoint-1.json", "checkpoint-0000000000012.json", "checkpoint-٠٠٠٠٠٠٠٠٠٠٠١.json", "x.json"]
)
def test_another_name_is_no_checkpoints(name: str) -> None:
    assert checkpoint_seq(name) is None


def test_a_directory_gives_back_what_was_put_by_rising_number(directory: DirectoryAnchor) -> None:
    for seq in (2, 0, 10**12, 1):
        directory.put(seq, b"checkpoint %d" % seq)

    assert directory.readable
    assert list(directory.read()) == [(seq, b"checkpoint %d" % seq) for seq in (0, 1, 2, 10**12)]
    assert [seq for seq, _ in directory.read(start=2)] == [2, 10**12]
    assert [seq for seq, _ in directory.read(start=3)] == [10**12]


def test_a_directory_takes_the_same_bytes_again_and_no_others(directory: DirectoryAnchor) -> None:
    directory.put(7, b"one")
    directory.put(7, b"one")

    with pytest.raises(AnchorRefused, match=r"another checkpoint-000000000007\.json"):
        directory.put(7, b"two")
    assert list(directory.read()) == [(7, b"one")]


def test_a_file_in_a_directory_is_written_for_nobody_to_change(directory: DirectoryAnchor, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        directory.put(0, b"one")
    finally:
        os.umask(before)

    (path,) = (tmp_path / "anchor").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_directory_keeps_nothing_of_a_put_that_was_refused(directory: DirectoryAnchor, tmp_path: Path) -> None:
    directory.put(0, b"one")
    with pytest.raises(AnchorRefused):
        directory.put(0, b"two")

    assert os.listdir(tmp_path / "anchor") == [checkpoint_name(0)]


def test_other_files_in_a_directory_are_passed_over(directory: DirectoryAnchor, tmp_path: Path) -> None:
    directory.put(0, b"one")
    for name in ("README", ".checkpoint-000000000001.json.ab", "checkpoint-1.json"):
        (tmp_path / "anchor" / name).write_bytes(b"")

    assert list(directory.read()) == [(0, b"one")]


def test_a_directory_that_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    anchor = DirectoryAnchor(tmp_path / "none")

    with pytest.raises(AnchorRefused, match="make or mount it"):
        anchor.put(0, b"one")
    with pytest.raises(AnchorRefused, match="make or mount it"):
        list(anchor.read())
    assert not (tmp_path / "none").exists()


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(AnchorRefused):
        DirectoryAnchor(tmp_path / "file").put(0, b"one")


def test_a_file_system_without_hard_links_is_refused(
    directory: DirectoryAnchor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename in place of the link could replace what another process put there meanwhile."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    with pytest.raises(AnchorRefused, match="no hard links"):
        directory.put(0, b"one")
    assert os.listdir(tmp_path / "anchor") == []


def test_a_full_disk_keeps_nothing_and_may_be_tried_again(
    directory: DirectoryAnchor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(AnchorUnavailable, match="No space left"):
            directory.put(0, b"one")
    assert os.listdir(tmp_path / "anchor") == []
    directory.put(0, b"one")
    assert list(directory.read()) == [(0, b"one")]


def test_a_webhook_gets_the_bytes_as_they_are_with_number_and_token(receiver: Receiver) -> None:
    _webhook(receiver, token="s3cret").put(12, b'{"seq":12}')

    (got,) = receiver.requests
    assert (got.method, got.body) == ("POST", b'{"seq":12}')
    assert got.headers["content-type"] == "application/json"
    assert got.headers["consultguard-checkpoint"] == "12"
    assert got.headers["authorization"] == "Bearer s3cret"


def test_a_webhook_without_a_token_sends_none(receiver: Receiver) -> None:
    _webhook(receiver).put(0, b"{}")

    assert "authorization" not in receiver.requests[0].headers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_webhook_that_says_yes_has_kept_it(receiver: Receiver, status: int) -> None:
    receiver.status = status
    anchor = _webhook(receiver)

    anchor.put(0, b"{}")
    anchor.put(0, b"{}")

    assert len(receiver.requests) == 2


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_webhook_that_is_busy_may_be_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status

    with pytest.raises(AnchorUnavailable, match=str(status)) as caught:
        _webhook(receiver).put(0, b"{}")
    assert caught.value.retriable


@pytest.mark.parametrize(("status", "words"), [(400, "400"), (401, "token"), (404, "address"), (409, "another")])
def test_a_webhook_that_says_no_is_not_asked_again(receiver: Receiver, status: int, words: str) -> None:
    receiver.status = status

    with pytest.raises(AnchorRefused, match=words):
        _webhook(receiver).put(3, b"{}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_webhook_is_not_followed_elsewhere(receiver: Receiver, status: int) -> None:
    """Elsewhere would get the token, and most redirects drop the body."""
    receiver.status, receiver.location = status, f"{receiver.url}/elsewhere"

    with pytest.raises(AnchorRefused):
        _webhook(receiver, token="s3cret").put(0, b"{}")
    assert len(receiver.requests) == 1


def test_a_webhook_that_never_answers_is_given_up(receiver: Receiver) -> None:
    receiver.silent = True

    with pytest.raises(AnchorUnavailable):
        _webhook(receiver, timeout_seconds=0.2).put(0, b"{}")


def test_a_webhook_that_is_not_there_is_unavailable_and_its_address_stays_unsaid() -> None:
    with receiving() as gone:
        url = f"{gone.url}/hidden?code=hidden"
    with pytest.raises(AnchorUnavailable) as caught:
        WebhookAnchor(url, token="s3cret", timeout_seconds=1.0).put(0, b"{}")

    assert "hidden" not in str(caught.value)


def test_a_webhook_is_written_to_only(receiver: Receiver) -> None:
    anchor = _webhook(receiver)

    assert not anchor.readable
    with pytest.raises(AnchorRefused, match="written to only"):
        anchor.read()


def test_an_address_gives_the_anchor_behind_it(tmp_path: Path) -> None:
    for uri in (tmp_path.as_uri(), f"file:{tmp_path}", f"file://localhost{tmp_path}"):
        anchor: Anchor = anchor_of(uri, clock=CLOCK)
        anchor.put(0, b"one")
        assert anchor.readable
    assert os.listdir(tmp_path) == [checkpoint_name(0)]
    assert not anchor_of("https://anchor.example/checkpoints", clock=CLOCK).readable
    assert not anchor_of("http://127.0.0.1:9/", clock=CLOCK).readable


def test_a_directory_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "a b%c").mkdir()
    anchor_of((tmp_path / "a b%c").as_uri(), clock=CLOCK).put(0, b"one")

    assert os.listdir(tmp_path / "a b%c") == [checkpoint_name(0)]


@pytest.mark.parametrize(
    "uri",
    ["", "/var/anchor", "file:relative", "file://host/path", "s3:bucket", "s3:///prefix", "https:///x", "ftp://host/s3cret",
     "http://anchor.example/s3cret"],
)  # fmt: skip
def test_another_address_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(SettingsError, match="use file:/path") as caught:
        anchor_of(uri, clock=CLOCK)
    assert "s3cret" not in str(caught.value)
