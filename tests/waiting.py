"""Waiting for something to happen, never for an amount of time; and ports on which nobody listens yet."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""Only there to end a failing test."""


def until(condition: Callable[[], object], every_s: float = 0.02) -> None:
    """Wait until the condition holds, asking every so often; fail if it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(every_s)


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback address on which nobody listens."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(server.getsockname()[1]) for server in servers]
    for server in servers:
        server.close()
    return ports


def free_port() -> int:
    """A port of the loopback address on which nobody listens."""
    return free_ports(1)[0]
