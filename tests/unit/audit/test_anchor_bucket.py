"""In a bucket a checkpoint is locked, is put once, and counts whatever is laid over it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from pipeline.audit.anchor import anchor_of
from pipeline.audit.anchor_bucket import BucketAnchor, connect_bucket
from pipeline.audit.anchor_names import checkpoint_name
from pipeline.clock import SystemClock
from pipeline.errors import AnchorRefused, AnchorUnavailable
from pipeline.testing.fake_clock import FakeClock
from tests.unit.audit.receiver import receiving

pytest.importorskip("boto3", reason="the extra anchor-s3 is not installed")
moto = pytest.importorskip("moto", reason="moto is not installed")

BUCKET, LOOSE = "checkpoints", "loose"
LONG_AFTER_MS = 4_000_000_000_000
"""The lock's date is compared with the machine's own clock by the store, so the test's lies ahead of it."""


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Invented ones, and no file of the machine's own is read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def client() -> Iterator[Any]:
    with moto.mock_aws():
        found = connect_bucket(endpoint_url=None, timeout_seconds=5.0)
        found.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        found.create_bucket(Bucket=LOOSE)
        yield found


def _anchor(
    client: Any, *, prefix: str = "north", bucket: str = BUCKET, clock: FakeClock | None = None
) -> BucketAnchor:
    clock = clock or FakeClock(now_ms=LONG_AFTER_MS)
    return BucketAnchor(client, bucket=bucket, prefix=prefix, retain_days=30, clock=clock)


def test_a_bucket_gives_back_what_was_put_by_rising_number(client: Any) -> None:
    anchor = _anchor(client)
    for seq in (2, 0, 1):
        anchor.put(seq, b"checkpoint %d" % seq)

    assert anchor.readable
    assert list(anchor.read()) == [(seq, b"checkpoint %d" % seq) for seq in range(3)]
    assert [seq for seq, _ in anchor.read(start=1)] == [1, 2]
    assert list(anchor.read(start=3)) == []


@pytest.mark.parametrize(("prefix", "key"), [("", checkpoint_name(5)), ("a/b", f"a/b/{checkpoint_name(5)}")])
def test_a_checkpoint_lies_under_the_prefix(client: Any, prefix: str, key: str) -> None:
    _anchor(client, prefix=prefix).put(5, b"one")

    assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"one"
    assert list(_anchor(client, prefix=prefix).read()) == [(5, b"one")]


def test_deployments_under_other_prefixes_are_not_mixed(client: Any) -> None:
    _anchor(client, prefix="north").put(0, b"north")
    _anchor(client, prefix="northwest").put(0, b"northwest")

    assert list(_anchor(client, prefix="north").read()) == [(0, b"north")]


def test_a_checkpoint_is_locked_for_as_long_as_the_setting_says(client: Any) -> None:
    _anchor(client).put(0, b"one")

    found = client.get_object(Bucket=BUCKET, Key=f"north/{checkpoint_name(0)}")
    until = datetime.fromtimestamp(LONG_AFTER_MS / 1000, tz=UTC) + timedelta(days=30)
    assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)


def test_what_is_locked_cannot_be_deleted(client: Any) -> None:
    _anchor(client).put(0, b"one")
    key = f"north/{checkpoint_name(0)}"
    version = client.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"][0]["VersionId"]

    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)


def test_a_bucket_takes_the_same_bytes_again_and_no_others(client: Any) -> None:
    anchor = _anchor(client)
    anchor.put(0, b"one")
    anchor.put(0, b"one")

    with pytest.raises(AnchorRefused, match="another"):
        anchor.put(0, b"two")
    assert len(client.list_object_versions(Bucket=BUCKET)["Versions"]) == 1


