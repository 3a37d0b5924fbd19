"""HashiCorp Vault's transit engine, or OpenBao's: it wraps and unwraps, and the key never leaves it.

The key must be of a type with associated data (aes256-gcm96, the default, or chacha20-poly1305). `associated_data`
came with Vault 1.13; an older one ignores it, and then nothing binds a wrapped key to its consultation. The token
needs `update` on `MOUNT/encrypt/KEY` and `MOUNT/decrypt/KEY`, and `read` on `MOUNT/keys/KEY`; no `create`, with which
a misspelt name would make a key.
"""

import base64
import binascii
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, urlsplit

import orjson

from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable, SettingsError
from pipeline.keys.base import Wrapped, context_digest
from pipeline.settings import variable

T = TypeVar("T")

_MOST_BYTES = 1 << 20
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_GONE = ("too old", "too new", "not found")
"""Of Vault's words about a 400: the key, or the version of it that wrapped, is not (any more) to be had."""

_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.TOO_MANY_REQUESTS, 472, 473})
"""412, 472 and 473 are a standby's or a replica's that has not caught up."""


@dataclass(frozen=True, slots=True)
class VaultConfig:
    """`address` is the base URL; it must be https, or a loopback address, because data keys cross it."""

    address: str
    token: str = field(repr=False)
    key: str
    mount: str = "transit"
    namespace: str | None = None
    ca_file: Path | None = None
    timeout_seconds: float = 5.0


