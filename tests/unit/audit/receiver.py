"""A real HTTP server that takes checkpoints and answers as a test tells it to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """`status` and `location` are what every request is answered with; `silent` answers none."""

    url: str
    status: int = 200
    location: str | None = None
    silent: bool = False
    requests: list[Received] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine, gone when the block ends."""
    released = threading.Event()

    class Requests(BaseHTTPRequestHandler):
        receiver: ClassVar[Receiver]

        def do_POST(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            receiver = self.receiver
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append(Received(self.command, headers, body))
            if receiver.silent:
                released.wait()
                return
            self.send_response(receiver.status)
            if receiver.location is not None:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    Requests.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Requests.receiver
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()
