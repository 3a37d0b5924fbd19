"""AWS KMS wraps and unwraps through AWS's own library; each way it can fail is told apart."""

import base64
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from pipeline.errors import KeyMissing, KeyRefused, KeysError, KeyUnavailable
from pipeline.keys.base import Wrapped
from pipeline.log import configure
from tests.unit.keys.kms_server import FIRST, FOREIGN, SECOND, Answer, KmsServer, fault

pytest.importorskip("boto3", reason="the extra kms-aws is not installed")

from pipeline.keys.aws_kms import AwsKmsConfig, AwsKmsKeys

DATA_KEY = bytes(range(50, 82))


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Invented ones, and none of the machine's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "invented")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[KmsServer]:
    with KmsServer() as running:
        yield running


@pytest.fixture
def keys(server: KmsServer) -> AwsKmsKeys:
    return AwsKmsKeys(AwsKmsConfig("alias/clinic", region="eu-west-1", endpoint=server.url))


def test_a_data_key_is_wrapped_and_unwrapped(keys: AwsKmsKeys) -> None:
    wrapped = keys.wrap(DATA_KEY, context=b"c")

    assert wrapped.provider_key_id == keys.key_id == f"aws-kms:{FIRST}"
    assert DATA_KEY not in wrapped.data
    assert keys.unwrap(wrapped, context=b"c") == DATA_KEY


def test_it_unwraps_in_its_own_context_and_unspoilt_only(keys: AwsKmsKeys) -> None:
    wrapped = keys.wrap(DATA_KEY, context=b"c")

    with pytest.raises(KeyRefused, match=f"KMS key {FIRST} .*moved from another consultation"):
        keys.unwrap(wrapped, context=b"d")
    with pytest.raises(KeyRefused):
        keys.unwrap(Wrapped(wrapped.provider_key_id, wrapped.data[:-1]), context=b"c")


def test_the_service_sees_no_id_of_a_consultation(server: KmsServer, keys: AwsKmsKeys) -> None:
    keys.unwrap(keys.wrap(DATA_KEY, context=b"consult-of-the-test"), context=b"consult-of-the-test")

    assert "consult-of-the-test" not in str(server.asked)


def test_after_an_alias_moved_the_new_key_wraps_and_the_old_still_unwraps(server: KmsServer, keys: AwsKmsKeys) -> None:
    old = keys.wrap(DATA_KEY, context=b"c")

    server.alias_of = SECOND

    assert keys.key_id == keys.wrap(DATA_KEY, context=b"c").provider_key_id == f"aws-kms:{SECOND}"
    assert keys.unwrap(old, context=b"c") == DATA_KEY


def test_a_key_that_was_deleted_is_named(server: KmsServer, keys: AwsKmsKeys) -> None:
    old = keys.wrap(DATA_KEY, context=b"c")
    server.alias_of = SECOND
    del server.keys[FIRST]

    with pytest.raises(KeyMissing, match=f"the KMS key {FIRST} cannot be used"):
        keys.unwrap(old, context=b"c")


@pytest.mark.parametrize("other", [f"aws-kms:{FOREIGN}", FIRST, "kek_0", "aws-kms:"])
def test_a_record_does_not_bring_in_the_key_of_another_account(server: KmsServer, keys: AwsKmsKeys, other: str) -> None:
    with pytest.raises(KeyMissing, match="is no KMS key of this account"):
        keys.unwrap(Wrapped(other, b"x" * 40), context=b"c")

    assert "Decrypt" not in [operation for operation, _ in server.asked]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (fault("NotFoundException"), KeyMissing),
        (fault("DisabledException"), KeyMissing),
        (fault("KMSInvalidStateException"), KeyMissing),
        (fault("InvalidCiphertextException"), KeyRefused),
        (fault("IncorrectKeyException"), KeyRefused),
        (fault("AccessDeniedException"), KeyRefused),
        (fault("UnrecognizedClientException"), KeyRefused),
        (fault("ThrottlingException"), KeyUnavailable),
        (fault("KeyUnavailableException", 500), KeyUnavailable),
        (fault("DependencyTimeoutException", 503), KeyUnavailable),
        (fault("SomethingNew", 502), KeyUnavailable),
        (fault("SomethingNew", 400), KeyRefused),
    ],
    ids=lambda value: str(value[1]["__type"]) + str(value[0]) if isinstance(value, tuple) else value.__name__,
)
def test_each_fault_of_the_service_becomes_the_fault_it_is(
    server: KmsServer, keys: AwsKmsKeys, answer: Answer, expected: type[KeysError]
) -> None:
    wrapped = keys.wrap(DATA_KEY, context=b"c")
    server.answer = answer

    with pytest.raises(expected) as wrapping:
        keys.wrap(DATA_KEY, context=b"c")
    with pytest.raises(expected) as unwrapping:
        keys.unwrap(wrapped, context=b"c")
    assert "words of the service" not in f"{wrapping.value} {unwrapping.value}"


def test_a_service_that_is_not_there_is_unavailable() -> None:
    with KmsServer() as gone:
        url = gone.url
    keys = AwsKmsKeys(AwsKmsConfig(FIRST, region="eu-west-1", endpoint=url, timeout_seconds=1))

    with pytest.raises(KeyUnavailable, match="EndpointConnectionError"):
        keys.wrap(DATA_KEY, context=b"c")


def test_without_credentials_or_region_the_mend_is_told(monkeypatch: pytest.MonkeyPatch, server: KmsServer) -> None:
    with pytest.raises(KeyRefused, match=r"NoRegionError.*give credentials and a region"):
        AwsKmsKeys(AwsKmsConfig(FIRST))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(KeyRefused, match="NoCredentialsError"):
        AwsKmsKeys(AwsKmsConfig(FIRST, region="eu-west-1", endpoint=server.url)).wrap(DATA_KEY, context=b"c")


def test_the_library_logs_no_data_key_at_the_lowest_level(keys: AwsKmsKeys, caplog: pytest.LogCaptureFixture) -> None:
    """At debug level it would log whole requests and answers."""
    configure(level="debug", form="json")
    try:
        with caplog.at_level(logging.DEBUG):
            keys.unwrap(keys.wrap(DATA_KEY, context=b"c"), context=b"c")
    finally:
        structlog.reset_defaults()

    assert base64.b64encode(DATA_KEY).decode() not in caplog.text
    assert repr(DATA_KEY)[2:-1] not in caplog.text
