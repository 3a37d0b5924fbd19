"""The proxy passes whole frames on, and does to them what it is told."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from pipeline.trial.ports import HOST, lasting_ports
from tests.chaos.frames import END_TXN
from tests.chaos.proxy import Proxy

PRODUCE = 0
PATIENCE_SECONDS = 10.0


class Broker:
    """Answers each request with its correlation id, and keeps what came."""

    def __init__(self) -> None:
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self.came: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while (frame := received(connection)) is not None:
                self.came.append(frame)
                connection.sendall(struct.pack(">i", len(frame[4:]) + 4) + frame[4:8] + frame[4:])


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


@pytest.fixture
def proxy(broker: Broker) -> Iterator[Proxy]:
    with Proxy({1: (lasting_ports(1)[0], broker.port)}) as made:
        yield made


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, proxy.front(1)), timeout=PATIENCE_SECONDS) as connection:
        yield connection


def request(api_key: int, correlation: int, body: bytes = b"") -> bytes:
    frame = struct.pack(">hhi", api_key, 3, correlation) + body
    return struct.pack(">i", len(frame)) + frame


def received(connection: socket.socket) -> bytes | None:
    """The next frame without its length; None at the end."""
    length = _exactly(connection, 4)
    return None if length is None else _exactly(connection, struct.unpack(">i", length)[0])


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        try:
            more = connection.recv(count - len(data))
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    return data


def wait_for(broker: Broker, count: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while len(broker.came) < count:
        assert time.monotonic() < until, f"{len(broker.came)} of {count} requests came"
        time.sleep(0.01)


def silent(client: socket.socket) -> bool:
    client.settimeout(0.3)
    try:
        return client.recv(1) == b"\0never"
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE_SECONDS)


def test_requests_and_answers_pass_unchanged_in_whatever_pieces_they_come(
    broker: Broker, client: socket.socket
) -> None:
    sent = request(PRODUCE, 7, b"x" * 100_000)
    for start in range(0, len(sent), 33_333):
        client.sendall(sent[start : start + 33_333])
    answer = received(client)
    assert answer is not None
    assert answer[4:] == sent[8:]
    assert broker.came == [sent[4:]]


def test_a_lost_answer_to_a_commit_leaves_the_commit_done_and_the_connection_reset(
    broker: Broker, proxy: Proxy, client: socket.socket
) -> None:
    proxy.lose_commit_answers()
    client.sendall(request(PRODUCE, 1))
    assert received(client) is not None
    client.sendall(request(END_TXN, 2))
    wait_for(broker, 2)
    assert silent(client)
    proxy.end_hold()
    assert received(client) is None
    assert proxy.answers_lost == 1


def test_a_late_request_to_commit_arrives_although_its_sender_has_gone(
    broker: Broker, proxy: Proxy, client: socket.socket
) -> None:
    proxy.hold_commit_requests()
    client.sendall(request(END_TXN, 1))
    assert silent(client)
    client.close()
    time.sleep(0.1)
    assert broker.came == []
    proxy.end_hold()
    wait_for(broker, 1)
    assert proxy.requests_held == 1


def test_a_cut_resets_what_is_open_and_refuses_what_is_new_until_it_is_mended(
    proxy: Proxy, client: socket.socket
) -> None:
    client.sendall(request(PRODUCE, 1))
    assert received(client) is not None
    assert proxy.cut(1) == 1
    assert received(client) is None
    with socket.create_connection((HOST, proxy.front(1)), timeout=PATIENCE_SECONDS) as refused:
        assert received(refused) is None
    proxy.mend(1)
    with socket.create_connection((HOST, proxy.front(1)), timeout=PATIENCE_SECONDS) as again:
        again.sendall(request(PRODUCE, 2))
        assert received(again) is not None


def test_a_delay_holds_requests_and_answers_back(proxy: Proxy, client: socket.socket) -> None:
    proxy.delay(1, 0.2)
    began = time.monotonic()
    client.sendall(request(PRODUCE, 1))
    assert received(client) is not None
    assert time.monotonic() - began >= 0.4
