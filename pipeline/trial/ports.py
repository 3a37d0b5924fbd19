"""Ports for servers on this machine."""

import random
import socket
from contextlib import ExitStack

HOST = "127.0.0.1"


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_near(preferred: int) -> int:
    """`preferred` where nobody listens on it, else any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred))
        except OSError:
            return free_port()
    return preferred


def lasting_ports(count: int) -> list[int]:
    """Free ports below the range from which the kernel takes the ports of outgoing connections (Linux: 32768 and up).

    A server that is away for a while finds such a port free when it comes back, and no client that calls for it
    meanwhile is connected to itself.
    """
    with ExitStack() as held:
        found: list[int] = []
        # Where to look first must differ between processes; nothing secret depends on it.
        for port in random.sample(range(20_000, 32_000), 2_000):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise OSError("no free ports")
