"""Checkpoints in an S3-compatible bucket with object lock, where until a date not even its owner can delete them."""

import importlib.util
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

import structlog

from pipeline.audit.anchor_names import checkpoint_name, checkpoint_seq
from pipeline.clock import Clock
from pipeline.errors import AnchorRefused, AnchorUnavailable, MissingExtra

_log = structlog.get_logger()

_LARGEST_BYTES = 1 << 24
_ATTEMPTS = 3
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
_LATER = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException"}
_MEND = (
    "the bucket must have object lock, and the credentials s3:PutObject, s3:PutObjectRetention, s3:GetObjectVersion, "
    "s3:GetObjectRetention and s3:ListBucketVersions"
)


def connect_bucket(*, endpoint_url: str | None, timeout_seconds: float) -> Any:
    """A boto3 client of S3. Credentials and region come from where boto3 looks for them (a role, a profile).

    Raises MissingExtra, and AnchorRefused where the address or the configuration of boto3 is wrong.
    """
    if importlib.util.find_spec("boto3") is None:
        raise MissingExtra("an anchor in a bucket needs the extra anchor-s3: pip install 'consultguard[anchor-s3]'")
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        # Other stores seldom serve a host name for each bucket.
        s3={} if endpoint_url is None else {"addressing_style": "path"},
    )
    try:
        return boto3.session.Session().client("s3", endpoint_url=endpoint_url, config=config)
    except (BotoCoreError, ValueError) as error:
        raise AnchorRefused(
            f"no client for the anchor's bucket can be made ({type(error).__name__}): {error}"
        ) from error


class _Kept(NamedTuple):
    key: str
    version: str


class BucketAnchor:
    """Keeps the `Anchor` contract on a boto3 client.

    Object lock keeps versions, not names: whoever may write can lay another version, or a mark of deletion, over one.
    So what counts is the oldest version of each name; anything laid over it is logged as `anchor_overlaid`.
    """

    readable = True

    def __init__(self, client: Any, *, bucket: str, prefix: str, retain_days: int, clock: Clock) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._retain_days = retain_days
        self._clock = clock

    def put(self, seq: int, value: bytes) -> None:
        key = self._prefix + checkpoint_name(seq)
        kept = self._oldest(key)
        if kept is None:
            self._create(key, value)
            kept = self._oldest(key)
        if kept is None:
            raise AnchorUnavailable(f"the anchor's bucket {self._bucket} does not list what it took just now")
        with self._mapped():
            found = self._client.get_object(Bucket=self._bucket, Key=kept.key, VersionId=kept.version)
            same = found["Body"].read(_LARGEST_BYTES) == value
        if not same:
            raise AnchorRefused(
                f"the anchor's bucket {self._bucket} holds another {key}: verify the audit trail before anything else "
                "is written"
            )
        # A store that knows no object lock takes the request all the same.
        if found.get("ObjectLockMode") != "COMPLIANCE":
            raise AnchorRefused(f"the anchor's bucket {self._bucket} does not lock what is put there: {_MEND}")

    def read(self, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
        after = self._prefix + checkpoint_name(start - 1) if start > 0 else None
        for kept in self._all_oldest(self._prefix, after=after):
            seq = checkpoint_seq(kept.key.removeprefix(self._prefix))
            if seq is None:
                continue
            with self._mapped():
                found = self._client.get_object(Bucket=self._bucket, Key=kept.key, VersionId=kept.version)
                value: bytes = found["Body"].read(_LARGEST_BYTES)
            yield seq, value

    def _create(self, key: str, value: bytes) -> None:
        """Nothing happens where another was faster: what is there is compared afterwards."""
        from botocore.exceptions import ClientError

        until = datetime.fromtimestamp(self._clock.now_ms() / 1000, tz=UTC) + timedelta(days=self._retain_days)
        with self._mapped():
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=value,
                    ContentType="application/json",
                    # S3 takes no locked object without a named checksum; given ready, it goes as a plain header.
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=b64encode(sha256(value).digest()).decode(),
                    IfNoneMatch="*",
                    ObjectLockMode="COMPLIANCE",
                    ObjectLockRetainUntilDate=until,
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _TAKEN:
                    raise

    def _oldest(self, key: str) -> _Kept | None:
        return next((kept for kept in self._all_oldest(key) if kept.key == key), None)

    def _all_oldest(self, prefix: str, *, after: str | None = None) -> Iterator[_Kept]:
        """The oldest version of each name, by rising name: a listing gives a name's versions newest first."""
        for key, versions in groupby(self._versions(prefix, after), key=lambda found: found.key):
            newer, oldest = 0, None
            for version in versions:
                newer, oldest = newer + (oldest is not None), version
            if newer:
                _log.warning("anchor_overlaid", seq=checkpoint_seq(key.removeprefix(self._prefix)), newer=newer)
            if oldest is not None:
                yield oldest

    def _versions(self, prefix: str, after: str | None) -> Iterator[_Kept]:
        marker = {} if after is None else {"KeyMarker": after}
        paginator = self._client.get_paginator("list_object_versions")
        pages = iter(paginator.paginate(Bucket=self._bucket, Prefix=prefix, **marker))
        while True:
            with self._mapped():
                page = next(pages, None)
            if page is None:
                return
            for mark in page.get("DeleteMarkers", ()):
                seq = checkpoint_seq(mark["Key"].removeprefix(self._prefix))
                _log.warning("anchor_overlaid", seq=seq, newer=1)
            yield from (_Kept(found["Key"], found["VersionId"]) for found in page.get("Versions", ()))

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,
            HTTPClientError,
            IncompleteReadError,
            SSLError,
        )

        place = f"the anchor's bucket {self._bucket}"
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "no code")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status >= 500 or status == 429 or code in _LATER:
                raise AnchorUnavailable(f"{place} answered {status} ({code})") from error
            raise AnchorRefused(f"{place} refused ({status} {code}): {_MEND}") from error
        except SSLError as error:
            raise AnchorRefused(f"{place} shows a certificate that is not trusted here") from error
        except (HTTPClientError, ConnectionError, IncompleteReadError) as error:
            raise AnchorUnavailable(f"{place} does not answer ({type(error).__name__})") from error
        except BotoCoreError as error:
            raise AnchorRefused(f"{place} cannot be used ({type(error).__name__}): {_MEND}") from error
