"""Checkpoints posted to somebody else's service, which keeps them."""

import ssl
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException
from typing import NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

from pipeline.errors import AnchorRefused, AnchorUnavailable

_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class WebhookAnchor:
    """Keeps the `Anchor` contract as far as the receiver does.

    POST of the stored bytes as `application/json`, with `Consultguard-Checkpoint: <seq>`. 2xx says that they are kept,
    the second time as the first; 409 that others are kept under that number. `timeout_seconds` is for each step of the
    exchange.
    """

    readable = False

    def __init__(self, url: str, *, token: str | None, timeout_seconds: float) -> None:
        self._url = url
        # Path and query may be secrets themselves: only this much is ever shown.
        self._host = urlsplit(url).hostname or ""
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._opener = _opener()

    def put(self, seq: int, value: bytes) -> None:
        headers = {"Content-Type": "application/json", "Consultguard-Checkpoint": str(seq)}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        request = Request(self._url, data=value, headers=headers, method="POST")  # noqa: S310 (anchor_of names the schemes)
        try:
            with self._opener.open(request, timeout=self._timeout_seconds):
                return
        except HTTPError as error:
            status = error.code
            error.close()
            self._raise_for(status, seq)
        except URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise AnchorRefused(
                    f"the anchor at {self._host} shows a certificate that is not trusted here: install its authority"
                ) from error
            raise AnchorUnavailable(f"the anchor at {self._host} does not answer") from error
        except (OSError, HTTPException) as error:
            raise AnchorUnavailable(f"the anchor at {self._host} cut the connection or took too long") from error

    def read(self, *, start: int = 0) -> Iterator[tuple[int, bytes]]:  # noqa: ARG002 (nothing can be read at all)
        raise AnchorRefused(
            f"the anchor at {self._host} is written to only: ask whoever keeps it for a directory of the checkpoints"
        )

    def _raise_for(self, status: int, seq: int) -> NoReturn:
        if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AnchorUnavailable(f"the anchor at {self._host} answered {status}")
        if status == HTTPStatus.CONFLICT:
            raise AnchorRefused(
                f"the anchor at {self._host} holds another checkpoint {seq}: verify the audit trail before anything "
                "else is written"
            )
        raise AnchorRefused(
            f"the anchor at {self._host} refused checkpoint {seq} ({status}): check its address and token"
        )


def _opener() -> OpenerDirector:
    """Nothing but HTTP: following a redirect would turn the POST into a GET and carry the token elsewhere, and a proxy
    of the environment is no setting of ours."""
    opener = OpenerDirector()
    for handler in (HTTPHandler(), HTTPSHandler(), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        opener.add_handler(handler)
    return opener
