"""An endpoint on a bad line: a real receiver, and in front of it a proxy that drops, delays, fails and cuts off."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cloud.receiver.app import create_app
from cloud.receiver.archive import Archive
from cloud.receiver.request import RequestCheck
from cloud.receiver.server import Server
from edge.uplink.secret import read_secrets

FAULTS = ("drop", "500", "hang", "half reply", "lost reply", "half reply", "none", "none", "none", "none")


@dataclass
class Line:
    """The way to the receiver: ``url`` is the proxy's, ``counts`` tells what it did."""

    archive: Archive
    dice: random.Random
    hang_s: float
    url: str = ""
    faulty: bool = True
    counts: Counter[str] = field(default_factory=Counter)


@contextmanager
def flaky_endpoint(database: Path, secret: Path, seed: int, hang_s: float) -> Iterator[Line]:
    """A receiver with an archive at ``database``; a request that hangs does so for ``hang_s`` seconds."""
    archive = Archive.open(str(database))
    receiver = Server(create_app(RequestCheck(read_secrets(secret)), archive), "127.0.0.1", 0)
    threading.Thread(target=receiver.run, daemon=True).start()
    line = Line(archive, random.Random(seed), hang_s)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(line, receiver.port))
    proxy.daemon_threads = True
    line.url = f"http://127.0.0.1:{proxy.server_port}/events"
    threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield line
    finally:
        proxy.shutdown()
        proxy.server_close()
        receiver.stop()


def _handler(line: Line, port: int) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"line": line, "port": port})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    line: Line
    port: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.line.dice.choice(FAULTS) if self.line.faulty else "none"
        self.line.counts[fault] += 1
        self.close_connection = fault != "none"
        if fault == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "hang":
            threading.Event().wait(self.line.hang_s)
        elif fault == "500":
            self._answer(500, b"the database is on fire")
        else:
            self._pass_on(body, fault)

    def _pass_on(self, body: bytes, fault: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/events", body, dict(self.headers.items()))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.line.counts[f"answer {answer.status}"] += 1
        if fault == "lost reply":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "half reply":
            self.wfile.write(b"HTTP/1.1 20")
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(answer.status, text)

    def _answer(self, status: int, text: bytes) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the device was killed
            super().handle()

    def log_message(self, *args: object) -> None:
        pass
