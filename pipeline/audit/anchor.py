"""Where checkpoints are kept outside the power of whoever writes the audit trail.

An anchor takes a checkpoint once and keeps it as it is. It proves nothing by itself: what is read from it is checked
like everything else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pipeline.audit.anchor_bucket import BucketAnchor, connect_bucket
from pipeline.audit.anchor_directory import DirectoryAnchor
from pipeline.audit.anchor_webhook import WebhookAnchor
from pipeline.clock import Clock
from pipeline.errors import SettingsError

SIX_YEARS_DAYS = 6 * 365 + 2
"""As long as the audit topic is kept (45 CFR 164.316(b)(2)(i)), two leap days among them."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Anchor(Protocol):
    """Keeps the stored bytes of checkpoints. One thread owns it."""

    @property
    def readable(self) -> bool:
        """Whether `read` gives back what was put."""

    def put(self, seq: int, value: bytes) -> None:
        """Keep `value` under `seq`; durable on return. The same bytes again are fine.

        Raises AnchorRefused where other bytes are kept under this number, or where the anchor will not keep them as it
        should; AnchorUnavailable where it did not answer: the same put may be tried again.
        """

    def read(self, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Everything kept from number `start` on, by rising number. Raises AnchorRefused, at once where it is not
        `readable`, and AnchorUnavailable."""


def anchor_of(
    uri: str,
    *,
    clock: Clock,
    token: str | None = None,
    retain_days: int = SIX_YEARS_DAYS,
    endpoint_url: str | None = None,
    timeout_seconds: float = 10.0,
) -> Anchor:
    """The anchor at `file:/path`, `s3://bucket/prefix` or `https://…` (`http://` on this machine only).

    `token` is the webhook's bearer token; `retain_days` is how long a bucket may delete nothing; `endpoint_url` is that
    of an S3-compatible store other than Amazon's. Raises SettingsError, MissingExtra.
    """
    parts = urlsplit(uri)
    match parts.scheme:
        case "file" if parts.netloc in ("", "localhost") and parts.path.startswith("/"):
            return DirectoryAnchor(Path(unquote(parts.path)))
        case "s3" if parts.netloc:
            client = connect_bucket(endpoint_url=endpoint_url, timeout_seconds=timeout_seconds)
            prefix = unquote(parts.path).strip("/")
            return BucketAnchor(client, bucket=parts.netloc, prefix=prefix, retain_days=retain_days, clock=clock)
        case "https" if parts.hostname:
            return WebhookAnchor(uri, token=token, timeout_seconds=timeout_seconds)
        case "http" if parts.hostname in _LOOPBACK:
            return WebhookAnchor(uri, token=token, timeout_seconds=timeout_seconds)
        case _:
            # The address itself may hold a secret, so it is not repeated.
            raise SettingsError(
                f"this address of an anchor ({parts.scheme or 'no scheme'}) is none: use file:/path, "
                "s3://bucket/prefix or https://… (http:// is for this machine only)"
            )