class VaultKeys:
    """A `KeyProvider`. Ids are `vault:MOUNT/KEY/vVERSION`. Raises SettingsError where the configuration is no use."""

    def __init__(self, config: VaultConfig) -> None:
        self._config = config
        self._url = _checked_address(config.address)
        if not config.token or not config.token.isascii() or not config.token.isprintable():
            raise SettingsError(f"{variable('keys', 'vault_token')}: is no token of Vault's")
        self._tls = _trust(config.ca_file) if self._url.scheme == "https" else None
        self._id = f"vault:{config.mount}/{config.key}"

    @property
    def key_id(self) -> str:
        """Asks Vault for the latest version, each time."""
        return f"{self._id}/v{_field(self._ask('GET', 'keys'), 'latest_version', int)}"

    def wrap(self, data_key: bytes, *, context: bytes) -> Wrapped:
        body = {"plaintext": _base64(data_key), "associated_data": _base64(context_digest(context))}
        ciphertext = _field(self._ask("POST", "encrypt", body), "ciphertext", str)
        return Wrapped(f"{self._id}/{_version(ciphertext)}", ciphertext.encode())

    def unwrap(self, wrapped: Wrapped, *, context: bytes) -> bytes:
        if not wrapped.provider_key_id.startswith(f"{self._id}/v"):
            # The id comes from a record: it may not choose what Vault is asked.
            raise KeyMissing(
                f"the key {wrapped.provider_key_id} is not {self._id}, which is set: set the provider and the key that "
                "wrapped it"
            )
        body = {
            "ciphertext": wrapped.data.decode("ascii", errors="replace"),
            "associated_data": _base64(context_digest(context)),
        }
        plaintext = _field(self._ask("POST", "decrypt", body, key_id=wrapped.provider_key_id), "plaintext", str)
        try:
            return base64.b64decode(plaintext, validate=True)
        except (binascii.Error, ValueError):
            pass
        raise KeyUnavailable("what answers at Vault's address does not answer as Vault does")

    def _ask(
        self, method: str, operation: str, body: Mapping[str, str] | None = None, *, key_id: str | None = None
    ) -> Mapping[str, Any]:
        """The field `data` of the answer."""
        path = f"{self._url.path.rstrip('/')}/v1/{quote(self._config.mount)}/{operation}/{quote(self._config.key)}"
        headers = {"X-Vault-Token": self._config.token, "X-Vault-Request": "true", "Content-Type": "application/json"}
        if self._config.namespace:
            headers["X-Vault-Namespace"] = self._config.namespace
        connection = self._connection()
        try:
            # Neither a redirect nor a proxy is followed: both would hand the token to somebody nobody configured.
            connection.request(method, path, body=None if body is None else orjson.dumps(body), headers=headers)
            response = connection.getresponse()
            status, content = response.status, response.read(_MOST_BYTES)
        except ssl.SSLCertVerificationError as error:
            raise KeyRefused(
                f"Vault at {self._where} shows a certificate nobody here trusts: "
                f"set {variable('keys', 'vault_ca_file')}"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise KeyUnavailable(f"Vault at {self._where} does not answer ({type(error).__name__})") from error
        finally:
            connection.close()
        if status != HTTPStatus.OK:
            raise self._fault(status, content, operation=operation, key_id=key_id or self._id)
        return _field(_json(content), "data", dict)

    @property
    def _where(self) -> str:
        return f"{self._url.hostname}" + (f":{self._url.port}" if self._url.port else "")

    def _connection(self) -> http.client.HTTPConnection:
        host, seconds = self._url.hostname or "", self._config.timeout_seconds
        if self._tls is None:
            return http.client.HTTPConnection(host, self._url.port, timeout=seconds)
        return http.client.HTTPSConnection(host, self._url.port, timeout=seconds, context=self._tls)

    def _fault(
        self, status: int, content: bytes, *, operation: str, key_id: str
    ) -> KeyMissing | KeyRefused | KeyUnavailable:
        """By the status and, for a 400, by Vault's words, which are not repeated."""
        said = f"Vault at {self._where} answered {status}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY:
            return KeyUnavailable(f"{said}; is it sealed, starting or overloaded?")
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return KeyUnavailable(f"{said}: it points elsewhere; name the active node or the load balancer")
        if status == HTTPStatus.FORBIDDEN:
            return KeyRefused(
                f"{said}: renew {variable('keys', 'vault_token')}, or allow it {self._config.mount}/{operation}/"
                f"{self._config.key}"
            )
        if status == HTTPStatus.NOT_FOUND or (status == HTTPStatus.BAD_REQUEST and _says(content, _GONE)):
            return KeyMissing(
                f"{said}: the key {key_id} is not there; restore it, or lower its min_decryption_version until every "
                "data key is wrapped anew"
            )
        return KeyRefused(
            f"{said} for the key {key_id}: the wrapped data key was altered or moved from another consultation, or the "
            "key has no associated data (its type must be aes256-gcm96 or chacha20-poly1305)"
        )


def _checked_address(address: str) -> SplitResult:
    name = variable("keys", "vault_address")
    try:
        url = urlsplit(address)
        port_is_number = url.port is None or url.port > 0
    except ValueError:
        url, port_is_number = urlsplit(""), False
    if url.scheme not in ("http", "https") or not url.hostname or url.username or not port_is_number:
        raise SettingsError(f"{name}: must be a URL without a user, such as https://vault.example:8200")
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        raise SettingsError(f"{name}: must be https, because data keys cross it; http only to this machine")
    return url


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"{variable('keys', 'vault_ca_file')}: {ca_file} holds no certificate") from error


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _version(ciphertext: str) -> str:
    """`v3` of `vault:v3:…`."""
    parts = ciphertext.split(":", 2)
    if len(parts) != 3 or not parts[1].startswith("v"):
        raise KeyUnavailable("what was answered is no ciphertext of Vault's")
    return parts[1]


def _json(content: bytes) -> Any:
    """None for what is no JSON. Nothing is raised: a decoder's error would hold the answer, and a data key in it."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _field(body: Any, name: str, kind: type[T]) -> T:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, kind):
        raise KeyUnavailable("what answers at Vault's address does not answer as Vault does")
    return value


def _says(content: bytes, words: tuple[str, ...]) -> bool:
    body = _json(content)
    errors = body.get("errors") if isinstance(body, dict) else None
    said = " ".join(str(error) for error in errors).lower() if isinstance(errors, list) else ""
    return any(word in said for word in words)
