"""A real HTTP server that answers as Vault's transit engine does, and misbehaves on demand."""

import base64
import json
import os
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.of-the-test"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def error(status: int, *words: str) -> Answer:
    return Answer(status, json.dumps({"errors": words}).encode())


class VaultServer:
    """`with VaultServer() as server:`. One key, `clinic`, at `transit`; `answer` takes the place of every answer.

    `asked` keeps method, path, headers and body of every request.
    """

    def __init__(self) -> None:
        self.versions = {1: AESGCM(os.urandom(32))}
        self.min_decryption_version = 1
        self.answer: Answer | None = None
        self.asked: list[tuple[str, str, dict[str, str], dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def rotate(self) -> None:
        self.versions[max(self.versions) + 1] = AESGCM(os.urandom(32))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, path: str, token: str | None, body: dict[str, Any]) -> Answer:
        if self.answer is not None:
            return self.answer
        if token != TOKEN:
            return error(403, "permission denied")
        match path.removeprefix("/v1/").split("/"):
            case ["transit", "keys", "clinic"]:
                return _data(latest_version=max(self.versions), type="aes256-gcm96")
            case ["transit", "keys", _]:
                return error(404)
            case ["transit", "encrypt", "clinic"]:
                return self._encrypt(body)
            case ["transit", "decrypt", "clinic"]:
                return self._decrypt(body)
            case ["transit", _, _]:
                return error(400, "encryption key not found")
            case _:
                return error(404, f"no handler for route {path}")

    def _encrypt(self, body: dict[str, Any]) -> Answer:
        version, nonce = max(self.versions), os.urandom(12)
        plaintext, associated = base64.b64decode(body["plaintext"]), base64.b64decode(body["associated_data"])
        sealed = nonce + self.versions[version].encrypt(nonce, plaintext, associated)
        return _data(ciphertext=f"vault:v{version}:{base64.b64encode(sealed).decode()}", key_version=version)

    def _decrypt(self, body: dict[str, Any]) -> Answer:
        try:
            _, version, text = body["ciphertext"].split(":")
            sealed, associated = base64.b64decode(text, validate=True), base64.b64decode(body["associated_data"])
        except ValueError:
            return error(400, "invalid ciphertext: no prefix")
        if int(version[1:]) < self.min_decryption_version:
            return error(400, "ciphertext or signature version is disallowed by policy (too old)")
        if int(version[1:]) not in self.versions:
            return error(400, "invalid ciphertext: version is too new")
        try:
            plaintext = self.versions[int(version[1:])].decrypt(sealed[:12], sealed[12:], associated)
        except (InvalidTag, ValueError):
            return error(400, "cipher: message authentication failed")
        return _data(plaintext=base64.b64encode(plaintext).decode())


def _data(**data: object) -> Answer:
    return Answer(200, json.dumps({"request_id": "r", "data": data}).encode())


def _handler(vault: VaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve({})

        def do_POST(self) -> None:
            self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _serve(self, body: dict[str, Any]) -> None:
            vault.asked.append((self.command, self.path, dict(self.headers.items()), body))
            answer = vault.reply(self.path, self.headers["X-Vault-Token"], body)
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
