"""AWS KMS: it wraps and unwraps, and the key never leaves it. The only module that imports boto3 (extra `kms-aws`).

The context's digest is the encryption context, which KMS binds as associated data and writes to CloudTrail. The role
needs kms:Encrypt, kms:Decrypt and kms:DescribeKey on the key. KMS's own yearly rotation keeps the key's ARN and needs
nothing here; after an alias was pointed at another key, data keys wrapped before still unwrap with the old one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable
from pipeline.keys.base import Wrapped, context_digest

T = TypeVar("T")

_PREFIX = "aws-kms:"
_CONTEXT_NAME = "consultguard"
_GONE = frozenset({"NotFoundException", "DisabledException", "KMSInvalidStateException"})
_SPOILT = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_BUSY = frozenset(
    {
        "DependencyTimeoutException",
        "KeyUnavailableException",
        "KMSInternalException",
        "LimitExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
    }
)
_NOT_SET_UP = (NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound)


@dataclass(frozen=True, slots=True)
class AwsKmsConfig:
    """`key` is a key id, an ARN or `alias/NAME`. Credentials come from where AWS's tools look for them."""

    key: str
    region: str | None = None
    endpoint: str | None = None
    timeout_seconds: float = 5.0


class AwsKmsKeys:
    """A `KeyProvider`. Ids are `aws-kms:` and the key's ARN. Raises KeyRefused where AWS is not set up here."""

    def __init__(self, config: AwsKmsConfig) -> None:
        self._config = config
        with _mapped(config.key):
            self._client: Any = boto3.session.Session().client(
                "kms",
                region_name=config.region,
                endpoint_url=config.endpoint,
                config=Config(
                    connect_timeout=config.timeout_seconds,
                    read_timeout=config.timeout_seconds,
                    retries={"mode": "standard", "total_max_attempts": 2},
                ),
            )
        self._account: str | None = None

    @property
    def key_id(self) -> str:
        """Asks KMS, each time: an alias may point elsewhere by now."""
        return _PREFIX + self._arn()

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        key = self._config.key
        answer = self._answered(
            key,
            lambda: self._client.encrypt(KeyId=key, Plaintext=data_key, EncryptionContext=_encryption_context(context)),
        )
        return Wrapped(_PREFIX + answer["KeyId"], answer["CiphertextBlob"])

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        arn = wrapped.provider_key_id.removeprefix(_PREFIX)
        if self._account is None:
            self._account = _account(self._arn())
        if not wrapped.provider_key_id.startswith(_PREFIX) or _account(arn) != self._account:
            # The id comes from a record: somebody else's key in it would unwrap to a data key that he knows.
            raise KeyMissing(
                f"the key {wrapped.provider_key_id} is no KMS key of this account: set the provider that wrapped it"
            )
        answer = self._answered(
            arn,
            lambda: self._client.decrypt(
                KeyId=arn, CiphertextBlob=wrapped.data, EncryptionContext=_encryption_context(context)
            ),
        )
        data_key: bytes = answer["Plaintext"]
        return data_key

    def _arn(self) -> str:
        key = self._config.key
        arn: str = self._answered(key, lambda: self._client.describe_key(KeyId=key))["KeyMetadata"]["Arn"]
        return arn

    def _answered(self, key: str, ask: Callable[[], T]) -> T:
        with _mapped(key):
            return ask()


def _encryption_context(context: bytes) -> dict[str, str]:
    return {_CONTEXT_NAME: context_digest(context).hex()}


def _account(arn: str) -> str:
    """Partition, region and account: `arn:aws:kms:eu-west-1:111122223333` of the ARN of a key."""
    return arn.rpartition(":")[0]


@contextmanager
def _mapped(key: str) -> Iterator[None]:
    """The library's faults as ours, chained. Its messages hold ids and addresses, no keys; they are not repeated."""
    try:
        yield
    except ClientError as error:
        raise _fault(error, key) from error
    except _NOT_SET_UP as error:
        raise KeyRefused(
            f"AWS KMS cannot be used ({type(error).__name__}): give credentials and a region as for AWS's own tools"
        ) from error
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise KeyUnavailable(f"AWS KMS does not answer ({type(error).__name__})") from error


def _fault(error: ClientError, key: str) -> KeyMissing | KeyRefused | KeyUnavailable:
    code = str(error.response.get("Error", {}).get("Code"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _GONE:
        return KeyMissing(f"the KMS key {key} cannot be used ({code}): enable it, or cancel its deletion")
    if code in _SPOILT:
        return KeyRefused(
            f"the wrapped data key does not open with the KMS key {key} ({code}): it was altered, or moved from "
            "another consultation"
        )
    if code in _BUSY or status >= 500 or status == 429:
        return KeyUnavailable(f"AWS KMS answered {code}")
    return KeyRefused(f"AWS KMS refused the key {key} ({code}): allow kms:Encrypt, kms:Decrypt and kms:DescribeKey")
