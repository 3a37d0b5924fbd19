"""A real HTTP server that answers as AWS KMS does (JSON protocol 1.1), and misbehaves on demand."""

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ACCOUNT = "arn:aws:kms:eu-west-1:111122223333"
FIRST, SECOND = f"{ACCOUNT}:key/first", f"{ACCOUNT}:key/second"
FOREIGN = "arn:aws:kms:eu-west-1:999999999999:key/foreign"

Answer = tuple[int, dict[str, Any]]


def fault(code: str, status: int = 400) -> Answer:
    return status, {"__type": code, "message": "words of the service"}


class KmsServer:
    """`with KmsServer() as server:`. `alias/clinic` points at `alias_of`; `answer` takes the place of every answer."""

    def __init__(self) -> None:
        self.keys = {arn: AESGCM(os.urandom(32)) for arn in (FIRST, SECOND, FOREIGN)}
        self.alias_of = FIRST
        self.answer: Answer | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, operation: str, body: dict[str, Any]) -> Answer:
        self.asked.append((operation, body))
        if self.answer is not None:
            return self.answer
        arn = self.alias_of if body["KeyId"] == "alias/clinic" else body["KeyId"]
        if arn not in self.keys:
            return fault("NotFoundException")
        match operation:
            case "DescribeKey":
                return 200, {"KeyMetadata": {"KeyId": arn.rpartition("/")[2], "Arn": arn}}
            case "Encrypt":
                nonce = os.urandom(12)
                text = nonce + self.keys[arn].encrypt(nonce, base64.b64decode(body["Plaintext"]), _associated(body))
                return 200, {"CiphertextBlob": base64.b64encode(text).decode(), "KeyId": arn}
            case "Decrypt":
                return self._decrypt(arn, body)
            case _:
                return fault("UnknownOperationException")

    def _decrypt(self, arn: str, body: dict[str, Any]) -> Answer:
        text = base64.b64decode(body["CiphertextBlob"])
        try:
            plaintext = self.keys[arn].decrypt(text[:12], text[12:], _associated(body))
        except (InvalidTag, ValueError):
            return fault("InvalidCiphertextException")
        return 200, {"Plaintext": base64.b64encode(plaintext).decode(), "KeyId": arn}


def _associated(body: dict[str, Any]) -> bytes:
    return json.dumps(body["EncryptionContext"], sort_keys=True).encode()


def _handler(kms: KmsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = kms.reply(self.headers["X-Amz-Target"].partition(".")[2], body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