def test_a_checkpoint_that_another_puts_meanwhile_is_compared_and_not_replaced(client: Any) -> None:
    """Between the look and the write; the condition on the write is what holds."""

    class Overtaken:
        def __init__(self, value: bytes) -> None:
            self._value = value

        def put_object(self, **request: Any) -> Any:
            client.put_object(**_unchecked(request, self._value))
            return client.put_object(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    _anchor(Overtaken(b"one")).put(0, b"one")
    with pytest.raises(AnchorRefused, match="another"):
        _anchor(Overtaken(b"theirs")).put(1, b"ours")
    assert list(_anchor(client).read()) == [(0, b"one"), (1, b"theirs")]


def _unchecked(request: dict[str, Any], value: bytes) -> dict[str, Any]:
    return {name: given for name, given in request.items() if name != "ChecksumSHA256"} | {"Body": value}


def test_what_is_laid_over_a_checkpoint_does_not_count_and_is_logged(client: Any) -> None:
    anchor = _anchor(client)
    for seq in range(3):
        anchor.put(seq, b"checkpoint %d" % seq)
    client.put_object(Bucket=BUCKET, Key=f"north/{checkpoint_name(1)}", Body=b"forged")
    client.delete_object(Bucket=BUCKET, Key=f"north/{checkpoint_name(2)}")

    with capture_logs() as logs:
        found = list(anchor.read())

    assert found == [(seq, b"checkpoint %d" % seq) for seq in range(3)]
    assert {(entry["event"], entry["seq"]) for entry in logs} == {("anchor_overlaid", 1), ("anchor_overlaid", 2)}
    anchor.put(2, b"checkpoint 2")
    with pytest.raises(AnchorRefused):
        anchor.put(1, b"forged")


def test_a_bucket_without_object_lock_is_no_anchor(client: Any) -> None:
    with pytest.raises(AnchorRefused, match="object lock"):
        _anchor(client, bucket=LOOSE).put(0, b"one")


def test_a_checkpoint_that_lies_there_unlocked_is_not_taken_for_kept(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key=f"north/{checkpoint_name(0)}", Body=b"one")

    with pytest.raises(AnchorRefused, match="does not lock"):
        _anchor(client).put(0, b"one")


def test_a_bucket_that_is_not_there_is_named(client: Any) -> None:
    anchor = _anchor(client, bucket="nowhere")

    with pytest.raises(AnchorRefused, match=r"nowhere.*NoSuchBucket"):
        anchor.put(0, b"one")
    with pytest.raises(AnchorRefused, match=r"nowhere.*NoSuchBucket"):
        list(anchor.read())


def test_other_objects_under_the_prefix_are_passed_over(client: Any) -> None:
    _anchor(client).put(0, b"one")
    client.put_object(Bucket=BUCKET, Key="north/README", Body=b"")
    client.put_object(Bucket=BUCKET, Key=f"north/deeper/{checkpoint_name(1)}", Body=b"")

    assert list(_anchor(client).read()) == [(0, b"one")]


def test_many_pages_are_read_in_order(client: Any) -> None:
    anchor = _anchor(client)
    for seq in range(7):
        anchor.put(seq, b"%d" % seq)
    client.put_object(Bucket=BUCKET, Key=f"north/{checkpoint_name(3)}", Body=b"forged")
    paginator = client.get_paginator("list_object_versions")

    class SmallPages:
        def get_paginator(self, name: str) -> Any:
            return self

        def paginate(self, **request: Any) -> Any:
            return paginator.paginate(**request, PaginationConfig={"PageSize": 2})

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    assert list(_anchor(SmallPages()).read()) == [(seq, b"%d" % seq) for seq in range(7)]
    assert list(_anchor(SmallPages()).read(start=2)) == [(seq, b"%d" % seq) for seq in range(2, 7)]


def test_an_address_gives_the_anchor_behind_it(client: Any) -> None:
    anchor = anchor_of(f"s3://{BUCKET}/clinics/north/", clock=SystemClock(), retain_days=1)
    anchor.put(0, b"one")

    assert [found["Key"] for found in client.list_object_versions(Bucket=BUCKET)["Versions"]] == [
        f"clinics/north/{checkpoint_name(0)}"
    ]


@pytest.mark.parametrize(
    ("status", "fault"), [(503, AnchorUnavailable), (500, AnchorUnavailable), (403, AnchorRefused)]
)
def test_the_answers_of_a_store_are_told_apart(status: int, fault: type[Exception]) -> None:
    with receiving() as store:
        store.status = status
        client = _quick(store.url)
        with pytest.raises(fault, match=str(status)):
            _anchor(client).put(0, b"one")
        with pytest.raises(fault, match=str(status)):
            list(_anchor(client).read())
        client.close()


def test_a_store_that_never_answers_or_is_not_there_is_unavailable() -> None:
    with receiving() as store:
        store.silent = True
        client = _quick(store.url)
        with pytest.raises(AnchorUnavailable):
            _anchor(client).put(0, b"one")
    with pytest.raises(AnchorUnavailable):
        _anchor(client).put(0, b"one")
    client.close()


def test_without_credentials_a_bucket_is_refused_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    client = _quick("http://127.0.0.1:9/")

    with pytest.raises(AnchorRefused, match=r"NoCredentials.*credentials"):
        _anchor(client).put(0, b"one")
    client.close()


def test_a_wrong_address_of_a_store_is_refused() -> None:
    with pytest.raises(AnchorRefused, match="no client"):
        connect_bucket(endpoint_url="no address", timeout_seconds=1.0)


def _quick(url: str) -> Any:
    return connect_bucket(endpoint_url=url, timeout_seconds=0.3)
